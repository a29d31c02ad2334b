"""Repeat: which of the tracks that a listener knows is due now.

Much of what is played was played before. How likely a memory is needed again falls with the time
since it was used and grows with how often it was; ACT-R, a theory of memory, says that

    B_i = ln sum over plays j of item i of w_j t_j^-d

with t_j the time since the play and d its decay (Anderson and Schooler 1991; for music Reiter-Haas
et al. 2021, arXiv:2108.02138, and Tran et al. 2024, arXiv:2408.16578, who take d = 1/2 as ACT-R
does). A skip counts against the plays before it, the less the longer ago it was. To B_i is added

    spreading x mean over the tracks j of the present sitting of P(i in a session | j in it),

activation that spreads from what is being played; and each play is weighed by how near its hour of
the day is to the present one, exp(daily (cos(2 pi t_j / 24 h) - 1)): what is played every morning
is due in the morning. No time zone needs to be known for that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.taste.interactions import History, Interactions, Ints, Matrix
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.space import Span

SPACE = {"decay": Span(0.1, 2.0), "spreading": Span(0.0, 20.0), "daily": Span(0.0, 3.0)}

_HOUR_MS = 3_600_000
# What is being played now was played so long ago, in hours: 0 would be remembered for ever.
_LEAST_HOURS = 0.1
# Followers of an item that are kept.
_FOLLOWERS = 30
_FLOOR = 1.0


class RepeatParameters(msgspec.Struct, frozen=True, kw_only=True):
    """d, and how much the present sitting and the hour of the day count (0: not at all)."""

    decay: float = 0.5
    spreading: float = 3.0
    daily: float = 0.5


@dataclass(frozen=True)
class Repeat:
    """`followers` (items, items): in how many of the sessions of the row's item the column's is."""

    items: tuple[str, ...]
    followers: csr_array
    parameters: RepeatParameters

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the activation of each item that was heard, (histories, items).

        All others, and those that were refused more than wanted, are one below the least of these.
        """
        scores = np.zeros((len(histories), len(self.items)), np.float32)
        for row, history in zip(scores, histories, strict=True):
            known = self._remembered(history)
            if len(known.items):
                activation = known.base + self._spread(history, known.items).sum(axis=0)
                row[:] = activation.min() - _FLOOR
                row[known.items] = activation
        return scores

    def contributions(self, history: History, item: int) -> Matrix:
        """Return what each entry adds to the score of `item`."""
        found: Matrix = self.explain(history, np.array([item], np.int32))[0]
        return found

    def explain(self, history: History, items: Ints) -> Matrix:
        """Return what each entry adds to the score of each of `items`, (items, entries).

        The plays of an item share what it has above the floor by their strength, and what they
        lose by skips; the tracks of the sitting add what spreads from them.
        """
        known = self._remembered(history)
        found = np.zeros((len(items), len(history)), np.float32)
        if not len(known.items):
            return found
        spread = self._spread(history, known.items)
        total = known.base + spread.sum(axis=0)
        above = total - total.min() + _FLOOR - spread.sum(axis=0)
        place = np.searchsorted(known.items, items).clip(max=len(known.items) - 1)
        is_known = known.items[place] == items
        own = (history.items == items[:, None]) & is_known[:, None]
        share = known.strength / np.exp(known.base)[place][:, None]
        found += np.where(own, share * above[place][:, None], 0)
        found[:, len(history) - len(spread) :] += np.where(is_known, spread[:, place], 0).T
        return found

    def _remembered(self, history: History) -> "_Remembered":
        now = max(history.now, int(history.at.max(initial=0)))
        hours = np.maximum((now - history.at) / _HOUR_MS, _LEAST_HOURS)
        likeness = np.exp(self.parameters.daily * (np.cos(2 * np.pi / 24 * hours) - 1))
        if not now:
            # Nobody knows when: the order is all there is.
            hours = np.arange(len(history), 0.0, -1.0)
        strength = history.weights * likeness * hours**-self.parameters.decay
        items, place = np.unique(history.items, return_inverse=True)
        sums = np.bincount(place, strength, len(items))
        wanted = sums > np.finfo(np.float32).tiny
        return _Remembered(items[wanted], np.log(sums[wanted]).astype(np.float32), strength)

    def _spread(self, history: History, items: Ints) -> Matrix:
        """Return what spreads from each track of the sitting to each of `items`, sorted."""
        sitting = history.items[len(history) - history.sitting :]
        spread = np.zeros((len(sitting), len(items)), np.float32)
        for row, item in zip(spread, sitting, strict=True):
            part = slice(self.followers.indptr[item], self.followers.indptr[item + 1])
            followers = self.followers.indices[part]
            place = np.searchsorted(items, followers).clip(max=len(items) - 1)
            there = items[place] == followers
            row[place[there]] = self.followers.data[part][there]
        return spread * np.float32(self.parameters.spreading / max(len(sitting), 1))


@dataclass(frozen=True)
class _Remembered:
    """Items (n,), sorted, with their base-level activation, and each entry's part in it."""

    items: Ints
    base: Matrix
    strength: NDArray[np.float64]


def faded_activation(plays: int, hours: float, decay: float = 0.5) -> float:
    """Return about how near to mind something is that was played so often, the last time long ago.

    ln(n / (1 - d)) - d ln t: what B comes to for plays evenly spread (Anderson and Lebiere 1998).
    """
    return math.log(max(plays, 1) / (1 - decay)) - decay * math.log(max(hours, _LEAST_HOURS))


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: RepeatParameters | None = None,
) -> Repeat:
    """Count what is played together: P(i | j) = sessions with both / (sessions with j + 1)."""
    del features
    wanted = (interactions.session >= 0) & (interactions.weight > 0)
    places = (interactions.session[wanted], interactions.item[wanted])
    sessions = int(interactions.session.max(initial=-1)) + 1
    table = csr_array(
        (np.ones(int(wanted.sum()), np.float32), places), (sessions, len(interactions.items))
    )
    table.sum_duplicates()
    table.data[:] = 1
    counts = np.bincount(table.indices, minlength=len(interactions.items)).astype(np.float32)
    both = _strongest(csr_array(table.T @ table))
    both.data /= np.repeat(counts + 1, np.diff(both.indptr))
    return Repeat(interactions.items, both, parameters or RepeatParameters())


def forgetful(items: tuple[str, ...]) -> Repeat:
    """Return a model that knows nothing but what a history says: it needs no training."""
    followers = csr_array((len(items), len(items)), dtype=np.float32)
    return Repeat(items, followers, RepeatParameters())


def _strongest(together: csr_array) -> csr_array:
    """Keep the _FOLLOWERS largest entries of each row, the diagonal left out."""
    row = np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
    value = np.where(row == together.indices, 0, together.data)
    order = np.lexsort((-value, row))
    rank = np.arange(len(order)) - together.indptr[row]
    kept = order[(rank < _FOLLOWERS) & (value[order] > 0)]
    return csr_array(
        (value[kept], (row[kept], together.indices[kept])), together.shape, dtype=np.float32
    )
