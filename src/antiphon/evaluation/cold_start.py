"""Cold start: how well what nobody has played yet is found by what is said of it.

Some artists are held out whole; listeners who played them are asked to find them again. What is
known of an artist are tags, and tags come from listeners, often from those who play it. Listeners
are therefore asked in groups, and no listener of a group has given any of the tags that its answers
are made of.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.compute.als import AlsParameters, Factors
from antiphon.evaluation import baselines
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.intervals import CONFIDENCE, DRAWS
from antiphon.evaluation.protocol import Cost, Measured, chance, measure
from antiphon.evaluation.questions import take
from antiphon.evaluation.results import Evaluation, Figure, Row
from antiphon.evaluation.splits import Split, cold_start, leaks
from antiphon.taste import content_map
from antiphon.taste.content_map import ContentMapParameters
from antiphon.taste.ials import Trainer
from antiphon.taste.interactions import History, Interactions, Ints, Matrix, rows
from antiphon.taste.recommender import Recommender

# Chosen on artists of the training part that were held out in turn, as the baselines' forms were.
MOST_TAGS = 1000
GROUPS = 5
OURS = "content_map"
AMONG_ALL = f"{OURS}, among all"

Fit = Callable[[Interactions, "Known"], Recommender]


@dataclass(frozen=True)
class Tagged:
    """Which listener gave which item which tag, as parallel arrays (n,) of places."""

    listener: Ints
    item: Ints
    tag: Ints


@dataclass(frozen=True)
class Known:
    """What some listeners say of the items: `tags` (items, tags), log(1 + how many gave it).

    `taggers` (items,) is how many gave any.
    """

    tags: Matrix
    taggers: Matrix


def evaluate(
    name: str,
    interactions: Interactions,
    tagged: Tagged,
    *,
    share: float = 0.2,
    seed: int = 0,
    cut: int = 20,
    train: Trainer | None = None,
) -> Evaluation:
    """Hold out a share of the items whole, and ask every model and baseline for them.

    Only held-out items are ranked, but for the row AMONG_ALL, where all compete. The figure `times`
    of a row is how many times its recall the content map has.

    Raises:
        DataError: the split leaves nothing to ask.
    """
    split = cold_start(interactions, share, seed)
    group = np.random.default_rng(seed).integers(0, GROUPS, len(interactions.users))
    models = _models(train, seed)
    found: dict[str, list[Measured]] = {model: [] for model in (*models, AMONG_ALL)}
    for number in range(GROUPS):
        asked = take(split.questions, np.flatnonzero(group[split.questions.unit] == number))
        if not len(asked):
            continue
        known = described(tagged, group != number, len(interactions.items))
        part = replace(split, questions=asked)
        among_all = replace(part, among=None)
        for model, fit in models.items():
            found[model].append(_measured(part, fit, known, model, cut))
        found[AMONG_ALL].append(_measured(among_all, models[OURS], known, AMONG_ALL, cut))
    if not found[OURS]:
        raise DataError("Nobody played both a held-out item and another: there is too little data.")
    return _evaluation(name, split, [joined(parts) for parts in found.values()], seed)


def described(tagged: Tagged, heard: NDArray[np.bool_], items: int) -> Known:
    """Return what the listeners that are `heard` (listeners,) say of the items.

    Of the tags only the MOST_TAGS that they give to most.
    """
    kept = heard[tagged.listener]
    listener, item, tag = tagged.listener[kept], tagged.item[kept], tagged.tag[kept]
    pairs = np.unique(np.stack([listener, item], axis=1), axis=0)
    taggers = np.bincount(pairs[:, 1], minlength=items).astype(np.float32)
    _, number, count = np.unique(tag, return_inverse=True, return_counts=True)
    most = np.argsort(-count, kind="stable")[:MOST_TAGS]
    column = np.full(len(count), -1)
    column[most] = np.arange(len(most))
    frequent = column[number] >= 0
    tags = np.zeros((items, len(most)), np.float32)
    np.add.at(tags, (item[frequent], column[number[frequent]]), 1.0)
    return Known(np.log1p(tags), taggers)


def times(one: NDArray[np.float64], other: NDArray[np.float64]) -> Figure:
    """Return mean of `one` / mean of `other`, pairs drawn anew together for the interval.

    Whoever found nothing at all counts as having found half of what one listener wanted.
    """
    chance = np.random.default_rng(0)
    drawn = chance.multinomial(len(one), np.full(len(one), 1 / len(one)), DRAWS)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile((drawn @ one) / np.maximum(drawn @ other, 0.5), [tail, 1 - tail])
    return Figure(float(one.sum() / max(other.sum(), 0.5)), float(low), float(high))


def joined(parts: Sequence[Measured]) -> Measured:
    """Return what was measured of one model in several groups of questions as one measurement."""
    first = parts[0]
    return replace(
        first,
        lists=np.concatenate([part.lists for part in parts]),
        values={name: np.concatenate([p.values[name] for p in parts]) for name in first.values},
        weights={name: np.concatenate([p.weights[name] for p in parts]) for name in first.weights},
        unit=np.concatenate([part.unit for part in parts]),
        known=np.concatenate([part.known for part in parts]),
        cost=Cost(
            sum(part.cost.fit_s for part in parts),
            sum(part.cost.answer_s for part in parts),
            max(part.cost.peak_mb for part in parts),
        ),
        coverage=float(np.mean([part.coverage for part in parts])),
    )


def _measured(split: Split, fit: Fit, known: Known, name: str, cut: int) -> Measured:
    return measure(split, lambda played, _: fit(played, known), name=name, cut=cut)


def _evaluation(name: str, split: Split, found: Sequence[Measured], seed: int) -> Evaluation:
    ours = found[0]
    rows = tuple(_row(each, ours) for each in found)
    said = tuple(_said(row) for row in rows if row.model not in (OURS, AMONG_ALL))
    return Evaluation(
        data=name,
        protocol=split.protocol,
        seed=seed,
        cut=ours.lists.shape[1],
        users=len(split.training.users),
        items=len(split.training.items),
        interactions=len(split.training),
        questions=len(ours.unit),
        rows=rows,
        chance=chance(split, ours.lists.shape[1]),
        remarks=(*said, *leaks(split)),
    )


def _row(each: Measured, ours: Measured) -> Row:
    row = each.row(None if each is ours else ours)
    ratio = times(ours.values["recall"], each.values["recall"])
    return msgspec.structs.replace(row, figures={**row.figures, "times": ratio})


def _said(row: Row) -> str:
    ratio = row.figures["times"]
    bounds = f"95 %: {ratio.low:.2f} to {ratio.high:.2f}"
    return f"{OURS} finds {ratio.value:.2f} times as much as {row.model} ({bounds})."


def _models(train: Trainer | None, seed: int) -> dict[str, Fit]:
    """Return ours, first, and what it has to be better than."""
    drawn = np.random.default_rng(seed)
    map_of = partial(_content_map, train=_once(train))
    return {
        OURS: map_of,
        f"{OURS}, tags without their number": lambda played, known: map_of(
            played, replace(known, tags=_unit(known.tags))
        ),
        "nearest tags": lambda played, known: Centroid(played.items, _standard(known.tags)),
        "popularity (listeners who tagged)": lambda played, known: Same(
            played.items, known.taggers
        ),
        "random of the same genre": lambda played, known: SameGenre(
            played.items, known.tags, drawn
        ),
        "random": lambda played, _: baselines.Random(played.items, drawn),
    }


def _content_map(played: Interactions, known: Known, train: Trainer) -> Recommender:
    features = {"tags": dict(zip(played.items, known.tags, strict=True))}
    return content_map.fit(played, features, ContentMapParameters(), train)


def _once(train: Trainer | None) -> Trainer:
    """Return a trainer that trains once: the plays are the same for every group."""
    from antiphon.compute.als_local import train as train_locally  # noqa: PLC0415 - training only

    found: list[Factors] = []

    def trained(matrix: csr_array, parameters: AlsParameters) -> Factors:
        if not found:
            found.append((train or train_locally)(matrix, parameters))
        return found[0]

    return trained


def _unit(tags: Matrix) -> Matrix:
    lengths = np.linalg.norm(tags, axis=1, keepdims=True)
    unit: Matrix = np.divide(tags, lengths, out=np.zeros_like(tags), where=lengths > 0)
    return unit


def _standard(tags: Matrix) -> Matrix:
    deviation = tags.std(axis=0)
    standard: Matrix = (tags - tags.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return standard


@dataclass(frozen=True)
class Fixed:
    """A baseline without a fit: what is known of the `items`, and no reasons."""

    items: tuple[str, ...]

    def contributions(self, history: History, item: int) -> Matrix:  # noqa: ARG002 - the protocol
        """Return zeros: it gives no reasons."""
        return np.zeros(len(history), np.float32)


@dataclass(frozen=True)
class Centroid(Fixed):
    """Content without a map: the mean of what was played, times each item, by `standard` tags."""

    standard: Matrix

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the dot products, (histories, items)."""
        found: Matrix = (rows(histories, len(self.items)) @ self.standard) @ self.standard.T
        return found


@dataclass(frozen=True)
class Same(Fixed):
    """The same for everybody: `scores` (items,)."""

    scores: Matrix

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the scores, (histories, items)."""
        return np.tile(self.scores, (len(histories), 1))


@dataclass(frozen=True)
class SameGenre(Fixed):
    """Any item that has the tag that is most frequent in the history, drawn by `chance`."""

    tags: Matrix
    chance: np.random.Generator

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return 1 and more for items with the tag, less than 1 for the others."""
        has = self.tags > 0
        favourite = ((rows(histories, len(self.items)) > 0) @ has.astype(np.float32)).argmax(axis=1)
        drawn = self.chance.random((len(histories), len(self.items)), np.float32)
        return has[:, favourite].T + drawn
