"""Public data sets and one's own, read into `Interactions`: what a folder holds says its format."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.errors import DataError
from antiphon.evaluation.questions import Questions, questions
from antiphon.model import Ending
from antiphon.taste.interactions import History, Interactions, Ints, histories
from antiphon.taste.memory import ENDINGS, Heard
from antiphon.taste.recommender import FeatureVectors

# The tags that most artists have; the rest are mostly words of one listener.
MOST_TAGS = 200
_TAGGED = "user_taggedartists.dat"
# Columns of a table that says how listens ended.
_WITH_ENDINGS = 8


@dataclass(frozen=True)
class Dataset:
    """What may be learnt from, and the questions that came with it, if any did.

    `artists` names the artist of each item; empty where the data do not say. `tagged` (n, 3) says
    which user gave which item which tag, as places, where "genres" come from that; see `features`.
    `heard` says how each of the interactions ended, empty where the data do not say.
    """

    name: str
    format: str
    interactions: Interactions
    test: Questions | None = None
    features: FeatureVectors = field(default_factory=dict)
    artists: tuple[str, ...] = ()
    tagged: Ints | None = None
    heard: tuple[Heard, ...] = ()

    def features_for(self, asked: Questions) -> FeatureVectors:
        """Return the features, without the tags that somebody gave to what they are asked for.

        A listener tags what they know: such a tag would give the answer away.
        """
        if self.tagged is None:
            return self.features
        pairs = asked.wanted.tocoo()
        items = len(self.interactions.items)
        answers = asked.unit[pairs.row].astype(np.int64) * items + pairs.col
        given = self.tagged[:, 0].astype(np.int64) * items + self.tagged[:, 1]
        kept = self.tagged[~np.isin(given, answers)]
        return dict(self.features) | {"genres": _genres(kept, self.interactions.items)}


def read(folder: Path) -> Dataset:
    """Read a data set of any known format.

    Raises:
        DataError: the folder has no known files, or a file is broken: its name and line.
    """
    for name, reader in _READERS.items():
        if (folder / name).is_file():
            found = reader(folder)
            if not len(found.interactions):
                raise DataError(f"{folder / name} has nothing to learn from.")
            return found
    known = ", ".join(_READERS)
    raise DataError(f"{folder} is no data set known here: one of these files is needed: {known}.")


def lists(folder: Path) -> Dataset:
    """Read LightGCN's lists: `train.txt` and `test.txt`, a line is `user item item …`.

    There is no time and no count in them: `at` is 0 and each weight 1.
    """
    learnt = _pairs(folder / "train.txt")
    has_test = (folder / "test.txt").is_file()
    asked = _pairs(folder / "test.txt") if has_test else np.empty((0, 2), np.int64)
    users, items = (np.unique(np.concatenate([learnt, asked])[:, side]) for side in (0, 1))
    interactions = of_arrays(_ids(users), _ids(items), *_places(learnt, users, items))
    if not has_test:
        return Dataset(folder.name, "lightgcn", interactions)
    user, item = _places(asked, users, items)
    order = np.argsort(user, kind="stable")
    wanted = np.split(item[order], np.searchsorted(user[order], np.arange(1, len(users))))
    test = questions(histories(interactions), wanted, len(items))
    return Dataset(folder.name, "lightgcn", interactions, test)


def hetrec(folder: Path) -> Dataset:
    """Read HetRec 2011's Last.fm: how often listeners played artists, and tags as "genres".

    A weight is log2(1 + plays). An artist's vector counts the listeners that gave each of the
    MOST_TAGS most used tags. An item here *is* an artist.
    """
    path = folder / "user_artists.dat"
    table = np.array(list(_table(path, 3)), np.int64).reshape(-1, 3)
    users, items = np.unique(table[:, 0]), np.unique(table[:, 1])
    places = _places(table[:, :2], users, items)
    plays = np.log2(1.0 + table[:, 2]).astype(np.float32)
    interactions = of_arrays(_ids(users), _ids(items), *places, weight=plays)
    if not (folder / _TAGGED).is_file():
        return Dataset(folder.name, "hetrec", interactions)
    given = np.array(list(_table(folder / _TAGGED, 6)), np.int64).reshape(-1, 6)[:, :3]
    given = given[np.isin(given[:, 0], users) & np.isin(given[:, 1], items)]
    columns = zip(given.T, (users, items, np.unique(given[:, 2])), strict=True)
    tagged = np.stack([np.searchsorted(ids, column) for column, ids in columns], axis=1)
    features = {"genres": _genres(tagged, interactions.items)}
    return Dataset(
        folder.name, "hetrec", interactions, features=features, tagged=tagged.astype(np.int32)
    )


def sessions(folder: Path) -> Dataset:
    """Read listening sessions: `train_sessions.txt`, a session a line, oldest first.

    What is asked comes from `test_prefix_target.txt` (tracks, tab, the next track) or else from
    `test_sessions_timed.txt`. Nobody says who listened: each session is a user of its own.
    """
    learnt = [row for _, row in _rows(folder / "train_sessions.txt")]
    asked = list(_prefixes(folder / "test_prefix_target.txt"))
    timed = timed_clicks(folder / "test_sessions_timed.txt")
    clicks = np.fromiter(chain.from_iterable(learnt), np.int64)
    named = chain.from_iterable([*prefix, target] for _, prefix, target in asked)
    items = np.unique(np.concatenate([clicks, np.fromiter(named, np.int64), timed[:, 1]]))
    lengths = [len(row) for row in learnt]
    session = np.repeat(np.arange(len(learnt), dtype=np.int32), lengths)
    item = np.searchsorted(items, clicks).astype(np.int32)
    users = tuple(f"s{place}" for place in range(len(learnt)))
    interactions = of_arrays(users, _ids(items), session, item, session=session)
    test = _next_tracks(asked or _of_sessions(timed), items)
    return Dataset(folder.name, "sessions", interactions, test)


def timed_sessions(path: Path, items: Sequence[str]) -> Interactions:
    """Read sessions of `track:unixtime`, a session a line, in the order of time.

    `items` is the catalogue they are placed in; tracks that it lacks are left out.
    """
    clicks = timed_clicks(path)
    place = {id: place for place, id in enumerate(items)}
    item = np.array([place.get(str(id), -1) for id in clicks[:, 1]], np.int32)
    known = item >= 0
    session, at = clicks[known, 0].astype(np.int32), clicks[known, 2] * 1000
    users = tuple(f"t{place}" for place in range(int(session.max(initial=-1)) + 1))
    order = np.argsort(at, kind="stable")
    return of_arrays(
        users, tuple(items), session[order], item[known][order], at=at[order],
        session=session[order],
    )  # fmt: skip


def timed_clicks(path: Path) -> NDArray[np.int64]:
    """Return session, track and Unix time of each click (n, 3), in the order of the file."""
    if not path.is_file():
        return np.empty((0, 3), np.int64)
    found: list[tuple[int, int, int]] = []
    for number, line in _lines(path):
        for click in line.split():
            track, _, at = click.partition(":")
            found.append((number - 1, _whole(track, path, number), _whole(at, path, number)))
    return np.array(found, np.int64).reshape(-1, 3)


def table(folder: Path) -> Dataset:
    """Read `train.tsv`: a header, then user, item, weight, at (ms) and session, tab-separated.

    That is what `antiphon evaluate --out` writes, and how one's own data may be brought. Where it
    is known how listens ended, three columns more say so: completed, skipped or stopped, played_ms
    and duration_ms.
    """
    path = folder / "train.tsv"
    rows = [(number, line.split("\t")) for number, line in _lines(path)][1:]
    columns = len(rows[0][1]) if rows and len(rows[0][1]) == _WITH_ENDINGS else 5
    for number, row in rows:
        if len(row) != columns:
            raise DataError(
                f"{path}, line {number}: {columns} columns are needed, there are {len(row)}."
            )
    weight = np.array([_number(row[2], path, number) for number, row in rows], np.float32)
    at, session = (
        np.array([_whole(row[column], path, number, least=-1) for number, row in rows], np.int64)
        for column in (3, 4)
    )
    users, user = np.unique([row[0] for _, row in rows], return_inverse=True)
    items, item = np.unique([row[1] for _, row in rows], return_inverse=True)
    order = np.argsort(at, kind="stable")
    interactions = Interactions(
        tuple(map(str, users)), tuple(map(str, items)), user[order].astype(np.int32),
        item[order].astype(np.int32), weight[order], at[order], session[order].astype(np.int32),
    )  # fmt: skip
    in_time = [rows[place] for place in order.tolist()] if columns == _WITH_ENDINGS else []
    heard = tuple(_heard(path, number, row) for number, row in in_time)
    return Dataset(folder.name, "table", interactions, heard=heard)


def _heard(path: Path, number: int, row: Sequence[str]) -> Heard:
    ended = cast("Ending", row[5])
    if ended not in ENDINGS:
        raise DataError(f"{path}, line {number}: {ended!r} is none of {', '.join(ENDINGS)}.")
    played_ms, duration_ms = (_whole(word, path, number) for word in row[6:])
    at = _whole(row[3], path, number, least=-1)
    return Heard(row[1], at, played_ms, duration_ms, ENDINGS.index(ended))


_READERS = {
    "train_sessions.txt": sessions,
    "user_artists.dat": hetrec,
    "train.tsv": table,
    "train.txt": lists,
}


def of_arrays(
    users: tuple[str, ...],
    items: tuple[str, ...],
    user: Ints,
    item: Ints,
    *,
    weight: NDArray[np.float32] | None = None,
    at: NDArray[np.int64] | None = None,
    session: Ints | None = None,
) -> Interactions:
    """Return interactions of weight 1 at no known time in no known session, unless given."""
    count = len(item)
    return Interactions(
        users,
        items,
        user,
        item,
        np.ones(count, np.float32) if weight is None else weight,
        np.zeros(count, np.int64) if at is None else at,
        np.full(count, -1, np.int32) if session is None else session,
    )


def sitting(items: Ints) -> History:
    """Return the history of somebody of whom only the present session is known."""
    count = len(items)
    return History(items, np.ones(count, np.float32), np.zeros(count, np.int64), sitting=count)


def _pairs(path: Path) -> NDArray[np.int64]:
    found = [(row[0], item) for _, row in _rows(path) if row for item in row[1:]]
    return np.array(found, np.int64).reshape(-1, 2)


def _places(pairs: NDArray[np.int64], *known: NDArray[np.int64]) -> tuple[Ints, Ints]:
    first, second = (np.searchsorted(ids, pairs[:, side]) for side, ids in enumerate(known))
    return first.astype(np.int32), second.astype(np.int32)


def _ids(numbers: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(map(str, numbers.tolist()))


def _prefixes(path: Path) -> Iterator[tuple[int, list[int], int]]:
    """Yield session, tracks and next track; a session's prefixes stand one after the other."""
    session, last = -1, [-1]
    for number, line in _lines(path) if path.is_file() else ():
        tracks, _, target = line.partition("\t")
        prefix = [_whole(track, path, number) for track in tracks.split()]
        now = [*prefix, _whole(target, path, number)]
        if not prefix:
            raise DataError(f"{path}, line {number}: there is no track before the tab.")
        session += now not in (last[:-1], last)
        last = now
        yield session, prefix, now[-1]


