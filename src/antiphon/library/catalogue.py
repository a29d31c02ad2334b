"""The catalogue made of readings: tracks, and the albums and artists that follow from them.

`record` takes whole folders, because an album without an album artist is known only by the company
its tracks keep. Albums and artists are always computed anew from the tracks there are, so that they
cannot drift from them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from antiphon.library import artwork
from antiphon.library.files import text_to_path
from antiphon.library.names import album_id, artist_id, sort_key
from antiphon.library.read import Reading
from antiphon.model import Album, Artist, Credit, Picture, Problem, SourceFile, Track, now_ms
from antiphon.store import In, Store
from antiphon.store.schema import (
    ALBUMS,
    ARTISTS,
    FEATURES,
    FILES,
    LYRICS,
    PICTURES,
    PROBLEMS,
    TRACKS,
)

VARIOUS = "Various Artists"
MOST_GENRES = 8


class FolderReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was read in one folder (paths as text), and what is no longer there."""

    folder: str
    readings: tuple[Reading, ...] = ()
    sidecars: tuple[SourceFile, ...] = ()
    picture: str = ""
    picture_mtime_ns: int = 0
    vanished: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def record(store: Store, folders: Sequence[FolderReading], *, is_first: bool) -> None:
    """Record what was read, all or nothing; of the very first scan, tracks are as old as files."""
    if not folders:
        return
    with store.transaction():
        before = _record_files(store, folders)
        read = _lead_readings(store, folders)
        old = store.get_many(TRACKS, before | set(read))
        new = {id: _renewed(read[id], old.get(id), is_first) for id in read}
        tracks = _with_presence(store, {**old, **new})
        around, folder_of = _neighbours(store, tracks, {folder.folder for folder in folders})
        old |= around
        changed = {
            id: track
            for id, track in _assigned({**around, **tracks}, folder_of).items()
            if track != old.get(id)
        }
        store.put_many(TRACKS, changed.values())
        _record_words_and_pictures(store, read)
        _record_problems(store, folders)
        _derive(store, [old[id] for id in changed if id in old], changed.values())


def note_problems(store: Store, problems: Iterable[Problem]) -> None:
    """Keep problems for the doctor to tell."""
    store.put_many(PROBLEMS, problems)


def purge(store: Store) -> int:
    """Forget files and tracks that are missing; return how many tracks. Listens are kept."""
    with store.transaction():
        files = store.find(FILES, {"missing": True})
        tracks = store.find(TRACKS, {"missing": True})
        store.delete_many(FILES, [file.id for file in files])
        store.delete_many(PROBLEMS, [file.id for file in files])
        store.delete_many(TRACKS, [track.id for track in tracks])
        store.delete_many(LYRICS, [track.id for track in tracks])
        store.delete_many(FEATURES, [track.id for track in tracks])
        _derive(store, tracks, ())
    return len(tracks)


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
        # Read anew, what could not be listened to gets another chance.
        features = "" if old.features == "failed" else old.features
        return replace(track, added_at=old.added_at, features=features)
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
    store: Store, tracks: dict[str, Track], folders: set[str]
) -> tuple[dict[str, Track], dict[str, str]]:
    """Return the other tracks in these folders and where each track is, if albums hang on that."""
    if not any(map(_is_loose, tracks.values())):
        return {}, {}
    files = store.find(FILES, {"folder": In(sorted(folders)), "missing": False})
    folder_of = {file.track_id: file.folder for file in files if file.track_id}
    return store.get_many(TRACKS, folder_of.keys() - tracks.keys()), folder_of


def _assigned(tracks: dict[str, Track], folder_of: dict[str, str]) -> dict[str, Track]:
    """Return the tracks with their albums."""
    assigned: dict[str, Track] = {}
    company: defaultdict[tuple[str, str], list[Track]] = defaultdict(list)
    for track in tracks.values():
        if not _is_loose(track):
            assigned[track.id] = _on_own_album(track)
        elif track.id in folder_of:
            company[folder_of[track.id], track.album].append(track)
        else:
            assigned[track.id] = track
    for (folder, _), group in company.items():
        assigned |= {track.id: track for track in _as_one_album(group, folder)}
    return assigned


