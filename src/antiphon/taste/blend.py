"""The blend: many models' scores of one listener, made alike and added.

Each model's scores are standardised over the items, for every listener anew: models speak in
different units, and the same model speaks louder to those who played more. The weights are those
under which what was held out of the training data is likeliest (multinomial logistic regression
over the items that any model puts forward), drawn towards a prior of mere popularity: with little
data it stays with that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.taste.interactions import History, Matrix
from antiphon.taste.neighbours import Neighbours
from antiphon.taste.recommender import Recommender
from antiphon.taste.rerank import Reranker, ndcg

POPULAR = "popularity"
# Held-out items that outweigh the prior.
_PRIOR = 20.0
# Listeners that weights are sharpened on, by these factors; a weight begins at so little of the
# largest at least.
_SEARCHED = 3_000
_STEPS = (3.0, 2.0, 1.4, 1.4, 1.15)
_LEAST = 0.03
_TOWARDS_USUAL = (0.0, 0.25, 0.5, 0.75, 1.0)
# How much models counted beside each other in a blend that did well before there was any to learn.
EXPERIENCE = {"lowpass": 0.6, "ials": 1.0, "ease": 1.0}


@dataclass(frozen=True)
class Blend:
    """Named models over one catalogue, how much each counts, and the last look at their best."""

    items: tuple[str, ...]
    parts: Mapping[str, Recommender]
    weights: Mapping[str, float]
    reranker: Reranker | None = None

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the weighted sum of the parts' standardised scores, candidates in their order."""
        scores = {name: standardised(part.score(histories)) for name, part in self._heard()}
        total = np.zeros((len(histories), len(self.items)), np.float32)
        for name, found in scores.items():
            total += np.float32(self.weights.get(name, 0.0)) * found
        if self.reranker is not None:
            tables = self.tables
            for row, history in enumerate(histories):
                mine = {name: found[row] for name, found in scores.items()}
                total[row] = self.reranker.reordered(total[row], mine, history, tables)
        return total

    def contributions(self, history: History, item: int) -> Matrix:
        """Return the parts' contributions, each in its part's standard deviations, weighted."""
        total = np.zeros(len(history), np.float32)
        for name, part in self._heard():
            deviation = float(part.score([history]).std())
            if deviation > 0:
                weight = self.weights.get(name, 0.0) / deviation
                total += np.float32(weight) * part.contributions(history, item)
        return total

    @property
    def tables(self) -> list[csr_array]:
        """The item-item tables among the parts."""
        return tables(self.parts)

    def _heard(self) -> list[tuple[str, Recommender]]:
        read = self.reranker.order.parts if self.reranker else ()
        return [
            (name, part)
            for name, part in self.parts.items()
            if self.weights.get(name, 0.0) or name in read
        ]


def tables(parts: Mapping[str, Recommender]) -> list[csr_array]:
    """Return the item-item tables among some models."""
    return [part.weights for part in parts.values() if isinstance(part, Neighbours)]


def standardised(scores: Matrix) -> Matrix:
    """Return scores (…, items) with mean 0 and deviation 1 along the items; flat ones are 0."""
    centred: Matrix = scores - scores.mean(axis=-1, keepdims=True)
    count = max(scores.shape[-1], 1)
    deviation = np.sqrt(np.einsum("...i,...i->...", centred, centred) / count)[..., None]
    flat = deviation <= np.finfo(np.float32).eps * np.abs(scores[..., :1])
    centred /= np.where(flat, np.float32(np.inf), deviation)
    return centred


def likeliest(
    scores: Matrix, group: NDArray[np.int64], wanted: NDArray[np.bool_], prior: Matrix
) -> Matrix:
    """Return the weights (parts,), none negative, that make what was wanted likeliest.

    `scores` (candidates, parts) are standardised, `group` (candidates,) numbers the listener,
    rising. The likelihood of a wanted item is its softmax among its listener's candidates;
    listeners count alike.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - only training needs it

    starts = np.flatnonzero(np.diff(group, prepend=-1))
    place = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(group)))
    hits = np.add.reduceat(wanted.astype(np.float64), starts)
    share = wanted / np.maximum(hits, 1)[place]
    counts = (hits > 0).astype(np.float64)
    observed = scores.T @ share

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        totals = scores @ weights
        totals -= np.maximum.reduceat(totals, starts)[place]
        likely = np.exp(totals)
        sums = np.add.reduceat(likely, starts)
        value = counts @ np.log(sums) - totals @ share
        slope = scores.T @ (likely * (counts / sums)[place]) - observed
        away = weights - prior
        return float(value + _PRIOR / 2 * away @ away), slope + _PRIOR * away

    bounds = [(0.0, None)] * len(prior)
    found = minimize(loss, prior.astype(np.float64), jac=True, method="L-BFGS-B", bounds=bounds)
    weights: Matrix = found.x.astype(np.float32)
    return weights


def sharpened(
    scores: Matrix, sizes: NDArray[np.int64], wanted: NDArray[np.bool_], weights: Matrix
) -> Matrix:
    """Return weights that rank what was wanted higher, found from these one by one.

    Likelihood asks for the right certainty of all candidates, a listener only for the first few:
    each weight in turn is made larger and smaller while the mean nDCG of the groups (`sizes` are
    theirs) rises, by smaller and smaller steps.
    """
    end = int(sizes[:_SEARCHED].sum())
    scores, sizes, wanted = scores[:end], sizes[:_SEARCHED], wanted[:end]
    best_so_far = float(ndcg(scores @ weights, wanted, sizes).mean())
    for step in _STEPS:
        for place in range(len(weights)):
            for factor in (step, 1 / step):
                changed = weights.copy()
                changed[place] = max(changed[place], weights.max() * _LEAST) * factor
                reached = float(ndcg(scores @ changed, wanted, sizes).mean())
                if reached > best_so_far:
                    best_so_far, weights = reached, changed
    return weights


def expected(
    names: Sequence[str],
    scores: Matrix,
    sizes: NDArray[np.int64],
    wanted: NDArray[np.bool_],
    weights: Matrix,
) -> Matrix:
    """Return weights as near to those of EXPERIENCE as what was held out allows.

    Of the steps from `weights` to those the last that ranks no worse than the best by more than one
    standard error (the rule of Breiman et al. 1984): what comes next is never quite like what was
    held out, and what did well elsewhere is the safer blend. Models of which there is no experience
    keep their weights.
    """
    end = int(sizes[:_SEARCHED].sum())
    scores, sizes, wanted = scores[:end], sizes[:_SEARCHED], wanted[:end]
    prior = np.array([EXPERIENCE.get(name, 0.0) for name in names], np.float32)
    if not prior.any():
        return weights
    usual = np.where(prior > 0, prior * (weights[prior > 0].sum() / prior.sum()), weights)
    steps = [weights + np.float32(share) * (usual - weights) for share in _TOWARDS_USUAL]
    reached = [ndcg(scores @ step, wanted, sizes) for step in steps]
    best_of = max(reached, key=lambda each: float(each.mean()))
    least = best_of.mean() - best_of.std() / np.sqrt(len(best_of))
    return next(s for s, r in zip(steps[::-1], reached[::-1], strict=True) if r.mean() >= least)
