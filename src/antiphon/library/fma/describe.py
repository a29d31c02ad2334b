"""A row of the archive as a track of the catalogue."""

import html
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from antiphon.library.albums import VARIOUS
from antiphon.library.fma import tables
from antiphon.library.fma.licences import licence, web_address
from antiphon.library.fma.tables import Row, whole
from antiphon.library.names import artist_id, clean, sort_key
from antiphon.model import Credit, Genre, Origin, Track

ARCHIVE = "Free Music Archive"
ID_PREFIX = "tr-fma-"
COLUMNS = (
    *("track.title", "track.number", "track.duration", "track.genres", "track.genre_top"),
    *("track.license", "track.listens", "track.date_created", "track.date_recorded"),
    *("artist.name", "album.id", "album.title", "album.date_released"),
)
ALBUM_COLUMNS = ("album.id", "artist.name")
_TAGS = "a|b|i|u|p|br|em|strong|span|div|font|small|big|ul|ol|li|h[1-6]|img|blockquote|sup|sub|s"
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_LONGEST_TRACK_NO = 9_999

# album id -> the one artist of its tracks, or VARIOUS
AlbumArtists = Mapping[str, str]
# genre id -> name and the id above it
Tree = dict[int, tuple[str, int]]


def track_id(number: str | int) -> str:
    """Return the id `tr-fma-000002` of the archive's track 2."""
    return f"{ID_PREFIX}{int(number):06d}"


@lru_cache(4096)  # the tracks of an album come one after the other
def plain(text: str) -> str:
    """Return a text of the archive as it is shown: without HTML, on one line."""
    if "<" in text or "&" in text:
        text = html.unescape(_TAG.sub(" ", text))
    return clean(text)


def read_tree(path: Path) -> Tree:
    """Read genres.csv.

    Raises:
        ArchiveError: it is not that table.
    """
    return {
        whole(row["genre_id"]): (plain(row["title"]), whole(row["parent"]))
        for row in tables.plain_rows(path, ("genre_id", "title", "parent"))
        if whole(row["genre_id"]) and plain(row["title"])
    }


def genre_documents(tree: Tree) -> list[Genre]:
    """Return the genres of a tree, each with the name of the one above."""
    return [Genre(id=name, parent=tree.get(above, ("", 0))[0]) for name, above in tree.values()]


def with_ancestors(ids: Iterable[int], tree: Tree) -> tuple[str, ...]:
    """Return the names of these genres, then of those above them, each once."""
    own = [id for id in ids if id in tree]
    found = dict.fromkeys(own)
    for id in own:
        above = tree[id][1]
        while above in tree and above not in found:
            found[above] = None
            above = tree[above][1]
    return tuple(tree[id][0] for id in found)


def album_artists(rows: Iterable[Row]) -> dict[str, str]:
    """Return who each album is by: the artist of all its tracks, or VARIOUS.

    The rows are of ALBUM_COLUMNS, or more.
    """
    found: dict[str, str] = {}
    for row in rows:
        if row:
            artist = plain(row["artist.name"]) or VARIOUS
            if found.setdefault(row["album.id"], artist) != artist:
                found[row["album.id"]] = VARIOUS
    return found


def raw_licences(path: Path) -> dict[int, tuple[str, str, str]]:
    """Return each track's licence title, licence address and page, from raw_tracks.csv.

    Raises:
        ArchiveError: it is not that table.
    """
    names = ("license_title", "license_url", "track_url")
    known: dict[str, str] = {}
    return {
        whole(row["track_id"]): tuple(  # type: ignore[misc]  # of three
            known.setdefault(row[name], row[name]) for name in names
        )
        for row in tables.plain_rows(path, ("track_id", *names))
    }


def describe(
    row: Row, tree: Tree, albums: AlbumArtists, raw: Mapping[int, tuple[str, str, str]]
) -> Track:
    """Return the track that a row (of COLUMNS) is about; nothing is said of its sound."""
    title = plain(row["track.title"]) or "?"
    artists = _credits(plain(row["artist.name"]))
    album = "" if row["album.id"].startswith("-") else plain(row["album.title"])
    released, recorded = _year(row["album.date_released"]), _year(row["track.date_recorded"])
    number = whole(row["track.number"])
    various = bool(album) and albums[row["album.id"]] == VARIOUS
    return Track(
        id=track_id(row["track_id"]),
        title=title,
        sort=sort_key(title),
        artists=artists,
        artist_ids=tuple(credit.id for credit in artists),
        album=album,
        tagged_album_artists=_credits(albums[row["album.id"]]) if album else (),
        compilation=various,
        track_no=number if number <= _LONGEST_TRACK_NO else 0,
        year=released or recorded,
        original_year=recorded or released,
        genres=_genres(row, tree),
        duration_ms=1000 * whole(row["track.duration"]),
        added_at=_milliseconds(row["track.date_created"]),
        origin=_origin(row, raw.get(int(row["track_id"]))),
        prior_plays=whole(row["track.listens"]),
    )


@lru_cache(4096)
def _credits(name: str) -> tuple[Credit, ...]:
    return (Credit(id=artist_id(name), name=name),) if name else ()


def _genres(row: Row, tree: Tree) -> tuple[str, ...]:
    found = with_ancestors(tables.numbers(row["track.genres"]), tree)
    top = plain(row["track.genre_top"])
    return found or ((top,) if top else ())


def _origin(row: Row, raw: tuple[str, str, str] | None) -> Origin:
    title, url, page = raw or ("", "", "")
    found = licence(plain(title or row["track.license"]), url)
    return Origin(archive=ARCHIVE, url=web_address(page), licence=found.name, licence_url=found.url)


def _year(date: str) -> int:
    year = whole(date[:4])
    return year if 1000 <= year <= 2100 else 0


def _milliseconds(date: str) -> int:
    try:
        return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return 0
