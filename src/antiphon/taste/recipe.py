"""The recipe: which models with which parameters, and how they are blended.

A recipe is what is tuned, kept and trained. `fit` makes a blend of it; `learn` finds its weights on
a part of the training data that is held out.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.taste import (
    alike,
    content,
    content_map,
    ease,
    ials,
    lowpass,
    neighbours,
    popularity,
    repeat,
    session_ranker,
    sessions,
)
from antiphon.taste.blend import (
    POPULAR,
    Blend,
    expected,
    likeliest,
    sharpened,
    standardised,
    tables,
)
from antiphon.taste.ials import Trainer
from antiphon.taste.interactions import Interactions, Matrix, histories, only
from antiphon.taste.recommender import FeatureVectors, Recommender
from antiphon.taste.rerank import FOREST, Order, Reranker, beside, candidates, ndcg, seen, together
from antiphon.taste.trees import available, grow, values

# Listeners that the blend is learned from, how many of them at a time, and the share of their items
# that is held out.
_LEARNERS = 10_000
_BATCH = 200
_HELD_OUT = 0.1
SESSION_RANKER = "session_ranker"
# Held-out items that sharpen the weights, and that a forest needs; there are so many parts at most
# until there are plenty.
_SOME = 300
_ENOUGH = 2_000
_PLENTY = 40_000
_MOST_FOLDS = 5
# One listener in so many judges whether the forest is better, and does not teach it.
_JUDGES = 6
# By so many standard errors.
_CLEAR = 2.0
# How much the forest may have to say.
_SHARES = (0.3, 0.5, 0.7, 0.85, 1.0)
# Candidates from which on threads do not wait for each other longer than they work.
_MANY = 500_000
# A part that weighs less than this beside all is left out, but for popularity: the last resort.
_WHISPER = 0.02
_LAST_RESORT = 0.01


@dataclass(frozen=True)
class Kind:
    """A kind of model: its module, with `fit`, and the Struct of its parameters.

    It may need to know `sessions`, or `features` of the items; one that is `kept` is fitted though
    it has no weight in the blend.
    """

    module: ModuleType
    parameters: type[msgspec.Struct]
    takes_trainer: bool = False
    needs: Literal["", "sessions", "features"] = ""
    kept: bool = False

    @property
    def space(self) -> Mapping[str, Any]:
        """Where to look for the parameters; empty where none is tuned."""
        found: Mapping[str, Any] = getattr(self.module, "SPACE", {})
        return found

    def suits(self, interactions: Interactions, features: FeatureVectors) -> bool:
        """Whether what it needs is known."""
        if self.needs == "sessions":
            return bool((interactions.session >= 0).any())
        return self.needs != "features" or any(len(vectors) > 0 for vectors in features.values())


KINDS: dict[str, Kind] = {
    POPULAR: Kind(popularity, popularity.PopularityParameters, kept=True),
    "neighbours": Kind(neighbours, neighbours.NeighboursParameters),
    "lowpass": Kind(lowpass, lowpass.LowpassParameters),
    "alike": Kind(alike, alike.AlikeParameters),
    "ials": Kind(ials, ials.IalsParameters, takes_trainer=True),
    "ease": Kind(ease, ease.EaseParameters),
    "sessions": Kind(sessions, sessions.SessionParameters, needs="sessions"),
    SESSION_RANKER: Kind(
        session_ranker,
        session_ranker.SessionRankerParameters,
        takes_trainer=True,
        needs="sessions",
    ),
    "content": Kind(content, content.ContentParameters, needs="features"),
    "content_map": Kind(
        content_map, content_map.ContentMapParameters, takes_trainer=True, needs="features"
    ),
    "repeat": Kind(repeat, repeat.RepeatParameters, needs="sessions", kept=True),
}


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """Models by name with their parameters, the weights of their scores, and their last order.

    A name is a kind's, or a kind's with something after a slash (`ials/wide`) where there are
    several of one kind. Parameters that are not named have their defaults. Without weights the
    models are not blended yet: `learn` finds them, and the order where there is enough to learn.
    """

    models: Mapping[str, Mapping[str, float | int | str | bool]]
    weights: Mapping[str, float] = {}
    order: Order | None = None


# Ranked sessions are for next tracks only, and take many times as long to train as all the others.
DEFAULT = Recipe(models={name: {} for name in KINDS if name != SESSION_RANKER})


def kind(name: str) -> Kind:
    """Return the kind of the model of this name.

    Raises:
        ValueError: there is no such kind.
    """
    found = KINDS.get(name.partition("/")[0])
    if found is None:
        raise ValueError(f"there is no model {name!r}; there are {', '.join(KINDS)}")
    return found


def fit_one(
    name: str,
    parameters: Mapping[str, Any],
    interactions: Interactions,
    features: FeatureVectors | None = None,
    train: Trainer | None = None,
) -> Recommender:
    """Fit the model of this name.

    Raises:
        ValueError: there is no such model, or it has no such parameters.
    """
    of = kind(name)
    if unknown := set(parameters) - set(of.parameters.__struct_fields__):
        raise ValueError(f"the model {name} has no parameter {', '.join(sorted(unknown))}")
    try:
        converted = msgspec.convert(dict(parameters), of.parameters)
    except msgspec.ValidationError as error:
        raise ValueError(f"the parameters of the model {name} are not right: {error}") from error
    more = {"train": train} if of.takes_trainer else {}
    model: Recommender = of.module.fit(interactions, features or {}, converted, **more)
    return model


def fit(
    recipe: Recipe,
    interactions: Interactions,
    features: FeatureVectors | None = None,
    train: Trainer | None = None,
) -> Blend:
    """Fit the models of the recipe that count (all that can be fitted where nothing is learned)."""
    weights = dict(recipe.weights) or dict.fromkeys(recipe.models, 1.0)
    read = recipe.order.parts if recipe.order else ()
    suiting = _suiting(recipe, interactions, features or {})
    parts = {
        name: fit_one(name, parameters, interactions, features, train)
        for name, parameters in suiting.items()
        if weights.get(name, 0.0) > 0 or name in read or kind(name).kept
    }
    counted = {name: weights.get(name, 0.0) for name in parts}
    if recipe.order is None or not set(read) <= set(parts) or not available():
        return Blend(interactions.items, parts, counted)
    reranker = Reranker(recipe.order, len(interactions.items))
    return Blend(interactions.items, parts, counted, reranker)


def _suiting(
    recipe: Recipe, interactions: Interactions, features: FeatureVectors
) -> dict[str, Mapping[str, Any]]:
    return {
        name: parameters
        for name, parameters in recipe.models.items()
        if kind(name).suits(interactions, features)
    }


def learn(
    recipe: Recipe,
    interactions: Interactions,
    features: FeatureVectors | None = None,
    train: Trainer | None = None,
    seed: int = 0,
) -> Recipe:
    """Return the recipe with the weights and the order that suit what is held out of these.

    Where there is little to learn from, several parts are held out, one after the other.
    """
    examples = []
    for fold in _folds(interactions, seed):
        known, hidden = only(interactions, ~fold), only(interactions, fold)
        models = {
            name: fit_one(name, parameters, known, features, train)
            for name, parameters in _suiting(recipe, known, features or {}).items()
            if kind(name).module is not repeat
        }
        examples.append(examined(models, known, hidden, seed))
    return blended(recipe, examples)


def _folds(interactions: Interactions, seed: int) -> list[NDArray[np.bool_]]:
    """Return which interactions to hide, in turn; one part only where it is what came last."""
    rng = np.random.default_rng(seed)
    first = held_out(interactions, _HELD_OUT, rng)
    more = int(np.clip(_PLENTY // max(first.sum(), 1), 1, _MOST_FOLDS)) - 1
    if interactions.at.any():
        more = 0
    return [first, *(held_out(interactions, _HELD_OUT, rng) for _ in range(more))]


def blended(recipe: Recipe, parts: Sequence["Examples"]) -> Recipe:
    """Return the recipe with the blend that suits examples best; without any, popularity alone."""
    found = [part for part in parts if len(part.wanted)]
    if not found:
        prior = {name: float(name == POPULAR) for name in recipe.models}
        return msgspec.structs.replace(recipe, weights=prior, order=None)
    names, examples = list(found[0].names), _joined(found)
    prior_weights = np.array([float(name == POPULAR) for name in names], np.float32)
    weights = likeliest(examples.scores, examples.groups, examples.wanted, prior_weights)
    if examples.wanted.sum() >= _SOME:
        weights = _ranking(names, examples, weights)
    weights[weights < _WHISPER * weights.sum()] = 0
    if POPULAR in names:
        popular = names.index(POPULAR)
        weights[popular] = max(weights[popular], _LAST_RESORT)
    order = _order([name for name in names if name != POPULAR], examples, weights)
    named = dict(zip(names, weights.tolist(), strict=True))
    return msgspec.structs.replace(recipe, weights=named, order=order)


def _ranking(names: list[str], examples: "Examples", weights: Matrix) -> Matrix:
    """Return weights made for the first places, and as near to experience as may be."""
    found = sharpened(examples.scores, examples.sizes, examples.wanted, weights)
    return expected(names, examples.scores, examples.sizes, examples.wanted, found)


def _order(parts: list[str], examples: "Examples", weights: Matrix) -> Order | None:
    """Return a forest if it is clearly better than the weights for listeners it has not seen."""
    if examples.wanted.sum() < _ENOUGH or not available():
        return None
    total = examples.scores @ weights
    ends = np.cumsum(examples.sizes)
    shown = np.concatenate(
        [
            beside(examples.seen[end - size : end], total[end - size : end])
            for end, size in zip(ends, examples.sizes, strict=True)
        ]
    )
    judges = examples.listeners % _JUDGES == 0
    taught, asked = np.repeat(~judges, examples.sizes), np.repeat(judges, examples.sizes)
    threads = len(os.sched_getaffinity(0)) if len(total) > _MANY else 1
    sizes = examples.sizes
    forest = grow(shown[taught], sizes[~judges], examples.wanted[taught], FOREST, threads=threads)
    judged = _Judged(
        total[asked], values(forest, shown[asked]), examples.wanted[asked], sizes[judges]
    )
    share = judged.share()
    gain = judged.ndcg(share) - judged.ndcg(0.0)
    clear = gain.mean() > _CLEAR * gain.std() / np.sqrt(len(gain))
    return Order(tuple(parts), forest, share) if clear else None


@dataclass(frozen=True)
class _Judged:
    """Candidates of the judges: the blend's scores, what trees said, whether wanted; `sizes`."""

    total: Matrix
    said: Matrix
    wanted: NDArray[np.bool_]
    sizes: NDArray[np.int64]

    def share(self) -> float:
        """Return the least that is worse than the best by no more than one standard error."""
        reached = {share: self.ndcg(share) for share in _SHARES}
        best_of = max(reached.values(), key=lambda each: float(each.mean()))
        least = best_of.mean() - best_of.std() / np.sqrt(len(best_of))
        return min(share for share, each in reached.items() if each.mean() >= least)

    def ndcg(self, share: float) -> Matrix:
        """Return the nDCG of each judge's candidates where trees have so much to say."""
        ends = np.cumsum(self.sizes)
        scores = [
            together(self.said[end - size : end], self.total[end - size : end], share)
            for end, size in zip(ends, self.sizes, strict=True)
        ]
        return ndcg(np.concatenate(scores), self.wanted, self.sizes)


