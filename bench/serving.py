"""How fast answers are made, and with what memory, by models of 100,000 tracks.

- `fold_in_p50_ms`: a listener with 500 plays is taken in by all models together: the vector of
  iALS (with the contributions to one track, without the scores of all), and of the others, which
  have no vector, the scores.
- `answer_p50_ms`, `answer_p99_ms`: `answers.next_up` for 40 tracks, as are prepared, of 100,000,
  one thread: the listener's state, every generator (iALS of rank 128, the 200 nearest of each item,
  session neighbours, sound, popularity, what is due, what is unknown), rank, policy and reasons,
  without the calls of the store, which `answer_with_store_p50_ms` and `…_p99_ms` contain (SQLite;
  the state of the listener is kept, as the live worker keeps it). The listeners'
  plays are 10 to 500, half of them below 120; each is answered ten times, each time after one more
  play. The first answer of a process to a listener looks for the neighbours of up to 60 tracks by
  sound: it is `first_answer_p50_ms`, and not among the others.
- `last_look_ms`: what is added by a forest of 300 trees that puts the candidates in order, as it is
  learned where there are listeners enough. It is not in the answers above.
- `answer_cpu_p50_ms`: the same by the processor's clock, for machines where others work too.
- `model_mb`: how much the models of that process need; `process_mb`: all of it.

The synthetic models are noise of the right shape: what is near in one is not in another, so that no
cache is kinder to them than to real ones.

`--quick` asks a quarter of the listeners.
"""

import argparse
import gc
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import msgspec
import numpy as np
import psutil
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.audio.features import FEATURE_SETS
from antiphon.live import answers, state
from antiphon.live.models import Serving
from antiphon.model import AudioFormat, Credit, Listen, Track
from antiphon.store import Store, open_store
from antiphon.store.schema import LISTENS, STATES, TRACKS
from antiphon.taste import content, ensemble, repeat, rerank, sessions, trees
from antiphon.taste.artefacts import Manifest
from antiphon.taste.blend import Blend
from antiphon.taste.ials import Ials
from antiphon.taste.interactions import History, Interactions
from antiphon.taste.metric import RECIPES
from antiphon.taste.neighbours import Neighbours
from antiphon.taste.popularity import Popularity
from antiphon.taste.registry import Registry

Figures = dict[str, float]

# Unit, goal, and what a first trial gave.
FIGURES: dict[str, tuple[str, float | None, float | None]] = {
    "fold_in_p50_ms": ("ms", 3.0, None),
    "answer_p50_ms": ("ms", 5.0, 6.8),
    "answer_p99_ms": ("ms", 20.0, None),
    "answer_cpu_p50_ms": ("ms", None, None),
    "answer_with_store_p50_ms": ("ms", 7.0, 8.6),
    "answer_with_store_p99_ms": ("ms", 15.0, None),
    "first_answer_p50_ms": ("ms", None, None),
    "last_look_ms": ("ms", None, None),
    "model_mb": ("MB", 600.0, None),
    "process_mb": ("MB", None, None),
}
TRACKS_SERVED, RANK, NEIGHBOURS, CLICKS = 100_000, 128, 200, 1_000_000
LISTENERS, ANSWERS_EACH, LIMIT = 100, 10, answers.PREPARED
PLAYS, MOST_PLAYS = 120, 500
VERSION = "20260101T000000-bench0"
MINUTE_MS = 60_000


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    found = figures(quick=parser.parse_args().quick)
    shown = {
        name: {"value": found[name], "unit": unit, "goal": goal, "baseline": baseline}
        for name, (unit, goal, baseline) in FIGURES.items()
    }
    print(json.dumps({"bench": "serving", "figures": shown}))


def figures(*, quick: bool) -> Figures:
    """Measure a process that serves, fresh, from models that another one has saved."""
    with tempfile.TemporaryDirectory() as folder:
        save_models(Path(folder))
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        asked = LISTENERS // (4 if quick else 1)
        process = spawn.Process(target=serve, args=(folder, asked, theirs))
        process.start()
        found: Figures = ours.recv()
        process.join()
    for name, value in found.items():
        print(f"  {name:26} {value:8.2f} {FIGURES[name][0]}")
    return found


