"""Who listened to what, as arrays: what every model is fitted on, and what it answers from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Interactions:
    """What listeners did, as parallel arrays (n,) in the order of time.

    `user` and `item` are places in `users` and `items`, which are ids. `weight` says how much the
    item was wanted; a negative one, that it was refused. `at` is in milliseconds, 0 where nobody
    knows. `session` numbers the sittings, each of one user; -1 where nobody knows.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    user: Ints
    item: Ints
    weight: Matrix
    at: Longs
    session: Ints

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True)
class History:
    """What one listener did, as parallel arrays (n,), oldest first.

    `items` are places in a model's catalogue. The last `sitting` of them belong to the session that
    is going on (0: none is, or nobody knows), and `now` is the moment to answer for, in
    milliseconds.
    """

    items: Ints
    weights: Matrix
    at: Longs
    sitting: int = 0
    now: int = 0

    def __len__(self) -> int:
        return len(self.items)


def only(interactions: Interactions, kept: NDArray[np.bool_]) -> Interactions:
    """Return those where `kept` (n,) is true, of the same users and items."""
    return Interactions(
        interactions.users,
        interactions.items,
        interactions.user[kept],
        interactions.item[kept],
        interactions.weight[kept],
        interactions.at[kept],
        interactions.session[kept],
    )


def matrix(interactions: Interactions) -> csr_array:
    """Return how much each user wanted each item, (users, items) float32: positive weights, summed.

    What was wanted and refused counts as wanted by what remains of the weight, if any does.
    """
    shape = (len(interactions.users), len(interactions.items))
    places = (interactions.user, interactions.item)
    summed = csr_array((interactions.weight, places), shape=shape, dtype=np.float32)
    summed.sum_duplicates()
    summed.data = np.maximum(summed.data, 0.0)
    summed.eliminate_zeros()
    return summed


def histories(interactions: Interactions) -> list[History]:
    """Return the history of each user, in the order of `users`; one without any is empty."""
    order = np.argsort(interactions.user, kind="stable")
    ends = np.searchsorted(interactions.user[order], np.arange(1, len(interactions.users)))
    return [
        History(interactions.item[part], interactions.weight[part], interactions.at[part])
        for part in np.split(order, ends)
    ]


def rows(batch: Sequence[History], items: int) -> csr_array:
    """Return histories as a matrix (len(batch), items) float32, weights summed, signs kept."""
    lengths = [len(history) for history in batch]
    pointers = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    columns = np.concatenate([np.empty(0, np.int32), *(history.items for history in batch)])
    weights = np.concatenate([np.empty(0, np.float32), *(history.weights for history in batch)])
    found = csr_array((weights, columns, pointers), shape=(len(batch), items), dtype=np.float32)
    found.sum_duplicates()
    return found
