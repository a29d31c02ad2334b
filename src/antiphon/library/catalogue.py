"""The catalogue made of readings: files, tracks, words, pictures and problems, recorded together.

`record` takes whole folders, because an album without an album artist is known only by the company
its tracks keep.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec
from msgspec.structs import replace

from antiphon.library import artwork
from antiphon.library.albums import assigned, derive, is_loose
from antiphon.library.files import text_to_path
from antiphon.library.read import Reading
from antiphon.model import Picture, Problem, SourceFile, Track, now_ms
from antiphon.store import In, Store, position
from antiphon.store.schema import (
    FEATURES,
    FILES,
    LYRICS,
    PICTURES,
    PROBLEMS,
    SOUNDS,
    TRACKS,
)

_PAGE = 500
# What a track's files tell, or listening to them, and no catalogue.
_OF_SOUND = (
    *("duration_ms", "format", "replay_gain", "measured_gain", "has_lyrics"),
    *("art_id", "features", "missing"),
)


class FolderReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read in one folder (paths as text), and what is no longer there."""

    folder: str
    readings: tuple[Reading, ...] = ()
    sidecars: tuple[SourceFile, ...] = ()
    picture: str = ""
    picture_mtime_ns: int = 0
    vanished: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def record(store: Store, readings: Sequence[FolderReading], *, is_first: bool) -> None:
    """Record what was read, all or nothing; of the very first scan, tracks are as old as files."""

    def keep() -> None:
        folders = _as_archives_say(store, readings)
        before = _record_files(store, folders)
        read = _lead_readings(store, folders)
        old = store.get_many(TRACKS, before | set(read))
        new = {id: _renewed(read[id], old.get(id), is_first) for id in read}
        tracks = _with_presence(store, {**old, **new})
        loose = any(map(is_loose, chain(old.values(), tracks.values())))
        around, folder_of = _neighbours(store, tracks, folders) if loose else ({}, {})
        old |= around
        changed = {
            id: track
            for id, track in assigned({**around, **tracks}, folder_of).items()
            if track != old.get(id)
        }
        store.put_many(TRACKS, changed.values())
        _record_words_and_pictures(store, read)
        _record_problems(store, folders)
        derive(store, [old[id] for id in changed if id in old], changed.values())

    if readings:
        store.transact(keep)


def describe(store: Store, tracks: Sequence[Track]) -> int:
    """Keep tracks as an archive's catalogue describes them; return how many were changed by it.

    What files of theirs have told stays. Those without files are missing.
    """

    def keep() -> int:
        old = store.get_many(TRACKS, [track.id for track in tracks])
        new = assigned({track.id: _with_sound(track, old.get(track.id)) for track in tracks}, {})
        changed = [track for track in new.values() if track != old.get(track.id)]
        store.put_many(TRACKS, changed)
        there = [track for track in changed if not track.missing]
        if there:
            derive(store, [old[track.id] for track in there], there)
        return len(changed)

    return store.transact(keep)


def as_described(reading: Reading, track: Track) -> Reading:
    """Return what was read of a file as a reading of the track that an archive says it is."""
    heard = reading.track
    assert heard is not None  # noqa: S101 - whoever calls has looked
    words = reading.lyrics
    return msgspec.structs.replace(
        reading,
        track=_with_sound(track, heard),
        lyrics=replace(words, id=track.id) if words else None,
    )


def note_problems(store: Store, problems: Iterable[Problem]) -> None:
    """Keep problems for the doctor to tell."""
    store.put_many(PROBLEMS, problems)


def purge(store: Store) -> int:
    """Forget files and tracks that are missing; return how many tracks. Listens are kept."""

    def forget() -> int:
        files = store.find(FILES, {"missing": True})
        tracks = store.find(TRACKS, {"missing": True})
        store.delete_many(FILES, [file.id for file in files])
        store.delete_many(PROBLEMS, [file.id for file in files])
        store.delete_many(TRACKS, [track.id for track in tracks])
        store.delete_many(LYRICS, [track.id for track in tracks])
        store.delete_many(SOUNDS, [track.id for track in tracks])
        _forget_features(store, [track.id for track in tracks])
        derive(store, tracks, ())
        _forget_pictures(store)
        return len(tracks)

    return store.transact(forget)


def _forget_features(store: Store, track_ids: Sequence[str]) -> None:
    for start in range(0, len(track_ids), _PAGE):
        found = store.find(FEATURES, {"track_id": In(track_ids[start : start + _PAGE])})
        store.delete_many(FEATURES, [features.id for features in found])


def _with_sound(track: Track, heard: Track | None) -> Track:
    """Return the track with what is known of its sound, and not from any words about it."""
    if heard is None or not heard.format.codec:
        return replace(track, missing=True)
    return replace(track, **{name: getattr(heard, name) for name in _OF_SOUND})


def _as_archives_say(store: Store, folders: Sequence[FolderReading]) -> tuple[FolderReading, ...]:
    """Return the readings, where a file is known for an archive's track as readings of that."""
    paths = [one.path for folder in folders for one in folder.readings if one.track]
    of_path = {file.id: file.track_id for file in store.get_many(FILES, paths).values()}
    tracks = store.get_many(TRACKS, set(of_path.values()) - {""})

    def told(reading: Reading) -> Reading:
        track = tracks.get(of_path.get(reading.path, ""))
        if reading.track is None or track is None or track.origin is None:
            return reading
        return as_described(reading, track)

    return tuple(
        msgspec.structs.replace(folder, readings=tuple(map(told, folder.readings)))
        for folder in folders
    )


