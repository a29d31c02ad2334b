"""Judging a recipe before it is used: on what was listened to last, beside the one in use.

Both are fitted on all that came before one moment, and asked what each listener wanted after it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import msgspec
import numpy as np

from antiphon.compute import Compute
from antiphon.evaluation import splits
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.intervals import difference, interval
from antiphon.evaluation.protocol import Measured, measure
from antiphon.evaluation.splits import Split
from antiphon.ops.progress import OnProgress
from antiphon.taste import artefacts
from antiphon.taste import recipe as recipes
from antiphon.taste.interactions import Interactions
from antiphon.taste.recipe import Recipe
from antiphon.taste.recommender import FeatureVectors, Recommender

# With less, content and popularity say all there is to say.
LEAST_WANTED = 100
LEAST_LISTENERS = 2
LEAST_SITTINGS = 20
# Fewer listeners cannot tell a worse model from bad luck.
LEAST_JUDGES = 5
# The last part of the history, which models are judged on.
JUDGED_SHARE = 0.1
_MEASURES = {"ndcg@20": "ndcg", "recall@20": "recall"}

Figures = dict[str, artefacts.Figure]
# Shows one step of the work by its title; the second word is what is counted in it.
Show = Callable[[str, str], AbstractContextManager[OnProgress]]


@dataclass(frozen=True)
class Materials:
    """What models are made of: the history, its features, and where matrices are factorised."""

    interactions: Interactions
    features: FeatureVectors
    compute: Compute

    def fit(
        self, recipe: Recipe, interactions: Interactions, features: FeatureVectors
    ) -> Recommender:
        """Fit a recipe."""
        return recipes.fit(recipe, interactions, features, self.compute.train_als)

    def learn(self, recipe: Recipe, interactions: Interactions) -> Recipe:
        """Learn how the models of a recipe are to be blended."""
        return recipes.learn(recipe, interactions, self.features, self.compute.train_als)


@dataclass(frozen=True)
class Judgement:
    """How a recipe did with so many listeners (`judges`), and by how much better than another.

    `better` is of nDCG@20; it and `present` are None where there was nothing to compare with.
    """

    figures: Figures
    judges: int
    present: Figures | None = None
    better: artefacts.Figure | None = None

    @property
    def is_worse(self) -> bool:
        """Whether it is worse by more than noise."""
        return self.better is not None and self.judges >= LEAST_JUDGES and self.better.high < 0


def lacking(interactions: Interactions) -> str:
    """Say what is missing for there to be anything to learn, "" where there is enough."""
    wanted = interactions.weight > 0
    count, listeners = int(wanted.sum()), len(np.unique(interactions.user[wanted]))
    sittings = len(np.unique(interactions.session[wanted & (interactions.session >= 0)]))
    is_one_sided = listeners < LEAST_LISTENERS and sittings < LEAST_SITTINGS
    if count >= LEAST_WANTED and not is_one_sided:
        return ""
    return (
        f"There is too little to learn from yet: {count} times something was played or liked, by"
        f" {listeners} listener(s) in {sittings} sitting(s); it takes {LEAST_WANTED}, and"
        f" {LEAST_LISTENERS} listeners or {LEAST_SITTINGS} sittings. Until then answers come from"
        " how music sounds and from what is popular."
    )


def judged(
    materials: Materials, recipe: Recipe, in_use: Recipe | None, show: Show
) -> tuple[Recipe, Judgement | None]:
    """Return the recipe with its blend learned, and how it did beside the one in use.

    The blend is learned without the last part of the history, and judged by that. Where this
    leaves nothing to ask, it is learned from everything, and there is no judgement.
    """
    split = _split(materials.interactions)
    with show("Learning how to blend", "models"):
        learned = materials.learn(recipe, split.training if split else materials.interactions)
    if split is None:
        return learned, None
    new = _measured(materials, split, learned, show, "Judging the new models")
    judges = len(np.unique(new.unit))
    old = _measured_again(materials, split, new, learned, in_use, show)
    if old is None:
        return learned, Judgement(_figures(new), judges)
    better = difference(new.values["ndcg"], old.values["ndcg"], new.unit)
    return learned, Judgement(_figures(new), judges, _figures(old), _kept(better))


def _split(interactions: Interactions) -> Split | None:
    try:
        split = splits.time_split(interactions, JUDGED_SHARE)
    except DataError:
        return None
    return None if lacking(split.training) or not len(split.questions) else split


def _measured_again(  # noqa: PLR0917 - private, and called once
    materials: Materials,
    split: Split,
    new: Measured,
    learned: Recipe,
    in_use: Recipe | None,
    show: Show,
) -> Measured | None:
    """Measure the recipe in use on the same; None where there is none that can still be fitted."""
    if in_use is None or in_use == learned:
        return new if in_use else None
    try:
        return _measured(materials, split, in_use, show, "Judging those in use")
    except ValueError:
        # Another version of Antiphon made it, of models that are no more.
        return None


def _measured(
    materials: Materials, split: Split, recipe: Recipe, show: Show, title: str
) -> Measured:
    fit = partial(materials.fit, recipe)
    with show(title, "listeners") as note:
        return measure(split, fit, name=title, features=materials.features, progress=note)


def _figures(measured: Measured) -> Figures:
    return {
        name: _kept(interval(measured.values[measure], measured.unit))
        for name, measure in _MEASURES.items()
    }


def _kept(figure: object) -> artefacts.Figure:
    return msgspec.convert(figure, artefacts.Figure, from_attributes=True)
