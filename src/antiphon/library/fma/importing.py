"""The archive into the catalogue: its tables first, then the sound of those tracks that is there.

A file named 000002.mp3, in whatever folder, is the archive's track 2, and is catalogued as the
tables say and not by its tags. Done again, it brings the catalogue up to date.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from antiphon.compute import Compute
from antiphon.library import artwork, catalogue
from antiphon.library.catalogue import FolderReading
from antiphon.library.compare import FolderWork, groups, is_music
from antiphon.library.files import path_to_text, split_suffix
from antiphon.library.fma import tables
from antiphon.library.fma.describe import (
    ALBUM_COLUMNS,
    COLUMNS,
    album_artists,
    describe,
    genre_documents,
    raw_licences,
    read_tree,
    track_id,
)
from antiphon.library.read import Reading
from antiphon.library.scan import RECORDED, read_changed
from antiphon.library.walk import Listing, walk
from antiphon.model import SourceFile, Track
from antiphon.store import In, Store
from antiphon.store.schema import FILES, GENRES, TRACKS

# Rows kept in one transaction.
DESCRIBED = 2000
# Clips last 30 s, unless their track is shorter.
CLIP_MS = 30_000
_NUMBER = re.compile(r"\d{6}")
# The archive's own list of clips that are empty or cut short.
KNOWN_BAD = frozenset(
    (
        *(1486, 5574, 65753, 80391, 98558, 98559, 98560, 98565, 98566, 98567, 98568, 98569, 98571),
        *(99134, 105247, 108924, 108925, 126981, 127336, 133297, 143992),
    )
)

# Called with what is done, how much of it, of how much (0: nobody knows).
OnProgress = Callable[[str, int, int], None]
Item = TypeVar("Item")


@dataclass
class ImportReport:
    """What an import saw.

    Of tracks: those in the tables, and those that this import changed. Of files of theirs: all,
    those read now, and those of them that could not be used. `problems` says what was left out.
    """

    tracks: int = 0
    changed: int = 0
    files: int = 0
    read: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)


def import_archive(
    store: Store, compute: Compute, folder: Path, on_progress: OnProgress
) -> ImportReport:
    """Bring the tables in or below `folder`, and the sound below it, into the catalogue.

    Raises:
        ArchiveError: there are no tables, or they are not the archive's.
    """
    report = ImportReport()
    _describe_all(store, tables.metadata_folder(folder), report, on_progress)
    _read_all(store, compute, os.path.abspath(folder), report, on_progress)
    return report


def audio_files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the path of every file below a folder that is named after a track, and that track."""
    for listing in walk(os.path.abspath(folder)):
        for name, id in _track_ids(listing).items():
            yield os.path.join(listing.folder, name), id


def _describe_all(
    store: Store, folder: Path, report: ImportReport, on_progress: OnProgress
) -> None:
    tree = read_tree(folder / tables.GENRES)
    store.put_many(GENRES, genre_documents(tree))
    raw_path = folder / tables.RAW_TRACKS
    raw = raw_licences(raw_path) if raw_path.is_file() else {}
    path = folder / tables.TRACKS
    albums = album_artists(tables.track_rows(path, ALBUM_COLUMNS))
    tracks = (
        describe(row, tree, albums, raw)
        for row in _whole(tables.track_rows(path, COLUMNS), path, report)
    )
    for batch in _batches(tracks, DESCRIBED):
        report.changed += catalogue.describe(store, batch)
        report.tracks += len(batch)
        on_progress("Reading the tables", report.tracks, 0)


def _whole(rows: Iterable[tables.Row], path: Path, report: ImportReport) -> Iterator[tables.Row]:
    broken = 0
    for row in rows:
        if row:
            yield row
        else:
            broken += 1
    if broken:
        report.problems.append(f"{path}: {broken} rows are damaged and were left out")


def _read_all(
    store: Store, compute: Compute, root: str, report: ImportReport, on_progress: OnProgress
) -> None:
    batch: list[FolderReading] = []
    for reading in read_changed(compute, _work(store, root, report)):
        batch.append(reading)
        report.read += len(reading.readings)
        if sum(1 + len(one.readings) for one in batch) >= RECORDED:
            _record(store, batch, report)
            batch = []
        on_progress("Reading the sound", report.read, report.files)
    _record(store, batch, report)


def _work(store: Store, root: str, report: ImportReport) -> Iterator[FolderWork]:
    """Yield what is to be read in each folder: files of known tracks that were not read before."""
    for listings in groups(walk(root)):
        names = [path_to_text(listing.folder) for listing in listings]
        known = {file.id: file for file in store.find(FILES, {"folder": In(names)})}
        ids = {id for one in listings for id in _track_ids(one).values()}
        tracks = store.get_many(TRACKS, ids)
        for listing, folder in zip(listings, names, strict=True):
            files = {name: id for name, id in _track_ids(listing).items() if id in tracks}
            report.files += len(files)
            music = {
                name: listing.files[name]
                for name, id in files.items()
                if not _is_read(known.get(f"{folder}/{name}"), listing.files[name], id)
            }
            if music:
                picture = artwork.folder_picture(listing.files) or ""
                yield FolderWork(listing.folder, music, {}, picture)


def _track_ids(listing: Listing) -> dict[str, str]:
    """Return the archive's tracks that the files of a folder are named after."""
    return {
        name: track_id(split_suffix(name)[0])
        for name in listing.files
        if is_music(name) and _NUMBER.fullmatch(split_suffix(name)[0])
    }


def _is_read(file: SourceFile | None, status: os.stat_result, id: str) -> bool:
    """Say whether a file was read as it is now, as that track or as nothing that can be used."""
    return (
        file is not None
        and not file.missing
        and file.track_id in {id, ""}
        and (file.size, file.mtime_ns) == (status.st_size, status.st_mtime_ns)
    )


def _record(store: Store, folders: list[FolderReading], report: ImportReport) -> None:
    ids = {one.path: _id_of(one) for folder in folders for one in folder.readings}
    tracks = store.get_many(TRACKS, set(ids.values()))
    told = [
        msgspec.structs.replace(
            folder,
            readings=tuple(_judged(one, tracks[ids[one.path]]) for one in folder.readings),
        )
        for folder in folders
    ]
    report.failed += sum(bool(one.problem) for folder in told for one in folder.readings)
    catalogue.record(store, told, is_first=False)


def _id_of(reading: Reading) -> str:
    return track_id(split_suffix(reading.path.rpartition("/")[2])[0])


def _judged(reading: Reading, track: Track) -> Reading:
    """Return the reading as one of that track, or a problem where there is too little of it."""
    if reading.track is None:
        return msgspec.structs.replace(reading, problem=reading.problem + _known_bad(track.id))
    heard_ms = reading.track.duration_ms
    if 2 * heard_ms >= min(track.duration_ms, CLIP_MS):
        return catalogue.as_described(reading, track)
    problem = f"only {heard_ms / 1000:.1f} s of the track's {track.duration_ms // 1000} s are there"
    return Reading(
        path=reading.path,
        size=reading.size,
        mtime_ns=reading.mtime_ns,
        problem=problem + _known_bad(track.id),
    )


def _known_bad(id: str) -> str:
    is_known = id in map(track_id, KNOWN_BAD)
    return " (one of the clips that the archive itself knows to be bad)" if is_known else ""


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
