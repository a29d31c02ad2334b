"""One trial: fit a model or a recipe on a share of the listeners, and ask it the questions."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.compute import als_local
from antiphon.evaluation import written
from antiphon.evaluation.protocol import Fit, measure
from antiphon.evaluation.splits import Split
from antiphon.taste import recipe as recipes
from antiphon.taste.ials import Trainer
from antiphon.taste.interactions import only
from antiphon.taste.recipe import Recipe
from antiphon.taste.recommender import FeatureVectors


class Task(msgspec.Struct, frozen=True):
    """Something to fit and measure, in whichever process: a written split, and a model or recipe.

    `share` is the share of the listeners to learn from, `recipe` is JSON, `number` is the caller's.
    After `limit_s` seconds it is given up (0: never).
    """

    folder: str
    share: float
    cut: int
    seed: int
    model: str = ""
    parameters: dict[str, Any] = {}
    number: int = 0
    recipe: bytes = b""
    limit_s: float = 0.0


@dataclass(frozen=True)
class Answer:
    """nDCG of each question and its unit (n,), seconds, and the learnt recipe, if it was one."""

    ndcg: NDArray[np.float64]
    unit: NDArray[np.int32]
    seconds: float
    recipe: bytes = b""


def run(task: Task) -> Answer:
    """Fit and measure what a task says.

    Raises:
        TimeoutError: it took longer than it may.
    """
    split, features = _share(task.folder, task.share, task.seed)
    started = time.perf_counter()
    with _within(task.limit_s):
        learnt, fit = b"", _one(task)
        if task.recipe:
            given = msgspec.json.decode(task.recipe, type=Recipe)
            recipe = recipes.learn(given, split.training, features, trainer(), task.seed)
            learnt = msgspec.json.encode(recipe)
            fit = partial(recipes.fit, recipe, train=trainer())
        measured = measure(split, fit, name=task.model, features=features, cut=task.cut)
    seconds = time.perf_counter() - started
    return Answer(measured.values["ndcg"], measured.unit, seconds, learnt)


def trainer() -> Trainer:
    """Return what trains iALS: here, with all cores, unless OMP_NUM_THREADS says how many."""
    threads = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
    return partial(als_local.train, threads=threads)


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError inside once the time is over; whatever alarm was set before goes on.

    One long call into a library is waited for: only then can the error be raised.
    """
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*_: object) -> None:
        raise TimeoutError(f"it took more than {seconds:.0f} s and was given up")

    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, give_up)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 0.001))


def forget() -> None:
    """Forget what was read: a split has been written anew."""
    _share.cache_clear()


@lru_cache(maxsize=4)
def _share(folder: str, share: float, seed: int) -> tuple[Split, FeatureVectors]:
    """Read a split, with a share of its listeners to learn from; larger ones hold smaller ones."""
    split, features = written.read(Path(folder)), written.features(Path(folder))
    if share >= 1:
        return split, features
    drawn = np.random.default_rng(seed).random(len(split.training.users)) < share
    return replace(split, training=only(split.training, drawn[split.training.user])), features


def _one(task: Task) -> Fit:
    return partial(recipes.fit_one, task.model, task.parameters, train=trainer())
