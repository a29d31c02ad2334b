"""From what is known of an item to where it stands among what listeners play.

A track that nobody has played yet has no vector in the space of iALS (`ials.py`). Its features say
where it would lie: a ridge regression from the features X of the played items to their vectors V,

    W = argmin |V - 1 v' - X W|² + lambda |W|² = (X' X + lambda)^-1 X' (V - 1 v'),

with the columns of X standardised and v the mean of V (van den Oord et al. 2013, "Deep
content-based music recommendation", with a linear map in place of their net; Forbes and Zhu 2011
for the idea of factors made from content). lambda is chosen by generalised cross-validation, which
costs one eigendecomposition for all values together.

An item played by n listeners then stands at (n own + known mapped) / (n + known): what nobody has
played stands where the map says, what many play stands where they put it. Listeners are folded in
as in iALS; the history may hold items of either sort.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.compute.als import AlsParameters
from antiphon.taste import ials
from antiphon.taste.ials import Ials, Trainer
from antiphon.taste.interactions import History, Interactions, Ints, Matrix, matrix
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.space import Span

SPACE = {**ials.SPACE, "known": Span(0.1, 100.0, log=True)}

# Penalties that are tried, as parts of the largest eigenvalue of X' X.
_PENALTIES = 10.0 ** np.arange(-6.0, 1.1, 0.25)
# How dear a degree of freedom is: 1 is too lenient (Kim and Gu 2004 advise 1.2 to 1.4).
_DEARNESS = 1.4
# Items that the map is learned from, at most: the most played; and how many are placed at a time.
_LEARNED_FROM = 20_000
_AT_A_TIME = 4096
# A column that varies by less than this part of its size holds only rounding.
_CONSTANT = 1e-6


class ContentMapParameters(AlsParameters, frozen=True, kw_only=True):
    """Those of iALS, and how many listeners of an item outweigh what its features say (`known`)."""

    known: float = 1.0


@dataclass(frozen=True)
class Map:
    """Where features lie in a space: centre + standardised features @ weights.

    `sets` and `widths` say which columns belong to which feature set. `low`, `high`, `mean` and
    `scale` are (columns,), `weights` (columns, dimensions), `centre` (dimensions,).
    """

    sets: tuple[str, ...]
    widths: Ints
    low: Matrix
    high: Matrix
    mean: Matrix
    scale: Matrix
    weights: Matrix
    centre: Matrix

    def placed(self, features: FeatureVectors, items: Sequence[str]) -> Matrix:
        """Return where items lie, (items, dimensions); those without features at the centre.

        Nothing lies farther out than the items that the map was learned from.
        """
        found = np.empty((len(items), len(self.centre)), np.float32)
        for start in range(0, len(items), _AT_A_TIME):
            part = slice(start, start + _AT_A_TIME)
            raw, known = _columns(features, items[part], self.sets, self.widths)
            standard = (np.clip(raw, self.low, self.high) - self.mean) * self.scale
            found[part] = np.where(known, standard, np.float32(0)) @ self.weights + self.centre
        return found


@dataclass(frozen=True)
class ContentMap:
    """iALS over items that were played and items that were not; `map` places those to come."""

    ials: Ials
    map: Map

    @property
    def items(self) -> tuple[str, ...]:
        """The ids of the catalogue, in the order of the scores."""
        return self.ials.items

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the dot product of each listener with each item, (histories, items)."""
        return self.ials.score(histories)

    def from_others(self, history: History) -> Matrix:
        """Return the scores of one history, (items,): each item's as if it were not in it."""
        return self.ials.from_others(history)

    def contributions(self, history: History, item: int) -> Matrix:
        """Return by how much each entry's item raises the score of `item`."""
        return self.ials.contributions(history, item)

    def explain(self, history: History, items: Ints) -> Matrix:
        """Return how much lower each of `items` scores without each entry, (items, entries)."""
        return self.ials.explain(history, items)


