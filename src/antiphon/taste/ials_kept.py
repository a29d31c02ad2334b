"""Listeners' systems, kept and updated as they play instead of solved anew for each answer.

What a listener's vector needs of a history is B = (D + V_H' W V_H)^-1, (d, d); see `ials`. When the
weight of a track with vector v changes by w, that changes one rank (Sherman and Morrison 1950):

    B <- B - B v v' B / (1 / w + v' B v)

What regularises a listener grows with each track by a step for all dimensions alike, which is none.
With s its sum since B was solved, (B^-1 + s)^-1 = B - s B B + …, of which two terms are used while
s is small. A system that changed often, or much, is solved anew.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from antiphon.taste.interactions import History, Ints, Matrix

# Systems kept, of 37 kB each where there are 128 dimensions and 500 tracks: half of B, as it is
# symmetric, and the tracks. Below so many tracks for each dimension they are solved as fast.
KEPT = 256
WORTH_IT = 0.5
# What has come since is looked for among so many of the latest entries, and is at most so much.
LATEST = 4
CHANGES = 8
# A system is solved anew after so many changes, and once it is regularised so much more.
UPDATES = 50
GROWTH = 0.01
_ROUNDING = 1e-5
Key = tuple[int, int]


@dataclass(frozen=True)
class Kept:
    """A listener's B, `inverse`, solved for a regulariser `own`, after so many `updates`.

    `items` (n,), each once in their order, have the `sizes` (n,) of their damped weights.
    """

    inverse: Matrix
    own: float
    items: Ints
    sizes: Matrix
    updates: int = 0


class Systems:
    """The systems of the listeners who were asked for last, found by what they did last.

    No listener is named: a history that goes on from another one finds that one's system by the
    entries that both have, and what differs is counted, not assumed. Several threads may ask.
    """

    def __init__(self, dimensions: int) -> None:
        self._half = np.triu_indices(dimensions)
        # With half of B in place of the whole.
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def brought_up(
        self,
        history: History,
        items: Ints,
        sizes: Matrix,
        own: float,
        vectors_of: Callable[[Ints], Matrix],
    ) -> Kept | None:
        """Return the system kept, brought up to this history; None where it is to be solved anew.

        The history's `items`, each once, have weights of these `sizes`.
        """
        with self._lock:
            known = (self._kept.get(key) for key in _latest(history))
            kept = next((one for one in known if one), None)
        if kept is None or kept.updates >= UPDATES or abs(own - kept.own) > GROWTH * own:
            return None
        changed, by = _changes(kept, items, sizes)
        if len(changed) > CHANGES:
            return None
        inverse = _updated(self._whole(kept.inverse), vectors_of(changed), by)
        return Kept(inverse, kept.own, items.astype(np.int32), sizes, kept.updates + len(changed))

    def keep(self, history: History, found: Kept) -> None:
        """Keep the system of a history, in place of the one before it."""
        half = replace(found, inverse=found.inverse[self._half].astype(np.float32))
        with self._lock:
            for key in _latest(history):
                self._kept.pop(key, None)
            self._kept[next(_latest(history))] = half
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def _whole(self, half: Matrix) -> Matrix:
        dimensions = int(self._half[0][-1]) + 1
        found = np.empty((dimensions, dimensions), np.float32)
        found[self._half] = half
        found.T[self._half] = half
        return found


def _latest(history: History) -> Iterator[Key]:
    """Yield what tells a history by its latest entries, the latest first."""
    for back in range(1, min(LATEST, len(history)) + 1):
        yield int(history.items[-back]), int(history.at[-back])


def _changes(kept: Kept, items: Ints, sizes: Matrix) -> tuple[Ints, Matrix]:
    """Return the items whose sizes differ from those kept, and by how much."""
    every = np.union1d(kept.items, items)
    by = np.zeros(len(every), np.float32)
    by[np.searchsorted(every, items)] = sizes
    by[np.searchsorted(every, kept.items)] -= kept.sizes
    differs = np.flatnonzero(np.abs(by) > _ROUNDING)
    return every[differs].astype(np.int32), by[differs]


def _updated(inverse: Matrix, vectors: Matrix, by: Matrix) -> Matrix:
    """Return B after the weights of `vectors` (d, n) have changed `by` (n,)."""
    for vector, change in zip(vectors.T, by, strict=True):
        side = inverse @ vector
        inverse = inverse - np.outer(side, side / (1 / change + vector @ side))
    return inverse
