"""How fast the store answers, on SQLite and on MongoDB, and that a large library is as fast.

Measures, on a made-up library of 100,000 tracks on 10,000 albums (`--quick`: 20,000 on 2,000),
whose titles and names use 40,000 words as unevenly as language does (Zipf):

- `…_get_p99_ms`: one track by its id;
- `…_albums_page_p99_ms`: a page of 50 albums by title, from a random place on, as the web asks;
- `…_search_p99_ms`: one search of the web as it is typed, letter by letter, of titles, artists and
  albums, and of pairs of words that are seldom or never together: tracks, albums and artists
  together, 8 of each;
- `…_batch_docs_per_s`: tracks kept, 1,000 in each `put_many`, as the library is made.

Each of the first three is the 99th percentile of single calls, one after another, in one process
on a warm cache. The full run shows 10,000, 100,000 and (SQLite; kept 50,000 at a time, to be done
sooner) 1,000,000 tracks beside each other.

Baselines, in the same run on the same SQLite file: the same bytes by primary key, the same page and
the same kind of write with sqlite3 alone; the matches of tracks alone in the order of FTS5's bm25.
MongoDB is the one that the tests start; it has no baseline.
"""

import argparse
import bisect
import itertools
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))

from antiphon import model
from antiphon.store import Store, open_store, position
from antiphon.store.schema import ALBUMS, ARTISTS, TRACKS
from antiphon.store.words import folded, words

ENGINES = ("sqlite", "mongo")
GOALS = {"get_p99_ms": 0.1, "albums_page_p99_ms": 2.0, "search_p99_ms": 10.0}
UNITS = {
    **dict.fromkeys(GOALS, "ms"),
    "batch_docs_per_s": "1/s",
}
ALBUM_TRACKS = 10
BATCH = 1000
LARGE = 200_000
VOCABULARY = 40_000
GETS, PAGES, TYPED = 5000, 1000, 60
GENRES = ("Rock", "Pop", "Jazz", "Ambient", "House", "Folk", "Hip-Hop", "Metal", "Classical")


def main() -> None:
    """Make the libraries, ask them, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true", help="20,000 tracks alone, done in 50 s")
    parser.add_argument("--data", type=Path, help="where the files are made (default: /tmp)")
    options = parser.parse_args()
    tracks = 20_000 if options.quick else options.tracks
    if options.quick:
        print(f"quick: {tracks} tracks only; the figures of record are of 100,000")
    table: dict[tuple[str, int], dict[str, float]] = {}
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        baselines = measure_sqlite(Path(folder), tracks, table)
        if not options.quick:
            for size in (tracks // 10, tracks * 10):
                measure_sqlite(Path(folder), size, table)
        measure_mongo([tracks] if options.quick else [tracks, tracks // 10], table)
    show(table)
    figures = {
        f"{engine}_{name}": {
            "value": table.get((engine, tracks), {}).get(name),
            "unit": unit,
            "goal": GOALS.get(name) if engine == "sqlite" else None,
            "baseline": baselines.get(name) if engine == "sqlite" else None,
        }
        for engine in ENGINES
        for name, unit in UNITS.items()
    }
    print(json.dumps({"bench": "store", "figures": figures}))


def measure_sqlite(
    folder: Path, tracks: int, table: dict[tuple[str, int], dict[str, float]]
) -> dict[str, object]:
    """Measure SQLite and its baselines on a library of that size."""
    path = folder / f"{tracks}.db"
    with closing(open_store(f"sqlite:///{path}")) as store:
        library = Library(tracks)
        table["sqlite", tracks] = measure(store, library)
        baselines = sqlite_alone(path, library)
    for file in folder.glob(f"{path.name}*"):
        file.unlink()
    print(f"sqlite, {tracks} tracks, with sqlite3 alone: {baselines}", flush=True)
    return baselines


def measure_mongo(sizes: Sequence[int], table: dict[tuple[str, int], dict[str, float]]) -> None:
    """Measure a MongoDB, where one can be had."""
    from tests.services import ServiceUnavailableError, mongo  # noqa: PLC0415 - only where it is there

    try:
        with mongo.running() as server:
            for tracks in sizes:
                name = f"bench-{uuid.uuid4().hex}"
                with closing(open_store(server.database(name))) as store:
                    table["mongo", tracks] = measure(store, Library(tracks))
                server.drop(name)
    except ServiceUnavailableError as error:
        print(f"no MongoDB could be had, its figures are null: {error}")


def show(table: dict[tuple[str, int], dict[str, float]]) -> None:
    """Print the sizes beside each other."""
    print(f"{os.cpu_count()} cores")
    for engine in ENGINES:
        sizes = sorted(size for name, size in table if name == engine)
        if sizes:
            print(f"{engine:26}" + "".join(f"{size:>12,} tracks" for size in sizes))
            for name in UNITS:
                values = "".join(f"{table[engine, size][name]:>19,}" for size in sizes)
                print(f"{name:26}{values}")


# The library


class Language:
    """A made-up language whose words are as unevenly used as those of real titles (Zipf)."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        sounds = [c + v for c in "bcdfghjklmnprstvwz" for v in "aeiouy"] + list("aeiou")
        spoken = {
            "".join(chance.choices(sounds, k=chance.choice((1, 2, 2, 2, 3, 3, 4))))
            + chance.choice(("", "", "n", "r", "s", "t", "é"))
            for _ in range(3 * VOCABULARY)
        }
        # Short words are the common ones, as in any language.
        ranked = sorted(sorted(spoken), key=lambda word: len(word) + chance.random() * 5)
        self._words = ranked[:VOCABULARY]
        self._shares = list(itertools.accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))

    def phrase(self, *lengths: int) -> str:
        """Return some words, each as likely as it is common."""
        count = self._chance.choice(lengths)
        return " ".join(
            self._chance.choices(self._words, cum_weights=self._shares, k=count)
        ).title()


