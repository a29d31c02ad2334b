"""Answers in every situation: never empty while there is a track, never no number."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon.audio.features import FEATURE_SETS
from antiphon.live import answers, home
from antiphon.live import models as live_models
from antiphon.live.models import Models
from antiphon.model import (
    Album,
    Credit,
    Familiarity,
    Features,
    Listen,
    Recommendation,
    Track,
    now_ms,
)
from antiphon.store import Store
from antiphon.store.schema import ALBUMS, FAMILIARITIES, FEATURES, LISTENS, TRACKS
from antiphon.taste import recipe
from antiphon.taste.artefacts import Manifest
from antiphon.taste.interactions import Interactions
from antiphon.taste.registry import Registry

SET = FEATURE_SETS["summary/1"]
STYLES, TRACKS_EACH = 4, 10
MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for wait in ("REFRESH_S", "REST", "COUNT_EVERY_S", "LOOK_EVERY_S"):
        monkeypatch.setattr(live_models, wait, 0.0)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies")


@pytest.fixture
def models(store: Store, registry: Registry) -> Models:
    return Models(store, registry)


def add(store: Store, count: int, first: int = 0, *, analysed: bool = True) -> list[str]:
    """Add tracks, two by an artist; track n is of style n % STYLES and sounds like it."""
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
                artists=(Credit(id=artist, name=artist),),
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


def listened(store: Store, user: str, ids: list[str], ended: str = "completed") -> None:
    played_ms = 200_000 if ended == "completed" else 4_000
    for n, id in enumerate(ids):
        at = now_ms() - (len(ids) - n) * 3 * MINUTE_MS
        listen = Listen(
            id=f"{user}:{ended}{n}",
            user_id=user,
            track_id=id,
            at=at,
            played_ms=played_ms,
            duration_ms=200_000,
            ended=ended,  # type: ignore[arg-type]
            played=ended == "completed",
        )
        store.put(LISTENS, listen)
        known = Familiarity(id=f"{user}:{id}", user_id=user, track_id=id, plays=1)
        store.put(FAMILIARITIES, known)


def train(registry: Registry, ids: list[str]) -> None:
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
    return int(item.track_id[3:]) % STYLES


def nothing(store: Store, registry: Registry) -> None:
    """A listener nobody knows, in a library nobody has trained anything for."""
    add(store, 40)


def trained_but_unknown(store: Store, registry: Registry) -> None:
    train(registry, add(store, 40))


def only_skips(store: Store, registry: Registry) -> None:
    ids = add(store, 40)
    train(registry, ids)
    listened(store, "ann", ids, "skipped")


def everything_played_once(store: Store, registry: Registry) -> None:
    ids = add(store, 40)
    train(registry, ids)
    listened(store, "ann", ids)


def two_plays(store: Store, registry: Registry) -> None:
    listened(store, "ann", add(store, 40)[:2])


def library_doubled(store: Store, registry: Registry) -> None:
    train(registry, add(store, 40))
    listened(store, "ann", add(store, 40, 40)[:5])


def not_analysed(store: Store, registry: Registry) -> None:
    listened(store, "ann", add(store, 40, analysed=False)[:5])


def trained_on_what_is_gone(store: Store, registry: Registry) -> None:
    train(registry, [f"tr-{n}" for n in range(900, 940)])
    listened(store, "ann", add(store, 40)[:5])


def one_track(store: Store, registry: Registry) -> None:
    listened(store, "ann", add(store, 1))


@pytest.mark.parametrize(
    "situation",
    [
        nothing,
        trained_but_unknown,
        only_skips,
        everything_played_once,
        two_plays,
        library_doubled,
        not_analysed,
        trained_on_what_is_gone,
        one_track,
    ],
)
def test_there_is_always_an_answer(
    store: Store,
    registry: Registry,
    models: Models,
    situation: Callable[[Store, Registry], None],
) -> None:
    situation(store, registry)
    playable = store.count(TRACKS)
    answer = answers.next_up(store, models.now, "ann", version="v", limit=10)
    ids = [item.track_id for item in answer.items]
    assert len(ids) == len(set(ids)) == min(10, playable)
    assert all(np.isfinite(item.score) and item.reasons for item in answer.items)
    seed = store.find(TRACKS, limit=1)
    radio = answers.radio(store, models.now, "ann", seed, limit=10)
    assert len(radio.items) >= min(9, playable - 1)
    shown = home.home(store, models, "ann")
    assert shown.rows
    assert all(np.isfinite(item.score) for row in shown.rows for item in row.tracks)


def test_the_taste_of_others_and_the_sound_agree_on_what_is_next(
    store: Store, registry: Registry, models: Models
) -> None:
    ids = add(store, 40)
    train(registry, ids)
    listened(store, "ann", [ids[1], ids[5]])
    items = answers.next_up(store, models.now, "ann", version="v", limit=10).items
    by_taste = [item for item in items if item.generator not in {"spread", "fresh", "repeat"}]
    assert [style(item) for item in by_taste[:5]] == [1] * 5
    said = {reason.split(" Title")[0] for item in by_taste[:5] for reason in item.reasons}
    assert "Listeners of" in said


def test_a_radio_from_a_track_that_nobody_has_played_goes_by_its_sound(
    store: Store, registry: Registry, models: Models
) -> None:
    train(registry, add(store, 40))
    (new,) = add(store, 1, 42)
    track = store.get(TRACKS, new)
    assert track is not None
    items = answers.radio(store, models.now, "ann", [track], limit=6).items
    assert [style(item) for item in items] == [2] * 6
    assert items[0].reasons[0] == "Sounds like Title 42"


def test_what_is_played_again_and_again_comes_back(store: Store, models: Models) -> None:
    ids = add(store, 400)
    listened(store, "ann", [ids[7], ids[11], ids[7], ids[15], *ids[100:130]])
    items = answers.next_up(store, models.now, "ann", version="v", limit=10).items
    (again,) = [item for item in items if item.generator == "repeat"]
    assert (again.track_id, again.reasons) == (ids[7], ("You come back to this",))
