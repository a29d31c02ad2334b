"""How sure a mean is: percentile bootstrap over users or sessions, alone and in pairs."""

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.results import Figure
from antiphon.taste.interactions import Ints

DRAWS = 1000
CONFIDENCE = 0.95


def interval(
    values: NDArray[np.float64], unit: Ints, weights: NDArray[np.float64] | None = None
) -> Figure:
    """Return the weighted mean of values (n,), and its interval when units are drawn anew.

    Questions of one unit are drawn together (a cluster bootstrap): the next tracks of one session
    are not independent. The same seed always: figures of the same questions share their draws.
    """
    weights = np.ones(len(values)) if weights is None else weights
    if not weights.sum() > 0:
        return Figure(0.0, 0.0, 0.0)
    _, place = np.unique(unit, return_inverse=True)
    sums = np.bincount(place, values * weights).astype(np.float64)
    counts = np.bincount(place, weights).astype(np.float64)
    means = _drawn(sums, counts)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Figure(float(sums.sum() / counts.sum()), float(low), float(high))


def difference(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    unit: Ints,
    weights: NDArray[np.float64] | None = None,
) -> Figure:
    """Return by how much `one` is more than `other`, on the same questions (n,), pair by pair.

    An interval that leaves out 0 is more than noise. Pairs need far fewer listeners than two
    intervals side by side, because the same questions are hard for both.
    """
    return interval(one - other, unit, weights)


def _drawn(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of DRAWS samples of the units, with replacement."""
    chance = np.random.default_rng(0)
    means = []
    for _ in range(DRAWS):
        units = chance.integers(0, len(sums), len(sums))
        total = counts[units].sum()
        if total > 0:
            means.append(sums[units].sum() / total)
    return np.asarray(means)