def _of_sessions(clicks: NDArray[np.int64]) -> list[tuple[int, list[int], int]]:
    tracks: dict[int, list[int]] = {}
    for session, track, _ in clicks.tolist():
        tracks.setdefault(session, []).append(track)
    return [
        (session, row[:end], row[end])
        for session, row in tracks.items()
        for end in range(1, len(row))
    ]


def _next_tracks(
    asked: Sequence[tuple[int, list[int], int]], items: NDArray[np.int64]
) -> Questions | None:
    if not asked:
        return None
    prefixes = [sitting(np.searchsorted(items, prefix).astype(np.int32)) for _, prefix, _ in asked]
    targets = np.searchsorted(items, [target for *_, target in asked]).astype(np.int32)
    unit = np.array([session for session, *_ in asked], np.int32)
    return questions(prefixes, list(targets.reshape(-1, 1)), len(items), unit)


def _genres(
    tagged: NDArray[np.integer], items: tuple[str, ...]
) -> Mapping[str, NDArray[np.float32]]:
    """Return how many gave each item each of the MOST_TAGS tags; items without any are left out."""
    counts = np.bincount(tagged[:, 2], minlength=1)
    most = np.sort(np.argsort(-counts, kind="stable")[:MOST_TAGS])
    tagged = tagged[np.isin(tagged[:, 2], most)]
    vectors = np.zeros((len(items), len(most)), np.float32)
    np.add.at(vectors, (tagged[:, 1], np.searchsorted(most, tagged[:, 2])), 1.0)
    return {items[place]: vectors[place] for place in np.flatnonzero(vectors.any(axis=1))}


