"""iALS: listeners and items as vectors, fitted to what was played and, weakly, to what was not.

Rendle et al. 2021, "Revisiting the Performance of iALS on Item Recommendation Benchmarks"
(arXiv:2110.14037); the loss stands in `compute/als_local.py`. The item vectors V lie in the
eigenbasis of their Gram matrix. There, what all listeners share is diagonal,
D = alpha_0 diag(eigenvalues) + lambda (n + alpha_0 items)^nu, and a listener is folded in as

    u = (D + V_H' W V_H)^-1 V_H' W y = D^-1 V_H' W^1/2 (Z Z' + 1)^-1 W^1/2 y,  Z = W^1/2 V_H D^-1/2

with V_H the vectors of the history, W the sizes of its damped weights and y 1 where an item was
wanted, 0 where it was refused: a confident zero. The smaller of both systems is solved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from antiphon.compute.als import AlsParameters, Factors
from antiphon.taste.coarse import Coarse, coarse
from antiphon.taste.ials_kept import WORTH_IT, Kept, Systems
from antiphon.taste.ials_system import System, by_inverse, by_kernel
from antiphon.taste.interactions import History, Interactions, Ints, Matrix, matrix, rows
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.scaling import damped, strengths
from antiphon.taste.space import Span

IalsParameters = AlsParameters
Trainer = Callable[[csr_array, AlsParameters], Factors]
SPACE = {
    "dimensions": Span(64, 1024, log=True),
    "unobserved": Span(0.01, 2.0, log=True),
    "regularisation": Span(0.0005, 0.1, log=True),
    "frequency_scaling": Span(0.0, 1.0),
}


@dataclass(frozen=True)
class Ials:
    """Item vectors in their eigenbasis: `factors` (dimensions, items), so that one user is fast.

    `shared` (dimensions,) is the part of D that all listeners have in common; of the listener's own
    part `regularisation` is lambda, `offset` alpha_0 items and `frequency_scaling` nu.
    """

    items: tuple[str, ...]
    factors: Matrix
    shared: Matrix
    regularisation: float
    offset: float
    frequency_scaling: float

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return u V', (histories, items)."""
        table = rows(histories, len(self.items))
        # All at once: of each row of `factors` much is read together.
        vectors = self.factors[:, table.indices]
        users = np.zeros((len(histories), len(self.factors)), np.float32)
        for place, (start, stop) in enumerate(zip(table.indptr, table.indptr[1:], strict=False)):
            if start < stop:
                system = self._system(vectors[:, start:stop], table.data[start:stop])
                users[place] = (system.solved @ system.targets) * system.scale
        found: Matrix = users @ self.factors
        return found

    def from_others(self, history: History) -> Matrix:
        """Return the scores of one history, (items,): each item's as if it were not in it.

        Of a large catalogue they are `coarse`.
        """
        table = rows([history], len(self.items))
        if not table.nnz:
            return np.zeros(len(self.items), np.float32)
        asked = self._system_of(history, table.indices, table.data)
        vectors, system = asked.vectors, asked.system
        user: Matrix = (system.solved @ system.targets) * system.scale
        scores: Matrix = self._coarse.products(user) if self._coarse else user @ self.factors
        own = (vectors * system.scale[:, None] * system.solved).sum(axis=0)
        scores[table.indices] -= own * system.dual / system.own
        return scores

    def contributions(self, history: History, item: int) -> Matrix:
        """Return by how much each entry's item raises the score of `item`; see `explain`."""
        found: Matrix = self.explain(history, np.array([item], np.int32))[0]
        return found

    def explain(self, history: History, items: Ints) -> Matrix:
        """Return how much lower each of `items` scores without each entry, (items, entries).

        Exactly so, by leaving one out of the kernel system: with c = (Z Z' + 1)^-1 W^1/2 y it is
        (V D^-1/2 Z' (Z Z' + 1)^-1)_ij c_j / (Z Z' + 1)^-1_jj. Several plays of one item share.
        """
        played, place = np.unique(history.items, return_inverse=True)
        sums = np.bincount(place, history.weights, len(played)).astype(np.float32)
        if not len(played):
            return np.zeros((len(items), 0), np.float32)
        system = self._system_of(history, played, sums).system
        left_out = (self._vectors(items).T * system.scale) @ system.solved
        left_out *= system.dual / system.own
        whole = sums[place]
        part = np.where(whole == 0, 0, history.weights / np.where(whole == 0, 1, whole))
        found: Matrix = (left_out[:, place] * part).astype(np.float32)
        return found

    def _vectors(self, items: Ints) -> Matrix:
        """Return (dimensions, items): in a large catalogue columns lie too far apart to be read."""
        return self._coarse.rows(items).T if self._coarse else self.factors[:, items]

    @cached_property
    def _coarse(self) -> Coarse | None:
        return coarse(self.factors.T)

    def _system_of(self, history: History, items: Ints, weights: Matrix) -> "_Asked":
        """Return the system of a history, whose `items`, each once, have these summed weights.

        The last one is kept, as the ranking of an answer and its reasons ask for the same.
        """
        key = items.astype(np.int32).tobytes(), weights.tobytes()
        last = self._last.get("last")
        if last is None or last.key != key:
            vectors = self._vectors(items)
            last = _Asked(key, vectors, self._kept_system(history, items, vectors, weights))
            self._last["last"] = last
        return last

    @cached_property
    def _last(self) -> "dict[str, _Asked]":
        return {}

    @cached_property
    def _systems(self) -> Systems:
        return Systems(len(self.factors))

    def _kept_system(
        self, history: History, items: Ints, vectors: Matrix, weights: Matrix
    ) -> System:
        """Solve by the system kept of what the history was before, where there is one."""
        if len(items) < WORTH_IT * len(self.factors):
            return self._system(vectors, weights)
        strength = damped(weights)
        sizes, own = np.abs(strength), self._own(len(items))
        found = self._systems.brought_up(history, items, sizes, own, self._vectors)
        if found is None:
            left = np.diag(self.shared + np.float32(own)) + (vectors * sizes) @ vectors.T
            found = Kept(np.linalg.inv(left), own, items.astype(np.int32), sizes)
        self._systems.keep(history, found)
        return by_inverse(found.inverse, np.float32(own - found.own), vectors, strength)

    def _own(self, entries: int) -> float:
        """Return what regularises a listener of so many tracks."""
        return float(self.regularisation * (entries + self.offset) ** self.frequency_scaling)

    def _system(self, vectors: Matrix, weights: Matrix) -> System:
        strength = damped(weights)
        scale = (self.shared + np.float32(self._own(len(weights)))) ** np.float32(-0.5)
        roots = np.sqrt(np.abs(strength))
        targets = np.where(strength > 0, roots, np.float32(0))
        return by_kernel(vectors * scale[:, None] * roots, targets, scale)


@dataclass(frozen=True)
class _Asked:
    """What was asked for last: the history by its items and weights, their vectors, the system."""

    key: tuple[bytes, bytes]
    vectors: Matrix
    system: System


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: AlsParameters | None = None,
    train: Trainer | None = None,
) -> Ials:
    """Fit item vectors by `train` (none: on this machine) to damped weights."""
    from antiphon.compute.als_local import train as train_locally  # noqa: PLC0415 - training only

    del features
    parameters = parameters or AlsParameters()
    vectors = (train or train_locally)(strengths(matrix(interactions)), parameters).items
    eigenvalues, basis = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
    return Ials(
        interactions.items,
        np.ascontiguousarray((vectors @ basis).T, np.float32),
        (parameters.unobserved * np.maximum(eigenvalues, 0)).astype(np.float32),
        parameters.regularisation,
        parameters.unobserved * len(interactions.items),
        parameters.frequency_scaling,
    )
