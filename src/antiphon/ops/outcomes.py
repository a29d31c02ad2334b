"""What came of what was recommended: counted for each listener, page by page, and how sure it is.

Memory grows with the listeners, never with what they heard.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.intervals import CONFIDENCE, DRAWS
from antiphon.evaluation.results import Figure
from antiphon.model import Listen, Showing
from antiphon.store import Range, Store, position
from antiphon.store.port import Collection, D
from antiphon.store.schema import LISTENS, SHOWINGS

# Listener, surface, generator; without the last two it was the listener who chose.
Key = tuple[str, str, str]
Counts = NDArray[np.float64]
# The normal quantile of the intervals' confidence.
_Z = 1.959964
_PAGE = 5_000
_ORDER = ("user_id", "at")
# Weights of so many listeners are drawn at once: 32 MB.
_CELLS = 4_000_000


class Tally(msgspec.Struct):
    """How often tracks were shown and heard, and how that ended; a play or a skip by their rules.

    A track that stands in five answers in a row was shown five times.
    """

    shown: int = 0
    listens: int = 0
    plays: int = 0
    skips: int = 0
    completed: int = 0

    def add(self, other: "Tally") -> None:
        """Count what another one counted too."""
        self.shown += other.shown
        self.listens += other.listens
        self.plays += other.plays
        self.skips += other.skips
        self.completed += other.completed


def tallies(store: Store, since: int, user_id: str | None = None) -> dict[Key, Tally]:
    """Return what was shown and heard from `since` on, for each listener, surface and generator."""
    found: defaultdict[Key, Tally] = defaultdict(Tally)
    where: dict[str, Any] = {"at": Range(gte=since)}
    if user_id is not None:
        where["user_id"] = user_id
    for showing in every(store, SHOWINGS, where):
        _count_showing(found, showing)
    for listen in every(store, LISTENS, where):
        _count_listen(found, listen)
    return dict(found)


def is_skip(listen: Listen) -> bool:
    """Say whether it was ended by hand before it was a play."""
    return listen.ended == "skipped" and not listen.played


def together(parts: Iterable[Tally]) -> Tally:
    """Return all that was counted."""
    total = Tally()
    for part in parts:
        total.add(part)
    return total


def rates(hits: Counts, totals: Counts) -> list[Figure | None]:
    """Return the share of hits in totals, both (listeners, things), of each thing that has any.

    The interval is the wider of two: Wilson's (1927), as if each listen were on its own, and the
    percentile bootstrap over listeners (Field & Welsh 2007), whose listens are drawn together. So
    one listener has an interval too, and none is a point where nobody skipped anything yet.
    """
    hit, total = hits.sum(axis=0), totals.sum(axis=0)
    low, high = _wilson(hit, total)
    if len(hits) > 1:
        drawn_low, drawn_high = _clustered(hits, totals)
        low, high = np.fmin(low, drawn_low), np.fmax(high, drawn_high)
    return [
        Figure(float(hit[n] / total[n]), float(low[n]), float(high[n])) if total[n] else None
        for n in range(len(total))
    ]


def _count_showing(found: Mapping[Key, Tally], showing: Showing) -> None:
    for item in showing.items:
        found[showing.user_id, showing.surface, item.generator].shown += 1


def _count_listen(found: Mapping[Key, Tally], listen: Listen) -> None:
    tally = found[listen.user_id, listen.surface, listen.generator]
    tally.listens += 1
    tally.plays += listen.played
    tally.skips += is_skip(listen)
    tally.completed += listen.ended == "completed"


def _wilson(hit: Counts, total: Counts) -> tuple[Counts, Counts]:
    n = np.maximum(total, 1.0)
    share = hit / n
    middle = share + _Z**2 / (2 * n)
    half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    return np.maximum((middle - half) / scale, 0.0), np.minimum((middle + half) / scale, 1.0)


def _clustered(hits: Counts, totals: Counts) -> tuple[Counts, Counts]:
    """Return between what the shares lie when listeners are drawn anew; NaN where nobody is."""
    chance = np.random.default_rng(0)
    count = len(hits)
    size = max(1, _CELLS // count)
    shares = []
    for start in range(0, DRAWS, size):
        draws = min(size, DRAWS - start)
        times = chance.multinomial(count, np.full(count, 1 / count), draws).astype(np.float64)
        drawn = times @ totals
        shares.append(np.where(drawn > 0, times @ hits / np.maximum(drawn, 1.0), np.nan))
    tail = (1 - CONFIDENCE) / 2
    together = np.concatenate(shares)
    # What nobody heard has no shares to draw from, and NumPy would warn of it.
    heard = totals.sum(axis=0) > 0
    bounds = np.full((2, hits.shape[1]), np.nan)
    bounds[:, heard] = np.nanquantile(together[:, heard], [tail, 1 - tail], axis=0)
    return bounds[0], bounds[1]


def every(store: Store, collection: Collection[D], where: Mapping[str, Any]) -> Iterator[D]:
    """Yield what meets the conditions, listener by listener in the order of time, page by page."""
    after = None
    while page := store.find(collection, where, _ORDER, limit=_PAGE, after=after):
        yield from page
        after = position(page[-1], _ORDER)
