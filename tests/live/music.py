"""A library in which track n is of style n % STYLES and sounds like it, and who listened to it."""

from collections.abc import Sequence

import numpy as np

from antiphon.audio.features import FEATURE_SETS
from antiphon.model import (
    Album,
    Credit,
    Ending,
    Familiarity,
    Features,
    Listen,
    Preferences,
    Recommendation,
    Track,
    now_ms,
)
from antiphon.store import Store
from antiphon.store.schema import (
    ALBUMS,
    FAMILIARITIES,
    FEATURES,
    LISTENS,
    PREFERENCES,
    TRACKS,
)
from antiphon.taste import recipe
from antiphon.taste.artefacts import Manifest
from antiphon.taste.interactions import Interactions
from antiphon.taste.registry import Registry

SET = FEATURE_SETS["summary/1"]
STYLES = 4
MINUTE_MS = 60_000
DAY_MS = 86_400_000


def add(store: Store, count: int, first: int = 0, *, analysed: bool = True) -> list[str]:
    """Add tracks, two by an artist, a minute apart and old."""
    store.put(ALBUMS, Album(id="al-1", title="All", sort="all", track_count=count))
    ids = [f"tr-{n:03}" for n in range(first, first + count)]
    centres = np.random.default_rng(0).normal(size=(STYLES, len(SET.columns))) * 3
    for n, id in enumerate(ids, first):
        artist = f"ar-{n % STYLES}-{n // (2 * STYLES)}"
        store.put(
            TRACKS,
            Track(
                id=id,
                title=f"Title {n}",
                sort=id,
                artists=(Credit(id=artist, name=artist.replace("ar", "Artist")),),
                artist_ids=(artist,),
                genres=(f"Style {n % STYLES}",),
                duration_ms=200_000,
                added_at=n,
            ),
        )
        sound = centres[n % STYLES] + np.random.default_rng(n).normal(size=len(SET.columns))
        if analysed:
            vector = sound.astype(SET.dtype).tobytes()
            store.put(
                FEATURES,
                Features(id=f"{id}:{SET.name}", track_id=id, name=SET.name, vector=vector, at=n),
            )
    return ids


def listened(
    store: Store,
    user: str,
    ids: Sequence[str],
    ended: Ending = "completed",
    ago_ms: int = 0,
) -> list[str]:
    """Let somebody hear tracks, three minutes apart, the last one so long ago; return the ids."""
    played_ms = 200_000 if ended == "completed" else 4_000
    listens = []
    for n, id in enumerate(ids):
        at = now_ms() - ago_ms - (len(ids) - n) * 3 * MINUTE_MS
        listen = Listen(
            id=f"{user}:{ended}{at}",
            user_id=user,
            track_id=id,
            at=at,
            played_ms=played_ms,
            duration_ms=200_000,
            ended=ended,
            played=ended == "completed",
        )
        store.put(LISTENS, listen)
        listens.append(listen.id)
        known = store.get(FAMILIARITIES, f"{user}:{id}")
        plays = (known.plays if known else 0) + (ended == "completed")
        store.put(
            FAMILIARITIES,
            Familiarity(
                id=f"{user}:{id}",
                user_id=user,
                track_id=id,
                plays=plays,
                skips=int(ended == "skipped"),
                last_at=at,
            ),
        )
    return listens


def prefers(store: Store, user: str, **preferences: object) -> None:
    """Set a listener's preferences."""
    store.put(PREFERENCES, Preferences(id=user, **preferences))  # type: ignore[arg-type]


def train(registry: Registry, ids: Sequence[str]) -> None:
    """Train on listeners who each play the tracks of one style."""
    users = 3 * STYLES
    pairs = [(u, n) for u in range(users) for n in range(len(ids)) if n % STYLES == u % STYLES]
    user, item = (np.array(side, np.int32) for side in zip(*pairs, strict=True))
    data = Interactions(
        tuple(f"u{n}" for n in range(users)),
        tuple(ids),
        user,
        item,
        np.ones(len(pairs), np.float32),
        np.arange(1, len(pairs) + 1, dtype=np.int64) * MINUTE_MS,
        user,
    )
    weights = {"popularity": 0.2, "neighbours": 1.0, "ials": 0.8}
    parts = {"popularity": {}, "neighbours": {}, "ials": {"dimensions": 8}}
    model = recipe.fit(recipe.Recipe(models=parts, weights=weights), data)
    version = "20261122T093000-abcdef"
    registry.publish(
        model, Manifest(version=version, made_at=1, antiphon="0", recipe={}, listeners=200)
    )
    registry.use(version)


def style(item: Recommendation) -> int:
    """Return of which style a recommended track is."""
    return int(item.track_id[3:]) % STYLES
