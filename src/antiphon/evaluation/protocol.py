"""Every model is asked the same questions: fit it, take its lists in batches, measure them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.evaluation import metrics
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.intervals import difference, interval
from antiphon.evaluation.memory import peak_mb, reset_peak
from antiphon.evaluation.metrics import Traits
from antiphon.evaluation.questions import Questions, take
from antiphon.evaluation.results import Activity, Figure, Row
from antiphon.evaluation.splits import Split
from antiphon.taste.interactions import Interactions, Ints, rows
from antiphon.taste.recommender import FeatureVectors, Recommender, best

Fit = Callable[[Interactions, FeatureVectors], Recommender]
# Measure -> its value (or weight) for each question (n,).
Values = Mapping[str, NDArray[np.float64]]
Progress = Callable[[int, int], None]
# How many scores are in memory at once: 64 MB of float32, and a model's own work beside them.
SCORES_AT_ONCE = 16_000_000
# Likeness within lists is measured on so many questions, the rest is cheap.
LISTS_FOR_DIVERSITY = 2_000
_MEASURED_AT_ONCE = 10_000


@dataclass(frozen=True)
class Cost:
    """Seconds to fit and to answer all questions, and the most memory that the process had, MB."""

    fit_s: float
    answer_s: float
    peak_mb: float


@dataclass(frozen=True)
class Measured:
    """What a model answered, (n, cut), and for every measure a value and a weight of each question.

    `unit` (n,) is what is drawn together, `known` (n,) how many items the history had.
    """

    model: str
    lists: Ints
    values: Values
    weights: Values
    unit: Ints
    known: Ints
    cost: Cost
    coverage: float

    def row(self, first: "Measured | None" = None) -> Row:
        """Return the figures with their intervals, and the difference to `first`, if given."""
        figures = {
            name: interval(values, self.unit, self.weights.get(name))
            for name, values in self.values.items()
        } | {"coverage": Figure(self.coverage, self.coverage, self.coverage)}
        own = self.values["ndcg"]
        versus = difference(own, first.values["ndcg"], self.unit) if first else None
        return Row(
            self.model,
            figures,
            fit_s=self.cost.fit_s,
            answer_ms=1000 * self.cost.answer_s / max(len(self.unit), 1),
            peak_mb=self.cost.peak_mb,
            activity=self._by_activity(),
            versus=versus,
        )

    def _by_activity(self) -> tuple[Activity, ...]:
        """Return recall by quarters of the listeners, from those who know least."""
        edges = np.unique(np.quantile(self.known, [0.25, 0.5, 0.75], method="lower"))
        group = np.searchsorted(edges, self.known)
        found = []
        for number in np.unique(group):
            part = group == number
            least, most = int(self.known[part].min()), int(self.known[part].max())
            recall = interval(self.values["recall"][part], self.unit[part])
            found.append(Activity(least, most, int(part.sum()), recall))
        return tuple(found)


def measure(
    split: Split,
    fit: Fit,
    *,
    name: str,
    features: FeatureVectors | None = None,
    artists: tuple[str, ...] = (),
    cut: int = 20,
    progress: Progress | None = None,
) -> Measured:
    """Fit a model on the training part, ask it all questions, and measure the first `cut` places.

    Memory is bounded: scores are made for a few questions at once.

    Raises:
        DataError: there is nothing to ask.
    """
    if not len(split.questions):
        raise DataError("The split leaves nothing to ask: there is too little data.")
    features = features or {}
    reset_peak()
    started = time.perf_counter()
    model = fit(split.training, features)
    fit_s = time.perf_counter() - started
    started = time.perf_counter()
    lists = answers(model, split, cut, progress)
    answer_s = time.perf_counter() - started
    cost = Cost(fit_s, answer_s, peak_mb())
    return judged(split, lists, cost, name=name, features=features, artists=artists)


def judged(
    split: Split,
    lists: Ints,
    cost: Cost,
    *,
    name: str,
    features: FeatureVectors | None = None,
    artists: tuple[str, ...] = (),
) -> Measured:
    """Measure lists (questions, cut) that a model gave, whichever way it came by them."""
    traits = metrics.traits(split.training, features or {}, artists)
    values, weights, known = _measured(split, lists, traits)
    among = len(traits.share) if split.among is None else int(split.among.sum())
    coverage = metrics.coverage(lists, among)
    return Measured(name, lists, values, weights, split.questions.unit, known, cost, coverage)


def answers(model: Recommender, split: Split, cut: int, progress: Progress | None = None) -> Ints:
    """Return the first `cut` items for each question (n, cut), best first, -1 for none.

    Equal scores come in a fixed order that has nothing to do with the order of the items: ids are
    often given as things were found, and would tell.
    """
    if model.items != split.training.items:
        raise ValueError("the model answers with other items than those it was given")
    items = len(model.items)
    ranked = np.arange(items) if split.among is None else np.flatnonzero(split.among)
    ranked = np.random.default_rng(0).permutation(ranked)
    places = np.full(items, -1)
    places[ranked] = np.arange(len(ranked))
    cut_there = min(cut, len(ranked))
    lists = np.full((len(split.questions), cut), -1, np.int32)
    for part in _batches(len(split.questions), items):
        histories = split.questions.histories[part]
        scores = model.score(histories)[:, ranked]
        if not split.repeats:
            _leave_out(scores, rows(histories, items), places)
        top = best(scores, cut_there)
        there = np.take_along_axis(scores, top, axis=1) > -np.inf
        lists[part, :cut_there] = np.where(there, ranked[top], -1)
        if progress:
            progress(part.stop, len(split.questions))
    return lists


def _leave_out(scores: NDArray[np.float32], known: csr_array, places: NDArray[np.int64]) -> None:
    row = np.repeat(np.arange(len(scores)), np.diff(known.indptr))
    place = places[known.indices]
    scores[row[place >= 0], place[place >= 0]] = -np.inf


def _batches(count: int, items: int) -> Iterator[slice]:
    size = max(1, SCORES_AT_ONCE // max(items, 1))
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def _values(
    asked: Questions, lists: Ints, traits: Traits, *, repeats: bool
) -> tuple[Values, Values, Ints]:
    """Return every measure, the weights of those that not all questions have, and what is known."""
    known = _known(asked)
    wanted = np.diff(asked.wanted.indptr).astype(np.int32)
    hits = metrics.hits(lists, asked.wanted)
    values = {
        "recall": metrics.recall(hits, wanted),
        "ndcg": metrics.ndcg(hits, wanted),
        "mrr": metrics.reciprocal_rank(hits),
        "hit_rate": metrics.hit_rate(hits),
        "novelty": metrics.novelty(lists, traits),
        "popularity_lift": metrics.popularity_lift(lists, known, traits),
        "calibration": metrics.calibration(lists, known, traits),
    }
    lengths = np.diff(known.indptr).astype(np.int32)
    weights = {"popularity_lift": (lengths > 0).astype(np.float64)}
    if len(traits.artist):
        values["artist_diversity"] = metrics.artist_diversity(lists, traits)
    if repeats:
        values["repeat_accuracy"] = metrics.repeat_accuracy(hits, lists, known, asked.wanted)
        weights["repeat_accuracy"] = metrics.repeats(known, asked.wanted).astype(np.float64)
    return values, weights, lengths


def _measured(split: Split, lists: Ints, traits: Traits) -> tuple[Values, Values, Ints]:
    count = len(lists)
    starts = range(0, count, _MEASURED_AT_ONCE)
    parts = [np.arange(start, min(start + _MEASURED_AT_ONCE, count)) for start in starts]
    found = [
        _values(take(split.questions, part), lists[part], traits, repeats=split.repeats)
        for part in parts
    ]
    values = _together([each[0] for each in found])
    weights = _together([each[1] for each in found])
    drawn = _drawn(count)
    values["diversity"], weights["diversity"] = np.zeros(count), np.zeros(count)
    values["diversity"][drawn] = metrics.diversity(lists[drawn], traits)
    weights["diversity"][drawn] = 1.0
    return values, weights, np.concatenate([each[2] for each in found])


def _together(parts: Sequence[Values]) -> dict[str, NDArray[np.float64]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _known(asked: Questions) -> csr_array:
    """Return which items each history has, (n, items), ones."""
    known = rows(asked.histories, asked.wanted.shape[1])
    known.data[:] = 1
    return known


def _drawn(count: int) -> NDArray[np.int64]:
    if count <= LISTS_FOR_DIVERSITY:
        return np.arange(count)
    chance = np.random.default_rng(0)
    return np.sort(chance.choice(count, LISTS_FOR_DIVERSITY, replace=False))


def chance(split: Split, cut: int) -> float:
    """Return the recall of guessing: what any model gets when the right answers are shuffled."""
    among = np.ones(len(split.training.items), bool) if split.among is None else split.among
    known = 0 if split.repeats else _known(split.questions) @ among.astype(np.int64)
    left = np.maximum(among.sum() - known, 1)
    return float(np.mean(np.minimum(cut / left, 1.0)))