def save_models(folder: Path, tracks: int = TRACKS_SERVED) -> None:
    """Publish noise of the right shape as a trained model."""
    noise = np.random.default_rng(0)
    items = tuple(f"tr-{n:06d}" for n in range(tracks))
    near = noise.integers(0, tracks, (tracks, NEIGHBOURS), np.int32)
    near.sort(axis=1)
    pointers = np.arange(tracks + 1, dtype=np.int32) * NEIGHBOURS
    weights = noise.random(near.size, np.float32), near.ravel(), pointers
    popular = noise.pareto(1.5, tracks).astype(np.float32)
    parts = {
        "ials": Ials(
            items,
            noise.normal(size=(RANK, tracks)).astype(np.float32),
            np.full(RANK, 100, np.float32),
            0.003,
            0.1 * tracks,
            1.0,
        ),
        "ease": Neighbours(items, csr_array(weights, shape=(tracks, tracks))),
        "sessions": sessions.fit(
            clicks(items, noise), {}, sessions.SessionParameters(capacity=CLICKS)
        ),
        "popularity": Popularity(
            items,
            popular / popular.sum(),
            csr_array((tracks, 0), dtype=np.float32),
            np.zeros(0, np.float32),
            10.0,
        ),
        "repeat": repeat.forgetful(items),
    }
    registry = Registry(f"file://{folder}/artefacts", folder)
    model = Blend(items, parts, dict.fromkeys(parts, 1.0) | {"repeat": 0.0})
    registry.publish(model, Manifest(version=VERSION, made_at=0, antiphon="0", recipe={}))


