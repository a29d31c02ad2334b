"""Tables such as the archive's, of any size, with the habits of the real ones.

They have the real columns and headings, lists as Python writes them, -1 and empty fields for what
is not known, HTML in texts, fields of several lines, albums of various artists, letters outside of
ASCII in some names, and, in the raw table, bytes that are not UTF-8. All from one seed.
"""

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

FULL_SIZE = 106_574
TOPS = (
    *("International", "Blues", "Jazz", "Classical", "Old-Time / Historic", "Country", "Pop"),
    *("Rock", "Easy Listening", "Soul-RnB", "Electronic", "Folk", "Spoken", "Hip-Hop"),
    *("Experimental", "Instrumental"),
)
GENRE_COUNT = 163
_ALBUM = (
    *("comments", "date_created", "date_released", "engineer", "favorites", "id", "information"),
    *("listens", "producer", "tags", "title", "tracks", "type"),
)
_ARTIST = (
    *("active_year_begin", "active_year_end", "associated_labels", "bio", "comments"),
    *("date_created", "favorites", "id", "latitude", "location", "longitude", "members", "name"),
    *("related_projects", "tags", "website", "wikipedia_page"),
)
_TRACK = (
    *("bit_rate", "comments", "composer", "date_created", "date_recorded", "duration"),
    *("favorites", "genre_top", "genres", "genres_all", "information", "interest"),
    *("language_code", "license", "listens", "lyricist", "number", "publisher", "tags", "title"),
)
COLUMNS = (
    *(("album", name) for name in _ALBUM),
    *(("artist", name) for name in _ARTIST),
    *(("set", name) for name in ("split", "subset")),
    *(("track", name) for name in _TRACK),
)
LICENCES = (
    (
        "Attribution-NonCommercial-ShareAlike 3.0 International",
        "http://creativecommons.org/licenses/by-nc-sa/3.0/",
    ),
    (
        "Attribution-Noncommercial-No Derivative Works 3.0 United States",
        "http://creativecommons.org/licenses/by-nc-nd/3.0/us/",
    ),
    ("Attribution", "http://creativecommons.org/licenses/by/4.0/"),
    ("FMA-Limited: Download Only", "http://freemusicarchive.org/FMA_License"),
    ("", ""),
)
_WORDS = (
    *("Tide", "Amber", "Quiet", "Engine", "Harbour", "Nine"),
    *("Velvet", "Static", "Birch", "Copper", "Lantern", "Drift"),
)
_BIO = f"<p>Plays the <b>theremin</b> &amp; more.</p>\n<p>{'Born, lived. ' * 150}</p>"

Genres = dict[int, tuple[str, int, int]]  # id -> title, parent, top level
Row = dict[tuple[str, str], object]


def genres() -> Genres:
    """Return a tree of GENRE_COUNT genres under TOPS, up to four deep, with gaps in its ids."""
    chosen = random.Random(1)
    tree: Genres = {2 + 3 * n: (title, 0, 2 + 3 * n) for n, title in enumerate(TOPS)}
    while len(tree) < GENRE_COUNT:
        above = chosen.choice([id for id in tree if _depth(id, tree) < 4])
        tree[2 + 3 * len(tree)] = (f"{tree[above][0]} {len(tree)}", above, tree[above][2])
    return tree


def _depth(id: int, tree: Genres) -> int:
    return 1 + _depth(tree[id][1], tree) if tree[id][1] else 1


def write_tables(folder: Path, tracks: int) -> Path:
    """Write genres.csv, tracks.csv and raw_tracks.csv for so many tracks; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tree = genres()
    with (folder / "genres.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("genre_id", "#tracks", "parent", "title", "top_level"))
        lines.writerows((id, 1, above, title, top) for id, (title, above, top) in tree.items())
    write_tracks(folder / "tracks.csv", rows(tracks, tree))
    _write_raw(folder / "raw_tracks.csv", tracks)
    return folder


def write_tracks(path: Path, some: "Iterator[tuple[int, Row]] | list[tuple[int, Row]]") -> None:
    """Write tracks.csv with its three lines of headings."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("", *(level for level, _ in COLUMNS)))
        lines.writerow(("", *(name for _, name in COLUMNS)))
        lines.writerow(("track_id", *("" for _ in COLUMNS)))
        lines.writerows((id, *map(row.get, COLUMNS)) for id, row in some)


