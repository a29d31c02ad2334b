"""Rankers to be judged on the logs: a trained version, a recipe, or sound alone; none grows.

A ranker that had learned from what it is judged on would only remember it.
"""

from dataclasses import dataclass

import numpy as np

from antiphon.compute import Compute
from antiphon.evaluation.errors import DataError
from antiphon.live.models import Models
from antiphon.live.trained import Trained, loaded
from antiphon.ops import history
from antiphon.store import Store
from antiphon.taste import recipe as recipes
from antiphon.taste.ensemble import CONTENT, REPEAT, Ensemble, assembled
from antiphon.taste.interactions import only
from antiphon.taste.recipe import Recipe
from antiphon.taste.registry import Registry
from antiphon.taste.weights import WEIGHTS, Weights


@dataclass(frozen=True)
class Ranker:
    """All models together, by a name; nothing that was heard from `since` on is known to them."""

    name: str
    ensemble: Ensemble
    since: int


def by_sound(store: Store, since: int) -> Ranker:
    """Return what a server has before anything was trained."""
    return Ranker("sound alone", _together(store, Trained()), since)


def of_version(store: Store, registry: Registry, version: str, since: int) -> Ranker:
    """Return a trained version; it can be judged on what was heard after its training began.

    Raises:
        ArtefactError: it is damaged, or there is none.
    """
    trained = loaded(registry, version)
    return Ranker(version, _together(store, trained), max(since, trained.since))


def of_recipe(
    store: Store,
    compute: Compute,
    recipe: Recipe,
    since: int,
    *,
    name: str,
    gap_ms: int,
    weights: Weights = WEIGHTS,
) -> Ranker:
    """Return a recipe that was fitted to what was heard before `since`, in milliseconds.

    Raises:
        DataError: nothing was.
    """
    known = history.read(store, gap_ms, weights=weights)
    known = only(known, known.at < since)
    if not len(known):
        raise DataError("Nothing was heard before these days: ask for fewer --days.")
    features = history.features(store)
    if not recipe.weights:
        recipe = recipes.learn(recipe, known, features, compute.train_als)
    model = recipes.fit(recipe, known, features, compute.train_als)
    listeners = len(np.unique(known.user))
    trained = Trained(name, model.parts, model.weights, listeners, since, model.reranker)
    return Ranker(name, _together(store, trained), since)


def _together(store: Store, trained: Trained) -> Ensemble:
    """Put models together as they would answer, with the sound of all tracks there are by now."""
    sound = Models(store).now.content
    shares = trained.shares()
    voices = {
        name: (model, shares.get(name, 0.0))
        for name, model in trained.parts.items()
        if name not in {CONTENT, REPEAT}
    }
    return assembled({**voices, CONTENT: (sound, shares[CONTENT])}, trained.last_look())