def extended(model: ContentMap, features: FeatureVectors) -> ContentMap:
    """Return the model with the items it does not know yet, where their features place them."""
    known = set(model.items)
    new = tuple(dict.fromkeys(id for id in _ids(features) if id not in known))
    factors = np.hstack([model.ials.factors, model.map.placed(features, new).T])
    return replace(model, ials=replace(model.ials, items=model.items + new, factors=factors))


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: ContentMapParameters | None = None,
    train: Trainer | None = None,
) -> ContentMap:
    """Fit iALS and the map from features to its item vectors, and place every item.

    Raises:
        ValueError: a set's vectors differ in length, or hold what is no number.
    """
    parameters = parameters or ContentMapParameters()
    model = ials.fit(interactions, {}, parameters, train)
    listeners = np.bincount(matrix(interactions).indices, minlength=len(model.items))
    most = np.argsort(-listeners, kind="stable")[: min(_LEARNED_FROM, (listeners > 0).sum())]
    learned = learn(features, [model.items[place] for place in most], model.factors[:, most].T)
    own = (listeners / (listeners + parameters.known)).astype(np.float32)
    mapped = learned.placed(features, model.items).T
    return ContentMap(replace(model, factors=own * model.factors + (1 - own) * mapped), learned)


def learn(features: FeatureVectors, items: Sequence[str], vectors: Matrix) -> Map:
    """Learn the map from the features of items to their `vectors`, (items, dimensions)."""
    sets = tuple(name for name, of_items in features.items() if of_items)
    widths = np.array([len(next(iter(features[name].values()))) for name in sets], np.int32)
    raw, known = _columns(features, items, sets, widths)
    low, high, mean, scale = _scales(raw, known)
    centre = vectors.mean(axis=0) if len(items) else np.zeros(vectors.shape[1], np.float32)
    weights = ridge(np.where(known, (raw - mean) * scale, np.float32(0)), vectors - centre)
    return Map(sets, widths, low, high, mean, scale, weights, centre)


def ridge(features: Matrix, targets: Matrix) -> Matrix:
    """Return the weights (columns, dimensions) of a ridge regression, both sides centred.

    The penalty is the one with the least score of generalised cross-validation (Golub, Heath and
    Wahba 1979): residual / (1 - dearness x degrees of freedom / rows)².
    """
    rows = max(len(features), 1)
    variances, axes = np.linalg.eigh((features.T @ features).astype(np.float64))
    variances = np.maximum(variances, 0.0)
    along = axes.T @ (features.T @ targets)
    power, total = (along**2).sum(axis=1), float((targets.astype(np.float64) ** 2).sum())
    penalties = _PENALTIES * max(variances.max(initial=0.0), np.finfo(np.float32).tiny)
    shrunk = variances + penalties[:, None]
    residual = total - ((variances + 2 * penalties[:, None]) * power / shrunk**2).sum(axis=1)
    left = 1 - _DEARNESS * (variances / shrunk).sum(axis=1) / rows
    score = np.divide(residual, left**2, out=np.full(len(left), np.inf), where=left > 0)
    penalty = penalties[np.argmin(score)] if np.isfinite(score).any() else penalties[-1]
    weights: Matrix = (axes @ (along / (variances + penalty)[:, None])).astype(np.float32)
    return weights


def _scales(raw: Matrix, known: NDArray[np.bool_]) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Return least, most, mean and one over the deviation of the known entries of each column."""
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.sum(raw, axis=0, where=known, dtype=np.float64) / count
    square = np.sum((raw - mean.astype(np.float32)) ** 2, axis=0, where=known, dtype=np.float64)
    deviation = np.sqrt(square / count)
    varies = deviation > np.maximum(_CONSTANT * np.abs(mean), np.finfo(np.float32).tiny)
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=varies)
    filled = np.where(known, raw, mean) if len(raw) else mean[None]
    parts = filled.min(axis=0), filled.max(axis=0), mean, scale
    low, high, mean, scale = (part.astype(np.float32) for part in parts)
    return low, high, mean, scale


def _columns(
    features: FeatureVectors, items: Sequence[str], sets: Sequence[str], widths: Ints
) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return the features of items side by side, (items, columns), and which of them are known."""
    raw = np.zeros((len(items), int(widths.sum())), np.float32)
    known = np.zeros(raw.shape, bool)
    for name, end, width in zip(sets, np.cumsum(widths), widths, strict=True):
        columns = slice(int(end - width), int(end))
        for row, vector in _of(features.get(name, {}), items):
            if vector.shape != (width,):
                raise ValueError(f"the vectors of {name} are not all of length {width}")
            raw[row, columns], known[row, columns] = vector, True
    if not np.isfinite(raw).all():
        raise ValueError(f"a vector of {', '.join(sets)} holds what is no number")
    return raw, known


def _of(
    vectors: Mapping[str, NDArray[np.floating]], items: Sequence[str]
) -> Iterator[tuple[int, NDArray[np.floating]]]:
    return ((row, vectors[id]) for row, id in enumerate(items) if id in vectors)


def _ids(features: FeatureVectors) -> Iterator[str]:
    return (id for vectors in features.values() for id in vectors)