def _table(path: Path, columns: int) -> Iterator[list[int]]:
    """Yield the numbers of a table with a header; Last.fm's are in Latin-1."""
    for number, row in _rows(path, skip=1, encoding="latin-1"):
        if len(row) != columns:
            raise DataError(
                f"{path}, line {number}: {columns} columns are needed, there are {len(row)}."
            )
        yield row


def _rows(path: Path, skip: int = 0, encoding: str = "utf-8") -> Iterator[tuple[int, list[int]]]:
    for number, line in _lines(path, encoding):
        if number > skip:
            yield number, [_whole(word, path, number) for word in line.split()]


def _lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with path.open(encoding=encoding) as lines:
            for number, line in enumerate(lines, 1):
                yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, after line {number}: this is no text ({error.reason}).") from None


def _whole(word: str, path: Path, number: int, least: int = 0) -> int:
    try:
        found = int(word)
    except ValueError:
        raise DataError(f"{path}, line {number}: {word!r} is no whole number.") from None
    if not least <= found < 2**62:
        raise DataError(f"{path}, line {number}: {word} is too small or too large for a number.")
    return found


def _number(word: str, path: Path, number: int) -> float:
    try:
        found = float(word)
    except ValueError:
        found = float("nan")
    if not np.isfinite(found):
        raise DataError(f"{path}, line {number}: {word!r} is no number.")
    return found