@dataclass(frozen=True)
class Examples:
    """Candidates of the listeners who were asked, one listener's after the other's.

    `scores` (candidates, models) are those of the models of these `names`, `seen` what trees see of
    them, and `wanted` (candidates,) whether they were; `listeners` (asked,) are places in
    `Interactions.users`, and `sizes` how many candidates each has.
    """

    names: tuple[str, ...]
    scores: Matrix
    seen: Matrix
    wanted: NDArray[np.bool_]
    listeners: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def groups(self) -> NDArray[np.int64]:
        """The number of the listener of each candidate, in turn."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)


def _joined(parts: Sequence[Examples]) -> Examples:
    if len(parts) == 1:
        return parts[0]
    return Examples(
        parts[0].names,
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.seen for part in parts]),
        np.concatenate([part.wanted for part in parts]),
        np.concatenate([part.listeners for part in parts]),
        np.concatenate([part.sizes for part in parts]),
    )


def examined(
    models: Mapping[str, Recommender], known: Interactions, hidden: Interactions, seed: int = 0
) -> Examples:
    """Ask models, fitted to what is known, for their candidates, and look what was hidden."""
    asked = _askable(known, hidden, np.random.default_rng(seed))
    histories_known, histories_hidden = histories(known), histories(hidden)
    read = [place for place, name in enumerate(models) if name != POPULAR]
    sparse = tables(models)
    scores, shown, wanted = [], [], []
    for start in range(0, len(asked), _BATCH):
        batch = asked[start : start + _BATCH]
        mine = [histories_known[user] for user in batch]
        told = np.stack([standardised(model.score(mine)) for model in models.values()])
        for place, (user, history) in enumerate(zip(batch, mine, strict=True)):
            found = candidates(told[read, place], history.items)
            right = histories_hidden[user]
            scores.append(told[:, place, found].T)
            shown.append(seen(told[read, place], found, history, sparse))
            wanted.append(np.isin(found, right.items[right.weights > 0]))
    if not len(asked):
        return Examples(tuple(models), *_NONE)
    sizes = np.array([len(each) for each in wanted], np.int64)
    whole = (np.concatenate(scores), np.concatenate(shown), np.concatenate(wanted))
    return Examples(tuple(models), *whole, asked[sizes > 0], sizes[sizes > 0])


_NONE = (
    np.empty((0, 0), np.float32),
    np.empty((0, 0), np.float32),
    np.empty(0, np.bool_),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
)


def held_out(
    interactions: Interactions, share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which interactions to hide, (n,): about a share of each listener's items, all of each.

    One at least of whoever has three. Where times are known it is what came last, else it is drawn.
    """
    pairs, pair = np.unique(
        interactions.user.astype(np.int64) * max(len(interactions.items), 1) + interactions.item,
        return_inverse=True,
    )
    user = pairs // max(len(interactions.items), 1)
    when = np.zeros(len(pairs), np.int64)
    np.maximum.at(when, pair, interactions.at)
    order = np.lexsort((rng.random(len(pairs)), -when, user))
    counts = np.bincount(user, minlength=len(interactions.users))
    rank = np.empty(len(pairs), np.int64)
    rank[order] = np.arange(len(pairs)) - np.repeat(np.cumsum(counts) - counts, counts)
    hidden = np.floor(share * counts + rng.random(len(counts))).astype(np.int64)
    hidden = np.where(counts >= _DIVISIBLE, np.maximum(hidden, 1), 0)
    found: NDArray[np.bool_] = (rank < hidden[user])[pair]
    return found


# Whoever knows fewer items keeps all of them.
_DIVISIBLE = 3


def _askable(
    known: Interactions, hidden: Interactions, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return up to so many listeners of whom something wanted is hidden and something known."""
    both = np.intersect1d(known.user, hidden.user[hidden.weight > 0])
    found: NDArray[np.int64] = rng.permutation(both)[:_LEARNERS].astype(np.int64)
    return found