@dataclass
class Library:
    """What is kept, made as it goes, and a sample of it to ask for."""

    tracks: int
    seed: int = 1
    sample: list[model.Track] = field(default_factory=list)
    albums: list[model.Album] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._language = Language(self.chance)
        names = [self._language.phrase(1, 2, 2, 2, 3) for _ in range(max(1, self.tracks // 40))]
        self.artists = [
            model.Artist(id=self._id("ar"), name=name, sort=folded(name)) for name in names
        ]
        # A few artists have very many albums, most have one or two.
        self._shares = list(itertools.accumulate((rank + 10) ** -0.8 for rank in range(len(names))))

    def releases(self) -> Iterator[tuple[model.Album, list[model.Track]]]:
        """Make the albums with their tracks, and keep some of them to ask for."""
        for _ in range(self.tracks // ALBUM_TRACKS):
            drawn = self.chance.random() * self._shares[-1]
            album, tracks = self._release(self.artists[bisect.bisect(self._shares, drawn)])
            self.albums.append(album)
            if self.chance.random() < 5 * GETS / self.tracks:
                self.sample.append(self.chance.choice(tracks))
            yield album, tracks

    def _release(self, artist: model.Artist) -> tuple[model.Album, list[model.Track]]:
        title, genre = self._language.phrase(1, 2, 2, 3, 3, 4), self.chance.choice(GENRES)
        credit = (model.Credit(id=artist.id, name=artist.name),)
        year, now = 1960 + self.chance.randrange(65), 1_700_000_000_000 + len(self.albums)
        album = model.Album(
            id=self._id("al"),
            title=title,
            sort=folded(title),
            artists=credit,
            artist_ids=(artist.id,),
            artist_sort=artist.sort,
            year=year,
            original_year=year,
            genres=(genre,),
            track_count=ALBUM_TRACKS,
            disc_count=1,
            duration_ms=2_400_000,
            art_id=self._id("im"),
            added_at=now,
        )
        return album, [self._track(album, number, now) for number in range(1, ALBUM_TRACKS + 1)]

    def _track(self, album: model.Album, number: int, now: int) -> model.Track:
        title = self._language.phrase(1, 1, 2, 2, 3, 3, 4, 5, 6)
        return model.Track(
            id=self._id("tr"),
            title=title,
            sort=folded(title),
            artists=album.artists,
            album_id=album.id,
            album=album.title,
            album_artists=album.artists,
            artist_ids=album.artist_ids,
            track_no=number,
            disc_no=1,
            year=album.year,
            original_year=album.year,
            genres=album.genres,
            duration_ms=240_000,
            format=model.AudioFormat(
                codec="flac", mime="audio/flac", sample_rate_hz=44_100, channels=2, size=25_000_000
            ),
            replay_gain=model.ReplayGain(track_gain_db=-8.15, track_peak=0.98),
            musicbrainz={"recording": str(uuid.UUID(int=self.chance.getrandbits(128)))},
            art_id=album.art_id,
            added_at=now,
        )

    def _id(self, kind: str) -> str:
        return f"{kind}-{self.chance.getrandbits(64):016x}"


# The questions


def measure(store: Store, library: Library) -> dict[str, float]:
    """Fill a store with the library, ask it, and return the figures."""
    print(f"{type(store).__name__}: making {library.tracks} tracks …", flush=True)
    docs_per_s = fill(store, library)
    ids = [library.chance.choice(library.sample).id for _ in range(GETS)]
    places = [
        position(album, ("sort",)) for album in library.chance.choices(library.albums, k=PAGES)
    ]
    gets = timed(lambda one: store.get(TRACKS, one), ids)
    pages = timed(lambda at: store.find(ALBUMS, {}, ("sort",), limit=51, after=at), places)
    searches = timed(lambda text: search(store, text), typed(library))
    return {
        "get_p99_ms": p99(gets),
        "albums_page_p99_ms": p99(pages),
        "search_p99_ms": p99(searches),
        "batch_docs_per_s": docs_per_s,
    }


def fill(store: Store, library: Library) -> float:
    """Keep the library, and return how many tracks were kept in a second of writing them."""
    batch_size = BATCH if library.tracks <= LARGE else 50 * BATCH
    releases, spent = library.releases(), 0.0
    while batch := list(itertools.islice(releases, batch_size // ALBUM_TRACKS)):
        tracks = [track for _, of_album in batch for track in of_album]
        started = time.perf_counter()
        store.put_many(TRACKS, tracks)
        spent += time.perf_counter() - started
        store.put_many(ALBUMS, [album for album, _ in batch])
    for first in range(0, len(library.artists), BATCH):
        store.put_many(ARTISTS, library.artists[first : first + BATCH])
    return round(library.tracks / spent)


def search(store: Store, text: str) -> None:
    """Ask what the web asks for one letter more."""
    store.search(TRACKS, text, 8, {"missing": False})
    store.search(ALBUMS, text, 8)
    store.search(ARTISTS, text, 8)


def typed(library: Library) -> list[str]:
    """Return what is in the search box, letter after letter, of what people look for."""
    texts = []
    for track in library.chance.sample(library.sample, TYPED):
        artist = track.artists[0].name
        text = library.chance.choice(
            (track.title, track.title, artist, track.album, f"{artist} {track.title}")
        )
        texts += [text[:length] for length in range(1, len(text) + 1)]
    return texts + strangers(library)


def strangers(library: Library) -> list[str]:
    """Return pairs of words that are common, and seldom or never together in what is searched."""
    tracks = library.chance.sample(library.sample, 2 * TYPED)
    firsts = [track.title.split()[0] for track in tracks]
    return [f"{one} {other}" for one, other in zip(firsts[::2], firsts[1::2], strict=True)]


def timed(ask: Callable[[str], object], of: Sequence[object]) -> list[float]:
    """Return the milliseconds of each call, after some that are not counted."""
    for one in of[: len(of) // 10]:
        ask(one)
    spent = []
    for one in of:
        started = time.perf_counter()
        ask(one)
        spent.append((time.perf_counter() - started) * 1000)
    return spent


def p99(spent: list[float]) -> float:
    """Return what one call in a hundred exceeds."""
    return round(sorted(spent)[len(spent) * 99 // 100], 4)


def sqlite_alone(path: Path, library: Library) -> dict[str, object]:
    """Return what sqlite3 alone takes for the same, with nothing of Antiphon's around it."""
    ids = [library.chance.choice(library.sample).id for _ in range(GETS)]
    places = [
        position(album, ("sort",)) for album in library.chance.choices(library.albums, k=PAGES)
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:

        def ask(sql: str) -> Callable[[Sequence[object]], object]:
            return lambda values: raw.execute(sql, values).fetchall()

        gets = timed(ask("SELECT doc FROM tracks WHERE id = ?"), [(id,) for id in ids])
        pages = timed(
            ask("SELECT doc FROM albums WHERE (sort, id) > (?, ?) ORDER BY sort, id LIMIT 51"),
            places,
        )
        ranked = (
            "SELECT doc FROM tracks_fts CROSS JOIN tracks ON n = tracks_fts.rowid WHERE missing = 0"
            " AND tracks_fts MATCH ? ORDER BY rank LIMIT 8"
        )
        matches = [
            (" ".join(f'"{word}"*' for word in words(text)),) for text in typed(library)[::10]
        ]
        searches = timed(ask(ranked), matches)
        writes = plain_writes_per_s(raw, library)
    return {
        "get_p99_ms": {"sqlite3_by_key_p99_ms": p99(gets)},
        "albums_page_p99_ms": {"sqlite3_page_p99_ms": p99(pages)},
        "search_p99_ms": {"fts5_bm25_of_tracks_p99_ms": p99(searches)},
        "batch_docs_per_s": {"sqlite3_key_and_bytes_per_s": writes},
    }


def plain_writes_per_s(raw: sqlite3.Connection, library: Library) -> float:
    """Return how many documents a second a table of keys and bytes alone takes."""
    rows = [(track.id, msgspec.json.encode(track)) for track in library.sample]
    raw.execute("CREATE TABLE plain (id TEXT PRIMARY KEY, doc BLOB)")
    started = time.perf_counter()
    for first in range(0, len(rows), BATCH):
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("INSERT OR REPLACE INTO plain VALUES (?, ?)", rows[first : first + BATCH])
        raw.execute("COMMIT")
    return round(len(rows) / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
