"""A store and models as large as asked: noise of the right shape, and listeners with a past."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from serving import VERSION, listen, save_models, track

from antiphon.audio.features import FEATURE_SETS
from antiphon.model import Features, Listen, User, now_ms
from antiphon.store import open_store
from antiphon.store.schema import FEATURES, LISTENS, TRACKS, USERS
from antiphon.taste.artefacts import Manifest
from antiphon.taste.metric import RECIPES
from antiphon.taste.registry import Registry

T = TypeVar("T")

AT_ONCE = 2000
PLAYS, SPREAD, FEWEST, MOST = 60, 0.9, 10, 500
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Size:
    """How many tracks there are, listeners the models know, and listeners with a past here."""

    tracks: int
    listeners: int
    with_past: int


def prepare(store_url: str, data: Path, size: Size) -> None:
    """Fill a store, and publish models beside it that are in use from the beginning."""
    publish(data, size)
    store = open_store(store_url)
    try:
        store.put_many(
            USERS,
            (User(id=user_id(n), name=user_id(n), key=user_id(n)) for n in range(size.listeners)),
        )
        for docs in in_parts(track(n) for n in range(size.tracks)):
            store.put_many(TRACKS, docs)
        for docs in in_parts(sounds(size.tracks)):
            store.put_many(FEATURES, docs)
        for docs in in_parts(pasts(size)):
            store.put_many(LISTENS, docs)
    finally:
        store.close()


def publish(data: Path, size: Size) -> None:
    """Publish the models of `bench/serving.py` as learned just now from so many listeners."""
    save_models(data, size.tracks)
    registry = Registry(f"file://{data}/artefacts", data)
    model = registry.load(VERSION)
    made = Manifest(
        version=f"{time.strftime('%Y%m%dT%H%M%S')}-bench1",
        made_at=now_ms(),
        antiphon="0",
        recipe={},
        listeners=size.listeners,
    )
    registry.use(registry.publish(model, made).version)


def user_id(n: int) -> str:
    """Return the id of a listener."""
    return f"us-{n}"


def sounds(tracks: int) -> Iterator[Features]:
    """Yield what was heard of each track: noise."""
    noise = np.random.default_rng(1)
    for name in RECIPES:
        kind = FEATURE_SETS[name]
        for n in range(tracks):
            vector = noise.standard_normal(len(kind.columns), np.float32).astype(kind.dtype)
            id = f"tr-{n:06d}"
            yield Features(
                id=f"{id}:{name}", track_id=id, name=name, vector=vector.tobytes(), at=n + 1
            )


def pasts(size: Size) -> Iterator[Listen]:
    """Yield what some listeners have played until a day ago."""
    noise = np.random.default_rng(2)
    shift = now_ms() - 24 * 60 * MINUTE_MS - (MOST * 60) * MINUTE_MS
    for number in range(size.with_past):
        plays = int(np.clip(PLAYS * np.exp(noise.normal(0, SPREAD)), FEWEST, MOST))
        for n, item in enumerate(noise.choice(size.tracks, plays, p=popularity(size))):
            old = listen(number, n, int(item))
            yield replace(old, at=shift + old.at)


@cache
def popularity(size: Size) -> NDArray[np.float64]:
    """Return how often each track is played, of all plays."""
    wanted = np.random.default_rng(6).pareto(1.0, size.tracks) + 1
    return wanted / wanted.sum()


def in_parts(docs: Iterator[T]) -> Iterator[list[T]]:
    """Yield some at a time."""
    while some := list(islice(docs, AT_ONCE)):
        yield some
