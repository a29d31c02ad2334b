"""Who is near to whom among points: found once for each point that is asked for, and then kept."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import numpy as np

from antiphon.taste.coarse import coarse
from antiphon.taste.interactions import Ints, Matrix

# Raising the cosine to this power lets the nearest speak and silences the many that are far.
SHARPNESS = 3
# About so many neighbours are kept of each point. With a twentieth of 1,990 tracks of the Free
# Music Archive kept, recommendations were of the listener's two genres as often as with all: .546.
NEIGHBOURS = 1000
# Points whose neighbours are remembered, 8 kB each: of many listeners, as each that is not there
# takes as long as a tenth of an answer.
KEPT = 8192
# Points for which neighbours are looked for at once, so that little memory is needed.
_BLOCK = 16
_SAMPLE = 3000


class Nearest:
    """The neighbours of points, rows of length one of `vectors` (points, dimensions).

    Nearness is max(0, cosine) ** SHARPNESS. Several threads may ask.
    """

    def __init__(self, vectors: Matrix) -> None:
        self._vectors = vectors
        self._coarse = coarse(vectors)
        self._known: OrderedDict[int, tuple[Ints, Matrix]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def known(self) -> list[int]:
        """The points whose neighbours are remembered, those last that were asked for last."""
        with self._lock:
            return list(self._known)

    def of(self, points: Ints) -> list[tuple[Ints, Matrix]]:
        """Return each point's neighbours without itself, and how near they are."""
        with self._lock:
            known = {point: self._known.get(point) for point in points.tolist()}
        missing = [point for point, found in known.items() if found is None]
        for start in range(0, len(missing), _BLOCK):
            block = missing[start : start + _BLOCK]
            known.update(zip(block, self._found(block), strict=True))
        with self._lock:
            self._known.update({point: found for point, found in known.items() if found})
            for point in known:
                self._known.move_to_end(point)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return [found for found in known.values() if found]

    def between(self, points: Ints, others: Ints) -> Matrix:
        """Return how near each of `others` is to each of `points`, (others, points)."""
        cosines = self._vectors[others] @ self._vectors[points].T
        found: Matrix = np.maximum(cosines, 0.0) ** SHARPNESS
        return found

    def _found(self, points: list[int]) -> Iterator[tuple[Ints, Matrix]]:
        for point, cosines in zip(points, self._cosines(points), strict=True):
            cosines[point] = 0.0
            near = np.flatnonzero(cosines > _threshold(cosines)).astype(np.int32)
            yield near, cosines[near] ** SHARPNESS

    def _cosines(self, points: list[int]) -> Iterable[Matrix]:
        """Return the cosines of each point with all; of many to a hundredth of their spread."""
        if self._coarse is None:
            return list(self._vectors[points] @ self._vectors.T)
        return [self._coarse.products(self._vectors[point]) for point in points]


def _threshold(cosines: Matrix) -> float:
    """Return what about NEIGHBOURS of the cosines are above, judged by an even sample of them.

    To find exactly so many would take ten times as long.
    """
    if len(cosines) <= 2 * NEIGHBOURS:
        return 0.0
    sample = cosines[:: max(len(cosines) // _SAMPLE, 1)]
    rank = max(len(sample) * NEIGHBOURS // len(cosines), 1)
    return max(float(np.partition(sample, -rank)[-rank]), 0.0)
