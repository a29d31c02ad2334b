"""The scan: music folders into the catalogue, a few folders at a time.

An unchanged file costs one `stat`. What changed is read by worker processes and recorded in
batches of whole folders, each in one transaction: interrupted at any moment, the next scan carries
on where this one was. A vanished file is marked missing and keeps its history.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from antiphon.compute import Compute
from antiphon.library import catalogue
from antiphon.library.catalogue import FolderReading
from antiphon.library.compare import FolderWork, below, compare, vanished
from antiphon.library.files import path_to_text
from antiphon.library.read import Reading, read_file
from antiphon.library.walk import count_files, is_gone, walk
from antiphon.model import Problem, SourceFile, now_ms
from antiphon.store import Store, position
from antiphon.store.schema import FILES, PROBLEMS

# Files read by one worker, and recorded in one transaction at a time; problems looked through.
READ_AT_ONCE = 64
RECORDED = 1000
_PAGE = 500
# Up to this many chunks are read here: starting processes would take longer.
CHUNKS_READ_HERE = 2

# Called with how many files were seen, of about how many.
OnProgress = Callable[[int, int], None]


@dataclass
class ScanReport:
    """What a scan saw: files in all, those read, those that could not be, those now missing."""

    seen: int = 0
    read: int = 0
    failed: int = 0
    missing: int = 0
    problems: list[str] = field(default_factory=list)


def scan(
    store: Store,
    compute: Compute,
    roots: Iterable[str | os.PathLike[str]],
    on_progress: OnProgress | None = None,
) -> ScanReport:
    """Bring the catalogue up to what is in the music folders now."""
    report = ScanReport()
    paths = [os.path.abspath(root) for root in roots]
    is_first = not store.find(FILES, limit=1)
    saw = _counter(report, paths, on_progress)
    for path in paths:
        if _is_there(store, path):
            started_at = now_ms()
            work = compare(store, walk(path), saw, path)
            _record(store, compute, work, report, is_first=is_first)
            _forget_problems(store, path, started_at)
        else:
            _refuse_root(store, path, report)
    return report


def rescan(store: Store, compute: Compute, paths: Iterable[str]) -> ScanReport:
    """Bring the catalogue up to date where something changed: in these folders, at these files."""
    report = ScanReport()
    folders: dict[str, bool] = {}
    for path in paths:
        if os.path.isdir(path):
            folders[path] = True
        else:
            report.missing += _vanish_below(store, path)
            # A folder that went with it is a path of its own.
            if os.path.isdir(os.path.dirname(path)):
                folders.setdefault(os.path.dirname(path), False)
    listings = chain.from_iterable(walk(f, deep=deep) for f, deep in sorted(folders.items()))
    work = compare(store, listings, _counter(report, (), None))
    _record(store, compute, work, report, is_first=False)
    return report


def _counter(
    report: ScanReport, roots: Iterable[str], on_progress: OnProgress | None
) -> Callable[[int], None]:
    """Return what counts the files seen; they are counted beforehand only if somebody watches."""
    total = sum(map(count_files, roots)) if on_progress else 0

    def saw(files: int) -> None:
        report.seen += files
        if on_progress:
            on_progress(report.seen, max(total, report.seen))

    return saw


def _is_there(store: Store, root: str) -> bool:
    """Say whether a music folder can be taken at its word: not if a full one is empty or gone."""
    try:
        with os.scandir(root) as entries:
            if any(entries):
                return True
    except OSError:
        return False
    return not store.find(FILES, below(root), limit=1)


def _refuse_root(store: Store, root: str, report: ScanReport) -> None:
    reason = "the music folder is empty or cannot be read; is its disk mounted? Nothing was changed"
    report.problems.append(f"{root}: {reason}")
    catalogue.note_problems(
        store, [Problem(id=path_to_text(root), stage="scan", reason=reason, at=now_ms())]
    )


def _forget_problems(store: Store, folder: str, before: int) -> None:
    """Forget what was wrong at or below a folder before that time, unless it is still so.

    A file that could not be read is not read again while it is unchanged: its problem stays.
    """
    for page in _problems(store, folder):
        old = [problem.id for problem in page if problem.at < before]
        unread = {
            file.id
            for file in store.get_many(FILES, old).values()
            if not (file.track_id or file.missing)
        }
        store.delete_many(PROBLEMS, set(old) - unread)


def _problems(store: Store, folder: str) -> Iterator[list[Problem]]:
    yield list(store.get_many(PROBLEMS, [path_to_text(folder)]).values())
    where, after = {"stage": "scan", **below(folder)}, None
    while page := store.find(PROBLEMS, where, limit=_PAGE, after=after):
        yield page
        after = position(page[-1], ())


def _record(
    store: Store,
    compute: Compute,
    work: Iterable[FolderWork],
    report: ScanReport,
    *,
    is_first: bool,
) -> None:
    batch: list[FolderReading] = []
    pending = 0
    for reading in read_changed(compute, work):
        batch.append(reading)
        pending += 1 + len(reading.readings)
        report.read += len(reading.readings)
        report.failed += sum(bool(one.problem) for one in reading.readings)
        report.missing += len(reading.vanished)
        if pending >= RECORDED:
            catalogue.record(store, batch, is_first=is_first)
            batch, pending = [], 0
    catalogue.record(store, batch, is_first=is_first)


def read_changed(compute: Compute, work: Iterable[FolderWork]) -> Iterator[FolderReading]:
    """Read the music files of each work: a little here, much in worker processes."""
    chunks = _chunks(work)
    first = list(islice(chunks, CHUNKS_READ_HERE + 1))
    if len(first) <= CHUNKS_READ_HERE:
        for chunk in first:
            yield from read_folders(chunk)
    else:
        yield from _read_elsewhere(compute, chain(first, chunks))


def _read_elsewhere(
    compute: Compute, chunks: Iterable[Sequence[FolderWork]]
) -> Iterator[FolderReading]:
    for outcome in compute.map(read_folders, chunks):
        if outcome.result is not None:
            yield from outcome.result
        elif len(outcome.item) > 1 or len(outcome.item[0].music) > 1:
            yield from _read_elsewhere(compute, _split(outcome.item))
        else:
            yield _given_up(outcome.item[0], outcome.error)


def _chunks(work: Iterable[FolderWork]) -> Iterator[list[FolderWork]]:
    chunk: list[FolderWork] = []
    for folder in work:
        chunk.append(folder)
        if sum(len(one.music) for one in chunk) >= READ_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _split(chunk: Sequence[FolderWork]) -> Iterator[list[FolderWork]]:
    """Yield the work on each file alone, so that a deadly one takes nothing else with it."""
    for work in chunk:
        rest = FolderWork(
            work.folder, {}, work.sidecars, work.picture, work.vanished, work.problems
        )
        yield [rest]
        for name, status in work.music.items():
            yield [FolderWork(work.folder, {name: status}, {}, work.picture)]


def read_folders(chunk: Sequence[FolderWork]) -> list[FolderReading]:
    """Read the music files of some folders; what a worker process does."""
    return [_read_folder(work) for work in chunk]


def _read_folder(work: FolderWork) -> FolderReading:
    picture = os.path.join(work.folder, work.picture) if work.picture else ""
    folder = path_to_text(work.folder)
    return FolderReading(
        folder=folder,
        readings=tuple(
            read_file(os.path.join(work.folder, name), status)
            for name, status in work.music.items()
        ),
        sidecars=tuple(
            SourceFile(
                id=f"{folder}/{path_to_text(name)}",
                folder=folder,
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
            )
            for name, status in work.sidecars.items()
        ),
        picture=path_to_text(picture),
        picture_mtime_ns=_mtime_ns(picture) if picture else 0,
        vanished=work.vanished,
        problems=work.problems,
    )


def _given_up(work: FolderWork, error: str) -> FolderReading:
    ((name, status),) = work.music.items()
    path = path_to_text(os.path.join(work.folder, name))
    # Whether the file or the machine was to blame, nobody knows: the next scan tries it again.
    reading = Reading(path=path, size=status.st_size, mtime_ns=0, problem=error)
    return FolderReading(folder=path_to_text(work.folder), readings=(reading,))


def _mtime_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _vanish_below(store: Store, path: str) -> int:
    """Mark what was kept below a path missing, if there is no folder there any more."""
    gone = vanished(store.find(FILES, below(path)))
    by_folder: dict[str, list[str]] = {}
    for id in gone:
        by_folder.setdefault(id.rpartition("/")[0], []).append(id)
    batch = [FolderReading(folder=f, vanished=tuple(ids)) for f, ids in by_folder.items()]
    catalogue.record(store, batch, is_first=False)
    if is_gone(path):
        _forget_problems(store, path, now_ms() + 1)
    return len(gone)
