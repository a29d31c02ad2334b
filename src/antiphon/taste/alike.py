"""Listeners alike: what those wanted who wanted much of the same.

User-based neighbours (Herlocker et al. 1999, "An algorithmic framework for performing collaborative
filtering"), with the powers of Sarwar et al. 2001 and Aiolli 2013 ("Efficient top-N recommendation
for very large scale binary rated datasets"): the likeness of a history r and a listener v is
(r D_I^-b X_v) |X_v|^-a, of which the highest count, each to the power q. It is the one model of
sets that is not linear in the history: a few who are very near outweigh many who are a little so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from scipy.sparse import csr_array

from antiphon.taste.interactions import History, Interactions, Matrix, matrix, rows
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.scaling import power, scaled, shares, strengths
from antiphon.taste.space import Span

SPACE = {
    "count": Span(50, 3000, log=True),
    "sharpness": Span(1.0, 3.0),
    "user_exponent": Span(0.0, 0.75),
    "item_exponent": Span(0.0, 1.0),
    "target_exponent": Span(0.0, 0.5),
}


class AlikeParameters(msgspec.Struct, frozen=True, kw_only=True):
    """So many listeners count (`count`), by their likeness to the power `sharpness` (q).

    Listeners are scaled by `user_exponent` (a), items of the history by `item_exponent` (b) and
    those that are scored by `target_exponent`.
    """

    count: int = 500
    sharpness: float = 1.5
    user_exponent: float = 0.5
    item_exponent: float = 0.5
    target_exponent: float = 0.25


@dataclass(frozen=True)
class Alike:
    """The listeners: `source` (items, listeners) gives likeness, `target` its transpose scores."""

    items: tuple[str, ...]
    source: csr_array
    target: csr_array
    count: int
    sharpness: float

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the sum of what listeners alike wanted, each by the power of its likeness."""
        near = self._near(strengths(rows(histories, len(self.items))))
        near.data **= self.sharpness
        found: Matrix = (near @ self.target).toarray()
        return found

    def contributions(self, history: History, item: int) -> Matrix:
        """Return the score divided as each listener's likeness divides over the history."""
        near = self._near(strengths(rows([history], len(self.items))))
        near.data **= self.sharpness - 1
        wanting = (near.toarray()[0] * self.target[:, [item]].toarray()[:, 0]).astype(np.float32)
        found: Matrix = shares(history) * (self.source[history.items] @ wanting)
        return found

    def _near(self, wanted: csr_array) -> csr_array:
        """Return the likeness of the `count` listeners nearest to each row, (rows, listeners)."""
        table = csr_array(wanted @ self.source)
        for start, stop in zip(table.indptr, table.indptr[1:], strict=False):
            mine = table.data[start:stop]
            if len(mine) > self.count:
                least = np.partition(mine, len(mine) - self.count)[len(mine) - self.count]
                mine[mine < least] = 0
        table.data = np.maximum(table.data, 0)
        table.eliminate_zeros()
        return table


def fit(
    interactions: Interactions, features: FeatureVectors, parameters: AlikeParameters | None = None
) -> Alike:
    """Keep what everybody wanted, scaled."""
    del features
    parameters = parameters or AlikeParameters()
    wanted = strengths(matrix(interactions))
    counts, sizes = wanted.sum(axis=0), wanted.sum(axis=1)
    ones = np.ones_like(sizes)
    users = power(sizes, -parameters.user_exponent)
    return Alike(
        interactions.items,
        scaled(wanted, users, power(counts, -parameters.item_exponent)).T.tocsr(),
        scaled(wanted, ones, power(counts, -parameters.target_exponent)),
        parameters.count,
        parameters.sharpness,
    )