def ids(count: int) -> Iterator[int]:
    """Yield so many ids of tracks, with gaps as the archive has them."""
    chosen = random.Random(2)
    id = 0
    for _ in range(count):
        id += chosen.choice((1, 1, 2))
        yield id


def rows(count: int, tree: Genres) -> Iterator[tuple[int, Row]]:
    """Yield the id and the cells of each track; about seven tracks share an album."""
    chosen = random.Random(3)
    choices = list(tree)
    return ((id, _row(n, tree, choices, chosen)) for n, id in enumerate(ids(count)))


def _row(n: int, tree: Genres, choices: list[int], chosen: random.Random) -> Row:
    album, various = n // 7, n // 7 % 20 == 0
    artist = n if various else album // 2
    family = "Sons" if artist % 8 else "Söhne"
    own = sorted(chosen.sample(choices, chosen.choice((1, 1, 2, 3))))
    every = sorted({up for id in own for up in _line(id, tree)})
    tops = {tree[id][2] for id in own}
    return {
        ("album", "comments"): 0,
        ("album", "date_created"): "2008-11-26 01:44:45",
        ("album", "date_released"): f"{1990 + album % 27}-01-05 00:00:00" if album % 3 else "",
        ("album", "favorites"): 4,
        ("album", "id"): -1 if album % 50 == 49 else album + 1,
        ("album", "information"): "<p></p>",
        ("album", "listens"): -1 if album % 9 == 0 else 6073,
        ("album", "tags"): "[]",
        ("album", "title"): "" if album % 50 == 49 else f"{_title(album)} {album}",
        ("album", "tracks"): 7,
        ("album", "type"): "Album" if album % 4 else "Live Performance",
        ("artist", "active_year_begin"): "2006-01-01 00:00:00" if artist % 2 else "",
        ("artist", "bio"): _BIO,
        ("artist", "date_created"): "2008-11-26 01:42:32",
        ("artist", "id"): artist + 1,
        ("artist", "latitude"): "40.058324" if artist % 2 else "",
        ("artist", "name"): f"The {_title(artist)} &amp; {family} {artist}",
        ("artist", "tags"): "['awol', 'it''s']",
        ("set", "split"): chosen.choices(("training", "validation", "test"), (8, 1, 1))[0],
        ("set", "subset"): chosen.choices(("small", "medium", "large"), (8, 17, 81))[0],
        ("track", "bit_rate"): -1 if n % 40 == 0 else 256000,
        ("track", "comments"): 0,
        ("track", "date_created"): f"2008-11-26 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}",
        ("track", "date_recorded"): "2008-11-26 00:00:00" if n % 3 else "",
        ("track", "duration"): 30 + n % 400,
        ("track", "favorites"): 2,
        ("track", "genre_top"): tree[tops.pop()][0] if len(tops) == 1 else "",
        ("track", "genres"): str(own),
        ("track", "genres_all"): str(every),
        ("track", "interest"): 4656,
        ("track", "language_code"): "en",
        ("track", "license"): LICENCES[n % len(LICENCES)][0],
        ("track", "listens"): -1 if n % 100 == 0 else 7 * (n % 1000),
        ("track", "number"): 1 + n % 7,
        ("track", "tags"): "[]",
        ("track", "title"): f"{_title(n * 7)} <i>{'No' if n % 8 else '№'}</i> {n}",
    }


def _line(id: int, tree: Genres) -> Iterator[int]:
    while id:
        yield id
        id = tree[id][1]


def _title(n: int) -> str:
    return f"{_WORDS[n % 12]} {_WORDS[n // 12 % 12]}"


def _write_raw(path: Path, tracks: int) -> None:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("track_id", "license_title", "license_url", "track_information", "track_url"))
    for n, id in enumerate(ids(tracks)):
        about = "It’s\none" if n % 5 else "STRAY"
        page = f"http://freemusicarchive.org/music/{n // 7}/{id}"
        lines.writerow((id, *LICENCES[n % len(LICENCES)], about, page))
    # What Windows writes for a euro, in a file that is UTF-8 otherwise.
    path.write_bytes(text.getvalue().encode().replace(b"STRAY", b"5 \x80"))
