"""Candidates for next tracks, described: asked for now, or as they were at moments of a replay."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.taste.interactions import Interactions, Ints, Longs, Matrix
from antiphon.taste.session_log import NONE, SessionLog

# Questions that are described at a time.
_BATCH = 1000


@dataclass(frozen=True)
class Candidates:
    """Items (rows,) and what is known of each (rows, features), `counts` of them a question."""

    items: Ints
    features: Matrix
    counts: Longs


@dataclass(frozen=True)
class Clicks:
    """Clicks in the order of time, (n,): item, moment, session from 0, and place in its session.

    `rows` holds the items session after session, of which each begins at `starts`.
    """

    item: Ints
    at: Longs
    session: Longs
    place: Longs
    rows: Ints
    starts: Longs

    def prefix(self, click: int | np.integer[Any]) -> Ints:
        """Return what was clicked before it in its session."""
        start = self.starts[self.session[click]]
        found: Ints = self.rows[start : start + self.place[click]]
        return found


def clicks(interactions: Interactions, names: Longs) -> Clicks:
    """Return interactions as clicks of the sessions of these names (n,).

    Where nobody knows the time, each is a moment of its own: they are in the order of time.
    """
    known, session = np.unique(names, return_inverse=True)
    order = np.argsort(session, kind="stable")
    lengths = np.bincount(session, minlength=len(known))
    starts = np.cumsum(lengths) - lengths
    place = np.empty(len(session), np.int64)
    place[order] = np.arange(len(session)) - np.repeat(starts, lengths)
    at = interactions.at if interactions.at.any() else np.arange(len(session))
    return Clicks(interactions.item, at, session, place, interactions.item[order], starts)


def of_prefixes(
    log: SessionLog, vectors: Matrix, near: Ints, prefixes: Sequence[Ints]
) -> Candidates:
    """Describe the candidates of prefixes, none of them empty."""
    from antiphon.taste import session_features  # noqa: PLC0415 - numba takes seconds to load

    room = _Room(len(prefixes))
    own = np.full(len(prefixes), NONE, np.int64)
    joined, ends = _joined(prefixes)
    session_features.describe_each(
        log, joined, ends, own, vectors, near, room.items, room.features, room.counts
    )
    return room.filled()


def of_replay(
    log: SessionLog, vectors: Matrix, near: Ints, later: Clicks, asked: NDArray[np.bool_]
) -> Iterator[tuple[Candidates, Ints]]:
    """Add later clicks to the log, and describe what was likely just before those `asked` (n,).

    Yield candidates and targets for a number of questions at a time, in the order of time. What is
    added at the same moment is not known yet, nor is a session known to itself.
    """
    from antiphon.taste import session_features  # noqa: PLC0415 - numba takes seconds to load

    names = np.full(len(later.starts), NONE, np.int64)
    for start, end in _pieces(later.at, asked):
        places = np.flatnonzero(asked[start:end]) + start
        number = np.full(end - start, NONE, np.int64)
        number[places - start] = np.arange(len(places))
        room = _Room(len(places))
        piece = slice(start, end)
        joined, ends = _joined([later.prefix(place) for place in places])
        session_features.replay(
            log,
            later.item[piece],
            later.at[piece],
            later.session[piece],
            names,
            number,
            joined,
            ends,
            vectors,
            near,
            room.items,
            room.features,
            room.counts,
        )
        yield room.filled(), later.item[places]


def _pieces(at: Longs, asked: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield ends of pieces with about so many questions each, never within one moment."""
    start = 0
    for place in np.flatnonzero(asked)[_BATCH::_BATCH]:
        end = int(np.searchsorted(at, at[place], "left"))
        if end > start:
            yield start, end
            start = end
    yield start, len(at)


class _Room:
    """Arrays to be filled with the candidates of so many questions."""

    def __init__(self, questions: int) -> None:
        from antiphon.taste.session_features import CANDIDATES, FEATURES  # noqa: PLC0415 - as above

        rows = questions * CANDIDATES
        self.items = np.empty(rows, np.int32)
        self.features = np.empty((rows, FEATURES), np.float32)
        self.counts = np.zeros(questions, np.int64)

    def filled(self) -> Candidates:
        rows = int(self.counts.sum())
        return Candidates(self.items[:rows], self.features[:rows], self.counts)


def _joined(prefixes: Sequence[Ints]) -> tuple[Ints, Longs]:
    """Return prefixes one after the other, and where each ends."""
    ends = np.cumsum([len(prefix) for prefix in prefixes], dtype=np.int64)
    return np.concatenate([np.empty(0, np.int32), *prefixes]).astype(np.int32), ends
