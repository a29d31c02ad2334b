"""One music file read whole, by a worker process: its identity, tags and lyrics as one value."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from antiphon.library import lyrics
from antiphon.library.files import (
    MusicFile,
    UnreadableError,
    explained,
    open_music,
    path_to_text,
)
from antiphon.library.names import artist_id, sort_key
from antiphon.library.payload import identify
from antiphon.library.tags import Tags, read_tags
from antiphon.model import Credit, Lyrics, Track

EXTENSIONS = frozenset(
    (
        *(".mp3", ".mp2", ".aac", ".m4a", ".m4b", ".flac", ".ogg", ".oga", ".opus", ".spx"),
        *(".wav", ".aif", ".aiff", ".aifc", ".wma", ".ape", ".wv", ".mpc", ".tta"),
    )
)


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of reading one file: a track (with lyrics, where there are any) or a problem.

    `path` is the path as text (see `path_to_text`). `mtime_ns` is 0 where the file changed
    meanwhile or the system would not read it, so that the next scan tries it again.
    """

    path: str
    size: int
    mtime_ns: int
    track: Track | None = None
    lyrics: Lyrics | None = None
    has_picture: bool = False
    problem: str = ""


def read_file(path: str, stat: os.stat_result) -> Reading:
    """Read a music file that had this status when its folder was listed; never raises for it."""
    reading = Reading(path=path_to_text(path), size=stat.st_size, mtime_ns=stat.st_mtime_ns)
    try:
        with open_music(path) as file:
            reading = msgspec.structs.replace(
                reading, size=file.size, mtime_ns=file.status.st_mtime_ns
            )
            reading = _read(file, path, reading)
            unchanged = _is_unchanged(file, path)
    except UnreadableError as error:
        refused = isinstance(error.__cause__, OSError)
        return msgspec.structs.replace(
            reading, mtime_ns=0 if refused else reading.mtime_ns, problem=str(error)
        )
    if unchanged:
        return reading
    return Reading(
        path=reading.path,
        size=reading.size,
        mtime_ns=0,
        problem="it was changed while it was read; it will be read again",
    )


def _read(file: MusicFile, path: str, reading: Reading) -> Reading:
    track_id, payload = identify(file)
    tags = read_tags(file, path, payload)
    words = lyrics.best((lyrics.beside(path), tags.lyrics))
    return msgspec.structs.replace(
        reading,
        track=_track(track_id, tags, has_lyrics=bool(words)),
        lyrics=Lyrics(id=track_id, text=words, synced=lyrics.is_synced(words)) if words else None,
        has_picture=tags.has_picture,
    )


def _is_unchanged(file: MusicFile, path: str) -> bool:
    """Say whether the path still leads to the file that was read, with the same content."""
    with explained():
        now, then = Path(path).stat(), file.status
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) == (
        then.st_dev,
        then.st_ino,
        then.st_size,
        then.st_mtime_ns,
    )


def _track(track_id: str, tags: Tags, *, has_lyrics: bool) -> Track:
    artists = _credits(tags.artists)
    return Track(
        id=track_id,
        title=tags.title,
        sort=sort_key(tags.title),
        artists=artists,
        artist_ids=tuple(credit.id for credit in artists),
        album=tags.album,
        tagged_album_artists=_credits(tags.album_artists),
        track_no=tags.track_no,
        disc_no=tags.disc_no,
        disc_title=tags.disc_title,
        year=tags.year,
        original_year=tags.original_year,
        genres=tags.genres,
        duration_ms=tags.duration_ms,
        format=tags.format,
        replay_gain=tags.replay_gain,
        musicbrainz=tags.musicbrainz,
        compilation=tags.compilation,
        has_lyrics=has_lyrics,
    )


def _credits(names: Iterable[str]) -> tuple[Credit, ...]:
    return tuple(Credit(id=artist_id(name), name=name) for name in names)
