"""Tuning the table of weights: what listeners did later says how much each thing they did tells.

With every table the same is asked: what each listener heard to its end after one moment, of a
recipe that knows all that came before it, weighed by that table. Optuna (TPE: Bergstra et al. 2011)
looks for the table by which most of it is found, asking one half of the listeners. The other half
judges: the table found is kept where it is better by more than noise.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.datasets import Dataset
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.intervals import difference, interval
from antiphon.evaluation.protocol import Fit, measure
from antiphon.evaluation.questions import some, take
from antiphon.evaluation.results import Figure
from antiphon.evaluation.search import distributions, reaching
from antiphon.evaluation.splits import Split, time_split
from antiphon.evaluation.trial import trainer
from antiphon.taste import recipe as recipes
from antiphon.taste.interactions import Interactions, Matrix, only
from antiphon.taste.recipe import Recipe
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.space import Space
from antiphon.taste.weights import SPACE, WEIGHTS, Replays, Weights, listen_weight

# Reads a history with a table. Rows MAY be left out only where every table gives them 0.
Read = Callable[[Weights], Interactions]
# The entries that change how one listen is weighed; the others are about many.
SEARCHED: Space = {name: span for name, span in SPACE.items() if name != "half_life"}
# Questions that choose, and as many that judge: more of them cost more than they tell.
MOST_QUESTIONS = 1_000
# Row numbers are whole in float32 up to here.
_MOST_ROWS = 1 << 24
# A table by which nothing weighs 0, nor where an entry is one more.
_PROBE = Weights(
    completed=1.0,
    played=0.5,
    early_skip=-3.0,
    skip=-2.75,
    late_skip=-2.5,
    replayed=0.25,
    liked=2.0,
    disliked=-3.0,
)


class Weighing(msgspec.Struct, frozen=True):
    """What a search found: the table to use, and nDCG of those who judge by it and the given one.

    `better` is of the table `found`; where it is not more than noise, the `weights` are the given
    ones. `tried` are the tables with their values for the other half, in their order.
    """

    weights: Weights
    found: Weights
    default: Figure
    tuned: Figure
    better: Figure
    tried: tuple[tuple[Weights, float], ...]
    seconds: float


@dataclass(frozen=True)
class _Weighable:
    """A split whose weights are numbers of rows, and what each entry of the table counts there.

    `parts` is (rows, entries): a row's weight is its product with the table.
    """

    split: Split
    parts: Matrix

    def by(self, table: Weights) -> Split:
        """Return the split, weighed by a table; what weighs nothing is left out."""
        entries = np.array([getattr(table, name) for name in SEARCHED], np.float32)
        weights = self.parts @ entries

        def of(codes: Matrix) -> Matrix:
            found: Matrix = weights[np.abs(codes).astype(np.int64) - 1]
            return found

        known = self.split.training
        known = replace(known, weight=of(known.weight))
        asked = self.split.questions
        histories = [replace(one, weights=of(one.weights)) for one in asked.histories]
        return replace(
            self.split,
            training=only(known, known.weight != 0),
            questions=replace(asked, histories=histories),
        )


def tune(
    read: Read,
    features: FeatureVectors,
    recipe: Recipe,
    *,
    given: Weights = WEIGHTS,
    trials: int = 30,
    seconds: float = 1800.0,
    seed: int = 0,
    cut: int = 20,
    progress: Callable[[str, int, int], None],
) -> Weighing:
    """Look for a better table than the given one, and judge what was found.

    Raises:
        DataError: there is too little to ask, or nobody knows when it was heard.
    """
    started = time.monotonic()
    choosing, judging = _halves(_weighable(read), seed)
    fit = _fitting(recipe, choosing.by(given), features, seed)

    def values(of: _Weighable, table: Weights) -> NDArray[np.float64]:
        measured = measure(of.by(table), fit, name="weights", features=features, cut=cut)
        found: NDArray[np.float64] = measured.values["ndcg"]
        return found

    tables: list[Weights] = []

    def value(table: Weights) -> float:
        found = float(values(choosing, table).mean())
        tables.append(table)
        progress("weights", len(tables), trials)
        return found

    tried = _searched(value, given, trials, started + seconds, seed)
    found, _ = max(tried, key=lambda pair: pair[1])
    unit = judging.split.questions.unit
    before, after = values(judging, given), values(judging, found)
    better = difference(after, before, unit)
    return Weighing(
        weights=found if better.low > 0 else given,
        found=found,
        default=interval(before, unit),
        tuned=interval(after, unit),
        better=better,
        tried=tuple(tried),
        seconds=time.monotonic() - started,
    )


def of_data(data: Dataset) -> Read:
    """Return how a data set that says how listens ended is read with a table.

    Raises:
        DataError: it does not say.
    """
    if not data.heard:
        raise DataError(
            f"{data.name} does not say how listens ended: weights can be tuned where train.tsv has"
            " the columns ended, played_ms and duration_ms too."
        )
    replays = [Replays() for _ in data.interactions.users]
    replayed = [
        replays[user].take(one)
        for user, one in zip(data.interactions.user.tolist(), data.heard, strict=True)
    ]

    def read(table: Weights) -> Interactions:
        weights = [
            listen_weight(one, table, replayed=again)[0]
            for one, again in zip(data.heard, replayed, strict=True)
        ]
        weighed = replace(data.interactions, weight=np.array(weights, np.float32))
        return only(weighed, weighed.weight != 0)

    return read


def _weighable(read: Read) -> _Weighable:
    """Read a history and learn what each entry counts in each row, by changing it by one."""
    probed = read(_PROBE)
    if not 0 < len(probed) < _MOST_ROWS:
        raise DataError(f"Weights can be tuned on 1 to {_MOST_ROWS:,} listens, not {len(probed)}.")
    columns = []
    for name in SEARCHED:
        more = read(msgspec.structs.replace(_PROBE, **{name: getattr(_PROBE, name) + 1}))
        columns.append(more.weight - probed.weight)
    parts = np.stack(columns, axis=1)
    completed = parts[:, list(SEARCHED).index("completed")] > 0
    codes = np.arange(1, len(probed) + 1, dtype=np.float32)
    # What is wanted of a later listen is that it is heard to its end: only such rows are positive.
    coded = replace(probed, weight=np.where(completed, codes, -codes))
    return _Weighable(time_split(coded), parts)


def _halves(whole: _Weighable, seed: int) -> tuple[_Weighable, _Weighable]:
    """Let one half of those who are asked choose, and the other half judge."""
    asked = whole.split.questions
    units = np.unique(asked.unit)
    if len(units) < 2:
        raise DataError("There are too few listeners to choose weights by, and to judge them.")
    chance = np.random.default_rng(seed)
    chosen = np.isin(asked.unit, chance.permutation(units)[: len(units) // 2])
    halves = (
        some(take(asked, np.flatnonzero(part)), MOST_QUESTIONS, seed) for part in (chosen, ~chosen)
    )
    one, other = (
        replace(whole, split=replace(whole.split, questions=questions)) for questions in halves
    )
    return one, other


def _fitting(recipe: Recipe, split: Split, features: FeatureVectors, seed: int) -> Fit:
    """Return how the recipe is fitted; a blend that it lacks is learned once."""
    train = trainer()
    if not recipe.weights:
        recipe = recipes.learn(recipe, split.training, features, train, seed)
    return partial(recipes.fit, recipe, train=train)


def _searched(
    value: Callable[[Weights], float],
    given: Weights,
    trials: int,
    until: float,
    seed: int,
) -> list[tuple[Weights, float]]:
    """Try tables, the given one first, until there are enough or the clock says `until`."""
    import optuna  # noqa: PLC0415 - takes a second to load, and only a search needs it

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    space = {name: reaching(span, getattr(given, name)) for name, span in SEARCHED.items()}
    asked = distributions(space)
    study.enqueue_trial({name: getattr(given, name) for name in SEARCHED})
    tried: list[tuple[Weights, float]] = []
    while len(tried) < trials and (not tried or time.monotonic() < until):
        trial = study.ask(asked)
        table = msgspec.structs.replace(given, **trial.params)
        tried.append((table, value(table)))
        study.tell(trial, tried[-1][1])
    return tried
