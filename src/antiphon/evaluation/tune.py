"""Finding a recipe: its models' parameters and weights, on a hold-out of what may be learnt from.

Each model is searched alone with Optuna (TPE: Bergstra et al. 2011). A trial is fitted on a ninth,
on a third, on all of the listeners, and given up where it falls behind the median of the others at
the same share. The first trial has the parameters that the recipe came with, so that the best is
never worse than those. At the end both whole recipes are learnt and the better one is kept.

The state of a search is a journal file: broken off, it goes on later. The questions of a test part
never come here: what may be learnt from is all that a search is given.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import msgspec
import numpy as np

from antiphon.evaluation import trial, written
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.intervals import interval
from antiphon.evaluation.questions import some
from antiphon.evaluation.results import Figure, Trial, Tuning
from antiphon.evaluation.search import Model, Search, best, search
from antiphon.evaluation.splits import Split, validation
from antiphon.taste import recipe as recipes
from antiphon.taste.interactions import Interactions
from antiphon.taste.recipe import Recipe
from antiphon.taste.recommender import FeatureVectors

# Questions that choose: more of them cost more than they tell.
MOST_QUESTIONS = 2_000
# Below so many interactions a share of the listeners says nothing, and costs no less.
SMALL = 50_000
SHARES = (1 / 9, 1 / 3, 1.0)
# What of the time is kept for learning and comparing the whole recipes.
FOR_RECIPES = 0.3
EPOCHS = (1, 2, 4, 8, 16)


def tune(
    how: Search,
    interactions: Interactions,
    features: FeatureVectors,
    recipe: Recipe,
    progress: Callable[[str, int, int], None],
) -> tuple[Recipe, Tuning]:
    """Return the recipe with better parameters and learnt weights, and what the search saw.

    A trial that does not end within its model's part of the seconds is given up. The first of each
    model may take all of the seconds, and the comparison at the end takes what it takes.

    Raises:
        DataError: there is too little to hold anything out, the journal is of other data, or the
            recipe cannot be learnt at all.
    """
    started = time.monotonic()
    split = _prepared(how, interactions, features)
    shares = SHARES if len(split.training) >= SMALL else SHARES[-1:]
    names = [name for name in recipe.models if _is_searched(name, split, features)]
    trials: list[Trial] = []
    models = dict(recipe.models)
    for place, name in enumerate(names):
        left = started + how.seconds * (1 - FOR_RECIPES) - time.monotonic()
        until = time.monotonic() + max(left, 0) / (len(names) - place)
        model = Model(name, models[name], shares)
        found = search(how, model, _fingerprint(split), until, partial(progress, name))
        trials.extend(found)
        models[name] = best(found, models[name])
    tuned = msgspec.structs.replace(recipe, models=models, weights={})
    kept, default, better = _compared(how, recipe, tuned)
    return kept, Tuning(
        data=how.name,
        cut=how.cut,
        shares=shares,
        trials=tuple(trials),
        default=default,
        tuned=better,
        kept="default" if kept.models == recipe.models else "tuned",
        seconds=time.monotonic() - started,
        curves=_curves(how, kept, shares[0]),
    )


def _is_searched(name: str, split: Split, features: FeatureVectors) -> bool:
    kind = recipes.kind(name)
    return bool(kind.space) and kind.suits(split.training, features)


def _prepared(how: Search, interactions: Interactions, features: FeatureVectors) -> Split:
    """Hold out what chooses, and write it where the trials find it."""
    split = validation(interactions, seed=how.seed)
    if not len(split.questions):
        raise DataError("There is too little data to hold anything out: the defaults will do.")
    split = replace(split, questions=some(split.questions, MOST_QUESTIONS, how.seed))
    written.write(split, how.folder / "split", f"validation of {how.name}", features)
    trial.forget()
    return split


def _fingerprint(split: Split) -> str:
    asked = split.questions.wanted
    items = np.bincount(split.training.item) @ np.arange(split.training.item.max(initial=-1) + 1)
    return f"{len(split.training)}/{items}/{asked.nnz}/{asked.indices.sum()}"


def _compared(how: Search, default: Recipe, tuned: Recipe) -> tuple[Recipe, Figure, Figure]:
    """Learn both recipes, and return the better one, and how good the given and it are."""
    both = [default] if tuned.models == default.models else [default, tuned]
    tasks = [
        how.task(1.0, recipe=msgspec.json.encode(recipe), number=number)
        for number, recipe in enumerate(both)
    ]
    outcomes = {outcome.item.number: outcome for outcome in how.compute.map(trial.run, tasks)}
    first, last = outcomes[0].result, outcomes[len(both) - 1].result
    if first is None:
        raise DataError(f"The recipe cannot be learnt from these data: {outcomes[0].error}")
    if last is None or last.ndcg.mean() < first.ndcg.mean():
        last = first
    kept = msgspec.json.decode(last.recipe, type=Recipe)
    return kept, interval(first.ndcg, first.unit), interval(last.ndcg, last.unit)


def _curves(how: Search, kept: Recipe, share: float) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return nDCG by the epochs of iALS, on the least share of the listeners."""
    given = next((p for name, p in kept.models.items() if name.partition("/")[0] == "ials"), None)
    if given is None:
        return {}
    tasks = [
        how.task(share, model="ials", parameters=dict(given) | {"epochs": count}, number=count)
        for count in EPOCHS
    ]
    points = [
        (float(outcome.item.number), float(outcome.result.ndcg.mean()))
        for outcome in how.compute.map(trial.run, tasks)
        if outcome.result is not None
    ]
    return {"epochs of iALS": tuple(sorted(points))}
