"""Planted listening: two camps of listeners, each of which plays only its half of the tracks."""

from collections.abc import Iterator

import numpy as np

from antiphon.model import Listen, Track
from antiphon.store import Store
from antiphon.store.schema import LISTENS, TRACKS
from antiphon.taste import recipe
from antiphon.taste.artefacts import Manifest
from antiphon.taste.interactions import Interactions
from antiphon.taste.registry import Registry

TRACK_COUNT = 40
MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def plant(store: Store, listeners: int = 16, days: int = 10, since: int = 0, seed: int = 0) -> None:
    """Let each listener play eight tracks of their camp on each of so many days from `since`."""
    store.put_many(
        TRACKS, [Track(id=f"tr-{n:02}", title=f"T{n}", sort=f"t{n}") for n in range(TRACK_COUNT)]
    )
    store.put_many(LISTENS, _listens(listeners, range(since, since + days), seed))


def _listens(listeners: int, days: range, seed: int) -> Iterator[Listen]:
    chance = np.random.default_rng((seed, days.start))
    for day in days:
        for user in range(listeners):
            own = np.arange(user % 2, TRACK_COUNT, 2)
            for turn, track in enumerate(chance.choice(own, 8, replace=False).tolist()):
                yield Listen(
                    id=f"us-{user}:{day}:{turn}",
                    user_id=f"us-{user}",
                    track_id=f"tr-{track:02}",
                    at=(day + 1) * DAY + user * MINUTE + turn * 4 * MINUTE,
                    played_ms=3 * MINUTE,
                    duration_ms=3 * MINUTE,
                    ended="completed",
                    played=True,
                )


def publish(registry: Registry, manifest: Manifest) -> None:
    """Have the registry use a model of a single track that nobody played."""
    none = np.empty(0, np.int32)
    nobody = Interactions((), ("a",), none, none, none.astype("f4"), none.astype("i8"), none)
    registry.publish(recipe.fit(recipe.Recipe(models={"popularity": {}}), nobody), manifest)
    registry.use(manifest.version)
