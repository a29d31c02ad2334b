"""The test sessions replayed: each next track is asked for, and then everybody may learn from it.

Frozen, a model knows what was known when training ended: the protocol `session` of `splits`.
Replayed, it is asked just before each click of the timed test sessions, in the order of time
(prequential; Dawid 1984). It may know by then every click of a moment before, to the second, and of
its own session what comes before in the order of time: nothing of the same moment by others,
nothing later.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.datasets import Dataset, sitting, timed_sessions
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.memory import peak_mb, reset_peak
from antiphon.evaluation.protocol import Cost, Measured, Progress, judged
from antiphon.evaluation.questions import questions
from antiphon.evaluation.splits import Split
from antiphon.taste import session_candidates, trees
from antiphon.taste.interactions import Interactions, Ints
from antiphon.taste.recommender import FeatureVectors, best
from antiphon.taste.session_candidates import Clicks
from antiphon.taste.session_log import NONE
from antiphon.taste.session_ranker import SessionRanker, described_replayed
from antiphon.taste.sessions import SessionKnn

FILE = "test_sessions_timed.txt"
Growing = SessionKnn | SessionRanker
Fit = Callable[[Interactions, FeatureVectors], Growing]


def replay(
    dataset: Dataset,
    folder: Path,
    fit: Fit,
    *,
    name: str,
    part: float = 1.0,
    seed: int = 0,
    cut: int = 20,
    progress: Progress | None = None,
) -> Measured:
    """Fit a model to the training sessions, replay the timed ones and measure its lists.

    Of the questions only a `part` is asked, drawn by `seed`; all clicks are learned from.

    Raises:
        DataError: the folder has no timed sessions.
    """
    later = session_clicks(timed_sessions(folder / FILE, dataset.interactions.items))
    asked = drawn(later, part, seed)
    if not asked.any():
        raise DataError(
            f"{folder} has no {FILE} with anything to ask: a session is track:unixtime …"
        )
    reset_peak()
    started = time.perf_counter()
    model = fit(dataset.interactions, dataset.features)
    fit_s = time.perf_counter() - started
    started = time.perf_counter()
    lists = answered(model, later, asked, cut, progress)
    cost = Cost(fit_s, time.perf_counter() - started, peak_mb())
    return judged(split_of(dataset, later, asked), lists, cost, name=name, artists=dataset.artists)


def session_clicks(interactions: Interactions) -> Clicks:
    """Return interactions as clicks of their sessions, in the order of time."""
    return session_candidates.clicks(interactions, interactions.session.astype(np.int64))


def drawn(later: Clicks, part: float, seed: int) -> NDArray[np.bool_]:
    """Return which clicks are asked for: of those that have one before them, a part."""
    places = np.flatnonzero(later.place > 0)
    count = round(part * len(places))
    asked = np.zeros(len(later.item), np.bool_)
    asked[np.random.default_rng(seed).permutation(places)[:count]] = True
    return asked


def split_of(dataset: Dataset, later: Clicks, asked: NDArray[np.bool_]) -> Split:
    """Return the questions in the order of time; a session is what is drawn together."""
    places = np.flatnonzero(asked)
    histories = [sitting(later.prefix(place)) for place in places]
    targets: list[Ints] = list(later.item[places].reshape(-1, 1))
    items = len(dataset.interactions.items)
    found = questions(histories, targets, items, later.session[places].astype(np.int32))
    return Split("replay", dataset.interactions, found, repeats=True)


def answered(
    model: Growing,
    later: Clicks,
    asked: NDArray[np.bool_],
    cut: int = 20,
    progress: Progress | None = None,
) -> Ints:
    """Return the first `cut` items for each click asked for, (questions, cut), in their order."""
    if isinstance(model, SessionRanker) and model.forest:
        batches = _ranked(model, later, asked, cut)
    else:
        batches = _one_by_one(model, later, asked, cut)
    lists = np.full((int(asked.sum()), cut), -1, np.int32)
    done = 0
    for found in batches:
        lists[done : done + len(found), : found.shape[1]] = found
        done += len(found)
        if progress:
            progress(done, len(lists))
    return lists


def _ranked(
    model: SessionRanker, later: Clicks, asked: NDArray[np.bool_], cut: int
) -> Iterator[Ints]:
    """Yield lists for many questions at a time: what `score` would say, without its zeros."""
    for found, _ in described_replayed(model, later, asked):
        values = trees.values(model.forest, found.features)
        group = np.repeat(np.arange(len(found.counts)), found.counts)
        order = np.lexsort((-values, group))
        starts = np.cumsum(found.counts) - found.counts
        rank = np.arange(len(group)) - starts[group]
        lists = np.full((len(found.counts), cut), -1, np.int32)
        first = rank < cut
        lists[group[first], rank[first]] = found.items[order[first]]
        yield lists


def _one_by_one(
    model: Growing, later: Clicks, asked: NDArray[np.bool_], cut: int
) -> Iterator[Ints]:
    """Yield lists moment by moment, and add what was clicked then."""
    growing = model.growing()
    knn = growing.sessions if isinstance(growing, SessionRanker) else growing
    names = np.full(len(later.starts), NONE, np.int64)
    ends = np.flatnonzero(np.diff(later.at, append=np.iinfo(np.int64).max)) + 1
    start = 0
    for end in ends.tolist():
        moment = range(start, end)
        for click in moment:
            if asked[click]:
                yield best(growing.score([sitting(later.prefix(click))]), cut)
        for click in moment:
            session = later.session[click]
            names[session] = knn.add(int(later.item[click]), int(names[session]))
        start = end
