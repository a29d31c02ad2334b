"""What a model is asked, and what would have been right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.taste.interactions import History, Ints


@dataclass(frozen=True)
class Questions:
    """Histories and what came after them, parallel (n,).

    `wanted` (n, items) holds a 1 for each item that would be right. `unit` (n,) numbers what was
    drawn together, a user or a session: intervals draw these, not single questions.
    """

    histories: Sequence[History]
    wanted: csr_array
    unit: Ints

    def __len__(self) -> int:
        return len(self.histories)


def questions(
    histories: Sequence[History],
    wanted: Sequence[Sequence[int] | Ints],
    items: int,
    unit: Ints | None = None,
) -> Questions:
    """Return the questions whose right answers are the places `wanted`; without any, none."""
    asked = [place for place, right in enumerate(wanted) if len(right)]
    right = [np.unique(np.asarray(wanted[place], np.int32)) for place in asked]
    pointers = np.concatenate([[0], np.cumsum([len(each) for each in right], dtype=np.int64)])
    columns = np.concatenate([np.empty(0, np.int32), *right])
    ones = np.ones(len(columns), np.float32)
    units = np.arange(len(wanted), dtype=np.int32) if unit is None else unit
    return Questions(
        [histories[place] for place in asked],
        csr_array((ones, columns, pointers), shape=(len(asked), items)),
        units[asked].astype(np.int32),
    )


def some(asked: Questions, count: int, seed: int) -> Questions:
    """Return at most `count` of the questions, drawn by `seed`, in their order."""
    if len(asked) <= count:
        return asked
    drawn = np.sort(np.random.default_rng(seed).choice(len(asked), count, replace=False))
    return take(asked, drawn)


def take(asked: Questions, places: NDArray[np.integer]) -> Questions:
    """Return the questions at these places."""
    return Questions(
        [asked.histories[place] for place in places], asked.wanted[places], asked.unit[places]
    )


def relabelled(asked: Questions, seed: int) -> Questions:
    """Return the questions with the names of the right answers shuffled: nobody can know them.

    Every item stands for another one, so that neither a listener's taste nor popularity helps.
    """
    names = np.random.default_rng(seed).permutation(asked.wanted.shape[1])
    return Questions(asked.histories, csr_array(asked.wanted[:, names]), asked.unit)
