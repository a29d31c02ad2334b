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
from antiphon.library import artwork, catalogue
from antiphon.library.catalogue import FolderReading
from antiphon.library.files import path_to_text, split_suffix
from antiphon.library.read import EXTENSIONS, Reading, read_file
from antiphon.library.walk import Listing, walk
from antiphon.model import Problem, SourceFile, now_ms
from antiphon.store import In, Range, Store
from antiphon.store.schema import FILES

# Files compared with the store, read by one worker, and recorded in one transaction at a time.
COMPARED = 2000
READ_AT_ONCE = 64
RECORDED = 1000
# Up to this many chunks are read here: starting processes would take longer.
CHUNKS_READ_HERE = 2

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class FolderWork:
    """What to do in one folder: music files to read, and what else changed there."""

    folder: str
    music: dict[str, os.stat_result]
    sidecars: dict[str, os.stat_result]
    picture: str = ""
    vanished: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


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
    on_progress: OnProgress = lambda _seen, _read: None,
) -> ScanReport:
    """Bring the catalogue up to what is in the music folders now."""
    report = ScanReport()
    for root in roots:
        path = os.path.abspath(root)
        if _is_there(store, path):
            _record(store, compute, _compare(store, walk(path), report, path), report, on_progress)
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
            folders.setdefault(os.path.dirname(path), False)
            report.missing += _vanish_below(store, path)
    listings = chain.from_iterable(walk(f, deep=deep) for f, deep in sorted(folders.items()))
    _record(store, compute, _compare(store, listings, report), report, lambda _seen, _read: None)
    return report


def _is_there(store: Store, root: str) -> bool:
    """Say whether a music folder can be taken at its word: not if a full one is empty or gone."""
    try:
        with os.scandir(root) as entries:
            if any(entries):
                return True
    except OSError:
        return False
    return not store.find(FILES, _below(root), limit=1)


def _refuse_root(store: Store, root: str, report: ScanReport) -> None:
    reason = "the music folder is empty or cannot be read; is its disk mounted? Nothing was changed"
    report.problems.append(f"{root}: {reason}")
    catalogue.note_problems(
        store, [Problem(id=path_to_text(root), stage="scan", reason=reason, at=now_ms())]
    )


def _below(folder: str) -> dict[str, Range]:
    prefix = path_to_text(folder).rstrip("/")
    return {"id": Range(gt=f"{prefix}/", lt=f"{prefix}0")}  # "0" follows "/"


def _compare(
    store: Store, listings: Iterable[Listing], report: ScanReport, root: str = ""
) -> Iterator[FolderWork]:
    """Yield the work in each folder where something changed; at the end, in those that vanished."""
    known_folders = store.group_count(FILES, "folder", _below(root)) if root else {}
    for group in _groups(listings):
        folders = [path_to_text(listing.folder) for listing in group]
        known: dict[str, dict[str, SourceFile]] = {}
        for file in store.find(FILES, {"folder": In(folders)}):
            known.setdefault(file.folder, {})[file.id] = file
        for listing, folder in zip(group, folders, strict=True):
            known_folders.pop(folder, None)
            report.seen += len(listing.files)
            work = _work(listing, folder, known.get(folder, {}))
            if work:
                yield work
    for folder in known_folders:
        gone = [file.id for file in store.find(FILES, {"folder": folder}) if not file.missing]
        if gone:
            yield FolderWork(folder, {}, {}, vanished=tuple(gone))


def _groups(listings: Iterable[Listing]) -> Iterator[list[Listing]]:
    group: list[Listing] = []
    count = 0
    for listing in listings:
        group.append(listing)
        count += 1 + len(listing.files)
        if count >= COMPARED:
            yield group
            group, count = [], 0
    if group:
        yield group


def _work(listing: Listing, folder: str, known: dict[str, SourceFile]) -> FolderWork | None:
    changed: dict[str, os.stat_result] = {}
    for name, status in listing.files.items():
        file = known.pop(f"{folder}/{name if name.isascii() else path_to_text(name)}", None)
        if (
            file is None
            or file.mtime_ns != status.st_mtime_ns
            or file.size != status.st_size
            or file.missing
        ):
            changed[name] = status
    vanished = tuple(file.id for file in known.values() if not file.missing)
    if not (changed or vanished or listing.problems):
        return None
    sidecars = {name: status for name, status in changed.items() if not is_music(name)}
    music = {name: status for name, status in changed.items() if is_music(name)}
    if sidecars or any(not is_music(id) for id in vanished):
        # A new cover or new lyrics concern every file of the folder.
        music = {name: status for name, status in listing.files.items() if is_music(name)}
    picture = artwork.folder_picture(listing.files) or ""
    return FolderWork(listing.folder, music, sidecars, picture, vanished, listing.problems)


def is_music(name: str) -> bool:
    """Say whether a file of that name is taken for music."""
    return split_suffix(name)[1] in EXTENSIONS


def _record(
    store: Store,
    compute: Compute,
    work: Iterable[FolderWork],
    report: ScanReport,
    on_progress: OnProgress,
) -> None:
    is_first = not store.find(FILES, limit=1)
    batch: list[FolderReading] = []
    pending = 0
    for reading in _read(compute, work):
        batch.append(reading)
        pending += 1 + len(reading.readings)
        report.read += len(reading.readings)
        report.failed += sum(bool(one.problem) for one in reading.readings)
        report.missing += len(reading.vanished)
        if pending >= RECORDED:
            catalogue.record(store, batch, is_first=is_first)
            on_progress(report.seen, report.read)
            batch, pending = [], 0
    catalogue.record(store, batch, is_first=is_first)
    on_progress(report.seen, report.read)


def _read(compute: Compute, work: Iterable[FolderWork]) -> Iterator[FolderReading]:
    """Read what changed: a little here, much in worker processes."""
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
    reading = Reading(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns, problem=error)
    return FolderReading(folder=path_to_text(work.folder), readings=(reading,))


def _mtime_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _vanish_below(store: Store, path: str) -> int:
    """Mark what was kept below a path missing, if there is no folder there any more."""
    gone = [file for file in store.find(FILES, _below(path)) if not file.missing]
    by_folder: dict[str, list[str]] = {}
    for file in gone:
        by_folder.setdefault(file.folder, []).append(file.id)
    batch = [FolderReading(folder=f, vanished=tuple(ids)) for f, ids in by_folder.items()]
    catalogue.record(store, batch, is_first=False)
    return len(gone)
