"""Item neighbours: what was wanted together, as one sparse table from item to item."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from scipy.sparse import csr_array, vstack

from antiphon.taste.interactions import History, Interactions, Ints, Matrix, matrix, rows
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.scaling import power, pruned, scaled, shares, strengths
from antiphon.taste.space import Span

SPACE = {
    "user_exponent": Span(0.0, 1.0),
    "item_exponent": Span(0.0, 1.0),
    "target_exponent": Span(0.0, 1.0),
}
# Rows of the item-item table that are made at once.
_BLOCK = 1024


class NeighboursParameters(msgspec.Struct, frozen=True, kw_only=True):
    """How near two items are: an item's column is scaled by its count to these powers.

    `user_exponent` scales the users (1: each has one vote to give), `item_exponent` the items of
    the history and `target_exponent` those that are scored; `count` is how many neighbours are kept
    of each.
    """

    user_exponent: float = 0.5
    item_exponent: float = 0.5
    target_exponent: float = 0.4
    count: int = 200


@dataclass(frozen=True)
class Neighbours:
    """A linear model from item to item.

    `weights` (items, items) says what one play of a row's item adds to the score of a column's.
    """

    items: tuple[str, ...]
    weights: csr_array

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the sum of the damped history's rows of `weights`."""
        table = strengths(rows(histories, len(self.items)))
        if len(histories) == 1:
            return self._sum(table.indices, table.data)[None]
        found: Matrix = (table @ self.weights).toarray()
        return found

    def _sum(self, items: Ints, strength: Matrix) -> Matrix:
        """Return the sum of some rows: five times as fast as a product of sparse matrices."""
        of_items = self.weights[items]
        terms = of_items.data * np.repeat(strength, np.diff(of_items.indptr))
        found = np.bincount(of_items.indices, terms, len(self.items))
        return found.astype(np.float32)

    def contributions(self, history: History, item: int) -> Matrix:
        """Return each entry's term of the sum."""
        found: Matrix = self.explain(history, np.array([item], np.int32))[0]
        return found

    def explain(self, history: History, items: Ints) -> Matrix:
        """Return each entry's term of the score of each of `items`, (items, entries)."""
        columns = self.weights[history.items][:, items].toarray()
        found: Matrix = shares(history) * columns.T
        return found


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: NeighboursParameters | None = None,
) -> Neighbours:
    """Count what was wanted together: W = D_I^-a X' D_U^-b X D_I^-c without its diagonal.

    With exponents 1/2, 1/2 and 0 it is the cosine; with a = 1, b = 1 and c below 1 it is RP3-beta
    (Paudel et al. 2016, "Updatable, accurate, diverse, and scalable recommendations").
    """
    del features
    parameters = parameters or NeighboursParameters()
    wanted = strengths(matrix(interactions))
    users = power(wanted.sum(axis=1), -parameters.user_exponent)
    counts = wanted.sum(axis=0)
    source = scaled(wanted, users, power(counts, -parameters.item_exponent)).T.tocsr()
    target = scaled(wanted, np.ones_like(users), power(counts, -parameters.target_exponent))
    blocks = [
        _without_own(csr_array(source[start : start + _BLOCK] @ target), start, parameters.count)
        for start in range(0, len(interactions.items), _BLOCK)
    ]
    return Neighbours(interactions.items, stacked(blocks, len(interactions.items)))


def _without_own(table: csr_array, start: int, count: int) -> csr_array:
    block: Matrix = table.toarray()
    places = np.arange(len(block))
    block[places, start + places] = 0
    return pruned(block, count)


def stacked(blocks: Sequence[csr_array], items: int) -> csr_array:
    """Put blocks of rows under each other, (sum of rows, items) float32."""
    if not blocks:
        return csr_array((0, items), dtype=np.float32)
    return csr_array(vstack(blocks, format="csr", dtype=np.float32))