def _is_loose(track: Track) -> bool:
    """Say whether only its company can tell which album a track is on."""
    return bool(track.album) and not (
        track.tagged_album_artists or track.compilation or "release" in track.musicbrainz
    )


def _on_own_album(track: Track) -> Track:
    if not track.album:
        return replace(track, album_id="", album_artists=())
    artists = track.tagged_album_artists or (
        (_various(),) if track.compilation else track.artists[:1]
    )
    id = album_id(
        track.album,
        [artist.name for artist in artists],
        musicbrainz_id=track.musicbrainz.get("release", ""),
    )
    return replace(track, album_id=id, album_artists=artists)


def _as_one_album(group: Sequence[Track], folder: str) -> list[Track]:
    """Put tracks of one folder and album title together: by their one first artist, or various."""
    leads = {track.artists[0] for track in group if track.artists}
    artists = tuple(leads) if len(leads) == 1 else (_various(),)
    known = len(leads) == 1
    id = album_id(
        group[0].album, [artist.name for artist in artists], folder="" if known else folder
    )
    return [replace(track, album_id=id, album_artists=artists) for track in group]


def _various() -> Credit:
    return Credit(id=artist_id(VARIOUS), name=VARIOUS)


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


def _derive(store: Store, old: Iterable[Track], new: Iterable[Track]) -> None:
    """Compute anew the albums and artists that these tracks were or are part of."""
    touched = [*old, *new]
    album_ids = {track.album_id for track in touched} - {""}
    old_albums = store.get_many(ALBUMS, album_ids)
    albums = _albums(store, album_ids)
    store.put_many(ALBUMS, albums)
    store.delete_many(ALBUMS, album_ids - {album.id for album in albums})
    names: dict[str, str] = {}
    for track in touched:
        names |= {credit.id: credit.name for credit in (*track.artists, *track.album_artists)}
    for album in (*old_albums.values(), *albums):
        names |= {credit.id: credit.name for credit in album.artists}
    _derive_artists(store, names)


def _albums(store: Store, ids: Iterable[str]) -> list[Album]:
    order = ("album_id", "disc_no", "track_no")
    by_album: defaultdict[str, list[Track]] = defaultdict(list)
    for track in store.find(TRACKS, {"album_id": In(sorted(ids)), "missing": False}, order):
        by_album[track.album_id].append(track)
    return [_album(tracks) for tracks in by_album.values()]


def _album(tracks: Sequence[Track]) -> Album:
    first = tracks[0]
    artists = first.album_artists
    genres = Counter(genre for track in tracks for genre in track.genres)
    year = max(track.year for track in tracks)
    originals = [track.original_year for track in tracks if track.original_year]
    return Album(
        id=first.album_id,
        title=first.album,
        sort=sort_key(first.album),
        artists=artists,
        artist_ids=tuple(artist.id for artist in artists),
        artist_sort=sort_key(artists[0].name) if artists else "",
        year=year,
        original_year=min(originals, default=year),
        genres=tuple(genre for genre, _ in genres.most_common(MOST_GENRES)),
        track_count=len(tracks),
        disc_count=len({track.disc_no or 1 for track in tracks}),
        duration_ms=sum(track.duration_ms for track in tracks),
        compilation=any(track.compilation for track in tracks) or artists == (_various(),),
        art_id=next((track.art_id for track in tracks if track.art_id), ""),
        added_at=max(track.added_at for track in tracks),
        musicbrainz_id=first.musicbrainz.get("release", ""),
    )


def _derive_artists(store: Store, names: dict[str, str]) -> None:
    ids = In(sorted(names))
    tracks = store.group_count(TRACKS, "artist_ids", {"artist_ids": ids, "missing": False})
    albums: Counter[str] = Counter()
    art: dict[str, str] = {}
    for album in store.find(ALBUMS, {"artist_ids": ids}):
        albums.update(album.artist_ids)
        for id in album.artist_ids:
            art[id] = art.get(id) or album.art_id
    artists = [
        Artist(
            id=id,
            name=name,
            sort=sort_key(name),
            album_count=albums[id],
            track_count=tracks.get(id, 0),
            art_id=art.get(id, ""),
        )
        for id, name in names.items()
        if albums[id] or tracks.get(id)
    ]
    store.put_many(ARTISTS, artists)
    store.delete_many(ARTISTS, names.keys() - {artist.id for artist in artists})
