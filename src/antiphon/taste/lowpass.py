"""The graph filter: what is wanted together, and the slow waves of the graph of users and items.

GF-CF (Shen et al. 2021, "How powerful is graph convolution for recommendation?",
arXiv:2108.07567): with R~ = D_U^-1/2 R D_I^-1/2 the scores of a history r are
r R~' R~ + mu r D_I^-1/2 V V' D_I^1/2, V the leading right singular vectors of R~: a linear filter
plus an ideal low-pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from antiphon.taste.interactions import History, Interactions, Matrix, matrix, rows
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.scaling import power, scaled, shares, strengths
from antiphon.taste.space import Span
from antiphon.taste.spectrum import leading

SPACE = {
    "rank": Span(32, 512, log=True),
    "slope": Span(0.0, 2.0),
    "user_exponent": Span(0.25, 0.75),
    "item_exponent": Span(0.25, 0.75),
}
# All waves together are the history itself: at most one in so many is slow.
_WAVES_OF = 4


class LowpassParameters(msgspec.Struct, frozen=True, kw_only=True):
    """The hyperparameters of the low-pass: how many waves, and how a singular value counts.

    A wave of singular value s counts s^`slope`: 0 is the ideal low-pass, 2 the item Gram itself.
    """

    rank: int = 256
    slope: float = 0.0
    user_exponent: float = 0.5
    item_exponent: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Lowpass:
    """The leading waves over the items: a history is mapped by `source`, (items, waves), to them.

    `target` (waves, items) maps them to scores.
    """

    items: tuple[str, ...]
    source: Matrix
    target: Matrix

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the filtered histories."""
        found: Matrix = (strengths(rows(histories, len(self.items))) @ self.source) @ self.target
        return found

    def from_others(self, history: History) -> Matrix:
        """Return the scores of one history, (items,): each item's as if it were not in it."""
        scores: Matrix = self.score([history])[0]
        table = strengths(rows([history], len(self.items)))
        heard = table.indices
        scores[heard] -= table.data * (self.source[heard] * self.target[:, heard].T).sum(axis=1)
        return scores

    def contributions(self, history: History, item: int) -> Matrix:
        """Return each entry's term: the filter is linear."""
        found: Matrix = shares(history) * (self.source[history.items] @ self.target[:, item])
        return found


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: LowpassParameters | None = None,
) -> Lowpass:
    """Find the leading waves of the users and items that are there."""
    del features
    parameters = parameters or LowpassParameters()
    wanted = strengths(matrix(interactions))
    counts = wanted.sum(axis=0)
    users = power(wanted.sum(axis=1), -parameters.user_exponent)
    source = power(counts, -parameters.item_exponent)
    rank = min(parameters.rank, max(min(wanted.shape) // _WAVES_OF, 1))
    values, vectors = leading(scaled(wanted, users, source), rank, parameters.seed)
    gains = (values / max(values[:1].sum(), np.finfo(np.float32).tiny)) ** parameters.slope
    target = power(counts, parameters.item_exponent)
    return Lowpass(
        interactions.items,
        np.ascontiguousarray(vectors * source[:, None]),
        np.ascontiguousarray((vectors * gains * target[:, None]).T),
    )
