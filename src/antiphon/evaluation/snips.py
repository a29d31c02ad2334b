"""What another policy would have been worth, from what was logged with its probabilities.

The self-normalised estimator (SNIPS, Swaminathan & Joachims 2015): each logged outcome r counts
by w = π(a|x) / π₀(a|x), how much likelier the new policy π was to do the same in the same place as
the logged one π₀, and the value is Σ w·r / Σ w. Weights are clipped at √n (truncated importance
sampling, Ionides 2008): a bias towards the logged policy that goes as the log grows, for much less
variance.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.intervals import CONFIDENCE, DRAWS
from antiphon.evaluation.results import Figure
from antiphon.taste.interactions import Ints

Floats = NDArray[np.float64]


class Estimate(msgspec.Struct, frozen=True):
    """What the new policy is worth, what the logged one was, and by how much the new one is better.

    `effective` is how many outcomes of the new policy's own the `outcomes` are as good as (Kong
    1992); `clipped` of them had a weight above √n. `mean_weight` is 1 but for chance if the
    log tells the truth and the logged policy could do what the new one does.
    """

    new: Figure
    logged: Figure
    better: Figure
    outcomes: int
    effective: float
    clipped: int
    mean_weight: float


def estimate(reward: Floats, new: Floats, logged: Floats, unit: Ints) -> Estimate:
    """Return the estimate from outcomes (n,): rewards, and both policies' probabilities of each.

    `logged` MUST be more than 0. Outcomes of one `unit` are drawn together in the intervals, which
    are percentile bootstraps.

    Raises:
        ValueError: there are no outcomes, or the new policy would have done none of what was done.
    """
    ratio, most = new / logged, np.sqrt(len(reward))
    weight = np.minimum(ratio, most)
    if not weight.sum() > 0:
        raise ValueError("the new policy would have done nothing of what was done")
    sums = _sums(unit, np.stack([weight * reward, weight, reward, np.ones(len(reward))]))
    drawn = _values(_drawn(sums))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=1)
    value = _values(sums.sum(axis=1, keepdims=True))[:, 0]
    found = [Figure(float(value[n]), float(low[n]), float(high[n])) for n in range(3)]
    return Estimate(
        new=found[0],
        logged=found[1],
        better=found[2],
        outcomes=len(reward),
        effective=float(weight.sum() ** 2 / (weight**2).sum()),
        clipped=int((ratio > most).sum()),
        mean_weight=float(ratio.mean()),
    )


def _sums(unit: Ints, values: Floats) -> Floats:
    """Sum values (things, n) up by unit, (things, units)."""
    _, place = np.unique(unit, return_inverse=True)
    return np.stack([np.bincount(place, row) for row in values])


def _drawn(sums: Floats) -> Floats:
    """Return the sums (things, DRAWS) of as many units, drawn anew with replacement."""
    chance = np.random.default_rng(0)
    count = sums.shape[1]
    draws = (chance.integers(0, count, count) for _ in range(DRAWS))
    return np.stack([sums[:, units].sum(axis=1) for units in draws], axis=1)


def _values(sums: Floats) -> Floats:
    """Return the new policy's value, the logged one's and their difference, (3, draws)."""
    # A draw of units in which the new policy would have done nothing says nothing.
    of_new = np.where(sums[1] > 0, sums[1], np.nan)
    new, logged = sums[0] / of_new, sums[2] / sums[3]
    return np.stack([new, logged, new - logged])