def clicks(items: tuple[str, ...], noise: np.random.Generator) -> Interactions:
    """Return sessions of ten clicks, popular tracks more often than others."""
    popular = noise.pareto(1.0, len(items)) + 1
    item = noise.choice(len(items), CLICKS, p=popular / popular.sum()).astype(np.int32)
    session = (np.arange(CLICKS) // 10).astype(np.int32)
    at = np.arange(CLICKS, dtype=np.int64) * MINUTE_MS
    users = tuple(f"us-{n}" for n in range(CLICKS // 100))
    return Interactions(users, items, session // 10, item, np.ones(CLICKS, "f4"), at, session)


def serve(folder: str, listeners: int, connection: Any) -> None:
    """Answer listeners, and send the figures; the process does nothing else."""
    process = psutil.Process()
    from antiphon.taste import session_kernels  # noqa: F401, PLC0415 - a library is no model

    before = process.memory_info().rss
    serving = assembled(Path(folder))
    with opened(Path(folder) / "bench.db", listeners) as store:
        measured = answered(store, serving, listeners)
    used = process.memory_info().rss
    figures = {**measured, "fold_in_p50_ms": fold_in(serving), "last_look_ms": last_look(serving)}
    figures |= {"model_mb": (used - before) / 2**20, "process_mb": used / 2**20}
    connection.send(figures)


def assembled(folder: Path) -> Serving:
    """Load the trained models, and fit the content model to sounds that are noise."""
    blend = Registry(f"file://{folder}/artefacts", folder).load(VERSION)
    assert isinstance(blend, Blend)
    noise = np.random.default_rng(1)
    features = {}
    for name in RECIPES:
        shape = (TRACKS_SERVED, len(FEATURE_SETS[name].columns))
        raw = noise.standard_normal(shape, np.float32).astype(FEATURE_SETS[name].dtype)
        # One array each, as the store gives them.
        features[name] = {id: row.copy() for id, row in zip(blend.items, raw, strict=True)}
    sound = content.located(features, version="bench")
    models = {name: (part, blend.weights[name]) for name, part in blend.parts.items()}
    whole = ensemble.assembled({**models, "content": (sound, 1.0)})
    # As `live.models` does: what is made by the first question, and what never goes away.
    ensemble.ranked(whole, drawn_history(noise, 1))
    gc.collect()
    gc.freeze()
    # The serving process keeps the features, as it fits them anew when tracks join.
    RAW.append(features)
    return Serving(sound, whole, "bench")


RAW: list[object] = []


class Timed:
    """A store that counts the seconds that its calls take, by the clock and of the processor."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.seconds = np.zeros(2)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._store, name)

        def timed(*args: Any, **named: Any) -> Any:
            started = _clocks()
            try:
                return call(*args, **named)
            finally:
                self.seconds += _clocks() - started

        return timed


@contextmanager
def opened(path: Path, listeners: int) -> Iterator[Store]:
    """Give a store of all the tracks, and of listeners who have played some of them."""
    store = open_store(f"sqlite:///{path}")
    store.put_many(TRACKS, (track(n) for n in range(TRACKS_SERVED)))
    noise = np.random.default_rng(2)
    for number in range(listeners):
        plays = int(np.clip(PLAYS * np.exp(noise.normal(0, 0.9)), 10, MOST_PLAYS))
        played = noise.integers(0, TRACKS_SERVED, plays)
        store.put_many(LISTENS, (listen(number, n, item) for n, item in enumerate(played)))
    try:
        yield store
    finally:
        store.close()


def track(n: int) -> Track:
    """Return a track, ten of which are by one artist."""
    artist = f"ar-{n // 10}"
    return Track(
        id=f"tr-{n:06d}",
        title=f"Title {n}",
        sort=f"title {n:06d}",
        artists=(Credit(id=artist, name=f"Artist {n // 10}"),),
        artist_ids=(artist,),
        album_id=f"al-{n // 10}",
        album=f"Album {n // 10}",
        genres=("Rock",),
        duration_ms=200_000,
        format=AudioFormat(codec="mp3", mime="audio/mpeg", bitrate_kbps=256, size=6_000_000),
        added_at=n,
    )


def listen(listener: int, n: int, item: int) -> Listen:
    """Return the listener's listen number n, of a track."""
    return Listen(
        id=f"us-{listener}:{n}",
        user_id=f"us-{listener}",
        track_id=f"tr-{item:06d}",
        at=(n + 1) * 4 * MINUTE_MS + (n // 12) * 600 * MINUTE_MS,
        played_ms=200_000,
        duration_ms=200_000,
        ended="completed",
        played=True,
        client="bench",
    )


def answered(store: Store, serving: Serving, listeners: int) -> Figures:
    """Answer each listener after each of some plays."""
    timed: Any = Timed(store)
    noise = np.random.default_rng(3)
    alone, whole, first = [], [], []
    for number in range(listeners):
        plays = store.count(LISTENS, {"user_id": f"us-{number}"})
        for again in range(ANSWERS_EACH + 1):
            # As the live worker keeps it, with the effects of the listen.
            store.put(STATES, state.kept(f"us-{number}", state.rebuilt(store, f"us-{number}")))
            timed.seconds = np.zeros(2)
            started = _clocks()
            made = answers.next_up(timed, serving, state.load(timed, f"us-{number}"), limit=LIMIT)
            seconds = _clocks() - started
            assert len(made.items) == LIMIT
            if again:
                whole.append(seconds)
                alone.append(seconds - timed.seconds)
            else:
                first.append(seconds - timed.seconds)
            item = int(noise.integers(TRACKS_SERVED))
            store.put(LISTENS, listen(number, plays + again, item))
    (p50, cpu), (p99, _) = 1000 * np.percentile(alone, [50, 99], axis=0)
    return {
        "answer_p50_ms": float(p50),
        "answer_p99_ms": float(p99),
        "answer_cpu_p50_ms": float(cpu),
        "answer_with_store_p50_ms": float(1000 * np.median(whole, axis=0)[0]),
        "answer_with_store_p99_ms": float(1000 * np.percentile(whole, 99, axis=0)[0]),
        "first_answer_p50_ms": float(1000 * np.median(first, axis=0)[0]),
    }


def _clocks() -> NDArray[np.float64]:
    """Return the seconds of the clock, and of the processor in all threads of the process."""
    return np.array([time.perf_counter(), time.process_time()])


def fold_in(serving: Serving, times: int = 50) -> float:
    """Return the milliseconds in which all models take in a history of 500 plays."""
    noise = np.random.default_rng(4)
    one = np.zeros(1, np.int32)
    seconds = []
    for _ in range(times):
        history = drawn_history(noise, MOST_PLAYS)
        # The neighbours by sound are looked for when a track is first heard, not at a fold-in.
        serving.content.score([history])
        started = time.perf_counter()
        for voice in serving.ensemble.voices:
            if isinstance(voice.model, Ials):
                voice.model.explain(history, one)
            else:
                voice.model.score([history])
        seconds.append(time.perf_counter() - started)
    return float(1000 * np.median(seconds))


def last_look(serving: Serving, times: int = 30) -> float:
    """Return the milliseconds that a last look adds, by a forest grown on noise."""
    noise = np.random.default_rng(5)
    whole = serving.ensemble
    parts = tuple(voice.name for voice in whole.voices if voice.weight)
    reads = 3 * (len(parts) + 1) + 1 + 7 * len(whole.tables)
    numbers = noise.random((20_000, reads), np.float32)
    wanted = numbers[:, 0] + noise.normal(0, 0.3, len(numbers)) > 1
    how = msgspec.structs.replace(rerank.FOREST, in_leaf=50)
    forest = trees.grow(numbers, np.full(200, 100), wanted, how)
    reranker = rerank.Reranker(rerank.Order(parts, forest), TRACKS_SERVED)
    look = ensemble.LastLook(reranker, dict.fromkeys(parts, 1.0), 0.2)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(times):
        history = drawn_history(noise, PLAYS)
        serving.content.score([history])
        for looks, asked in ((False, whole), (True, replace(whole, last_look=look))):
            started = time.perf_counter()
            ensemble.ranked(asked, history)
            seconds[looks].append(time.perf_counter() - started)
    return float(1000 * (np.median(seconds[True]) - np.median(seconds[False])))


def drawn_history(noise: np.random.Generator, plays: int) -> History:
    """Return a history of so many plays, the last four of a sitting."""
    items = noise.integers(0, TRACKS_SERVED, plays, np.int32)
    at = np.arange(1, plays + 1, dtype=np.int64) * 600 * MINUTE_MS
    return History(items, np.ones(plays, np.float32), at, 4, int(at[-1]))


if __name__ == "__main__":
    main()
