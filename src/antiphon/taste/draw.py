"""Drawing an order: the better a track, the likelier its place, and how likely is known exactly.

A Plackett-Luce order (Plackett 1975) with weights exp(l_i): of what is left, track i comes next
with the probability exp(l_i) / sum over what is left of exp(l_j). To add Gumbel noise to each l_i
and to sort draws such an order at once (Gumbel top-k: Kool et al. 2019, arXiv:1903.06059). What may
not come any more, as its artist has had enough places, only leaves the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
# A track that may still come after every place of an answer.
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Draw:
    """An order of n tracks: `order` are their places, the first drawn first, `logits` their l."""

    order: Places
    logits: Floats

    def probabilities(self, chosen: Places, at: Places, left: Places) -> Floats:
        """Return how likely each of `chosen` (k,) was at its place `at` (k,) in the answer.

        `left` (n,) says after which place of the answer each track could not come any more: its
        own, or the one that its artist had enough with.
        """
        if not len(self.logits):
            return np.ones(len(chosen))
        last_to_leave = np.argsort(-left, kind="stable")
        # Summed from those that stay longest: nothing is ever taken off, so nothing cancels out.
        sums = np.logaddexp.accumulate(self.logits[last_to_leave])
        staying = np.searchsorted(-left[last_to_leave], -at, side="right")
        found: Floats = np.exp(self.logits[chosen] - sums[staying - 1])
        return np.minimum(found, 1.0)


def drawn(scores: Sequence[float], temperature: float, noise: np.random.Generator) -> Draw:
    """Draw an order of tracks by their scores (n,), the best first.

    l = score / (temperature x standard deviation of the scores). At the temperature 0 it is the
    order of the scores, and no probability is less than one.
    """
    values = np.asarray(scores, np.float64)
    if not temperature:
        return Draw(np.arange(len(values)), np.empty(0))
    spread = float(values.std()) if len(values) else 0.0
    logits = (values - values.max(initial=-np.inf)) / (temperature * spread) if spread else values
    logits = np.zeros_like(values) if not spread else logits
    return Draw(np.argsort(-(logits + noise.gumbel(size=len(values))), kind="stable"), logits)