def _forget_pictures(store: Store) -> None:
    """Forget the pictures that no track has any more."""
    shown: set[str] = set()
    after = None
    while tracks := store.find(TRACKS, limit=_PAGE, after=after):
        shown.update(track.art_id for track in tracks)
        after = position(tracks[-1], ())
    after = None
    while pictures := store.find(PICTURES, limit=_PAGE, after=after):
        store.delete_many(PICTURES, {picture.id for picture in pictures} - shown)
        after = position(pictures[-1], ())


def _record_files(store: Store, folders: Sequence[FolderReading]) -> set[str]:
    """Keep the files; return the tracks that they held before and may hold no longer."""
    readings = [(folder.folder, reading) for folder in folders for reading in folder.readings]
    files = [
        SourceFile(
            id=reading.path,
            folder=folder,
            track_id=reading.track.id if reading.track else "",
            size=reading.size,
            mtime_ns=reading.mtime_ns,
        )
        for folder, reading in readings
    ]
    vanished_ids = [id for folder in folders for id in folder.vanished]
    known = store.get_many(FILES, [*(file.id for file in files), *vanished_ids])
    vanished = [replace(known[id], missing=True) for id in vanished_ids if id in known]
    sidecars = (file for folder in folders for file in folder.sidecars)
    store.put_many(FILES, [*files, *vanished, *sidecars])
    return {file.track_id for file in known.values() if file.track_id}


def _lead_readings(
    store: Store, folders: Sequence[FolderReading]
) -> dict[str, tuple[FolderReading, Reading]]:
    """Return the reading of each track that counts: of identical copies, that of the first path."""
    read: dict[str, tuple[FolderReading, Reading]] = {}
    for folder in folders:
        for reading in folder.readings:
            if reading.track is not None:
                other = read.get(reading.track.id)
                if other is None or reading.path < other[1].path:
                    read[reading.track.id] = (folder, reading)
    first: dict[str, str] = {}
    for file in store.find(FILES, {"track_id": In(list(read)), "missing": False}):
        first[file.track_id] = min(file.id, first.get(file.track_id, file.id))
    return {id: (folder, one) for id, (folder, one) in read.items() if one.path == first[id]}


def _renewed(source: tuple[FolderReading, Reading], old: Track | None, is_first: bool) -> Track:
    """Return the track as its file says now, with what Antiphon itself knows of it kept."""
    folder, reading = source
    track = reading.track
    assert track is not None  # noqa: S101 - _lead_readings keeps no others
    picture = _picture(folder, reading)
    track = replace(track, art_id=picture.id if picture else "")
    if old is not None:
        track = replace(track, added_at=old.added_at, measured_gain=old.measured_gain)
        # Read anew, what could not be listened to gets another chance. That the sound is another
        # one, the ids of archives do not tell.
        is_other = track.origin is not None and track.format != old.format
        if is_other or not old.features or old.features.startswith("failed:"):
            return track
        # The sound is the same, and has been heard to its end.
        return replace(track, features=old.features, duration_ms=old.duration_ms)
    return replace(track, added_at=reading.mtime_ns // 1_000_000 if is_first else now_ms())


def _picture(folder: FolderReading, reading: Reading) -> Picture | None:
    if folder.picture:
        path, mtime_ns, embedded = folder.picture, folder.picture_mtime_ns, False
    elif reading.has_picture:
        path, mtime_ns, embedded = reading.path, reading.mtime_ns, True
    else:
        return None
    id = artwork.picture_id(text_to_path(path), mtime_ns, embedded)
    return Picture(id=id, path=path, embedded=embedded)


def _with_presence(store: Store, tracks: dict[str, Track]) -> dict[str, Track]:
    files = store.find(FILES, {"track_id": In(list(tracks)), "missing": False})
    present = {file.track_id for file in files}
    return {id: replace(track, missing=id not in present) for id, track in tracks.items()}


def _neighbours(
    store: Store, tracks: dict[str, Track], folders: Sequence[FolderReading]
) -> tuple[dict[str, Track], dict[str, str]]:
    """Return the other tracks in these folders, and in which folder each track is."""
    names = sorted({folder.folder for folder in folders})
    files = store.find(FILES, {"folder": In(names), "missing": False})
    folder_of = {file.track_id: file.folder for file in files if file.track_id}
    return store.get_many(TRACKS, folder_of.keys() - tracks.keys()), folder_of


def _record_words_and_pictures(
    store: Store, read: dict[str, tuple[FolderReading, Reading]]
) -> None:
    pictures = (_picture(folder, one) for folder, one in read.values())
    store.put_many(PICTURES, {p.id: p for p in pictures if p}.values())
    words = [one.lyrics for _, one in read.values() if one.lyrics]
    store.put_many(LYRICS, words)
    silent = [id for id, (_, one) in read.items() if not one.lyrics]
    store.delete_many(LYRICS, silent)


def _record_problems(store: Store, folders: Sequence[FolderReading]) -> None:
    now = now_ms()
    bad = [
        Problem(id=reading.path, stage="scan", reason=reading.problem, at=now)
        for folder in folders
        for reading in folder.readings
        if reading.problem
    ]
    good = [one.path for folder in folders for one in folder.readings if not one.problem]
    gone = [id for folder in folders for id in folder.vanished]
    store.delete_many(PROBLEMS, [*good, *gone, *(folder.folder for folder in folders)])
    note_problems(store, [*bad, *(one for folder in folders for one in folder.problems)])
