"""The models in use keep up with the store: tracks join, tracks go, all processes agree."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.sparse import csr_array

from antiphon.audio.features import FEATURE_SETS
from antiphon.events import LocalEventLog
from antiphon.events.records import Play
from antiphon.live import models as live_models
from antiphon.live import state
from antiphon.live.effects import familiarity_id
from antiphon.live.models import Models
from antiphon.model import Familiarity, Features, Listen
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, FEATURES, LISTENS
from antiphon.taste import sessions
from antiphon.taste.artefacts import Manifest
from antiphon.taste.blend import Blend
from antiphon.taste.content import ContentModel, located
from antiphon.taste.generators import by_taste
from antiphon.taste.interactions import Interactions
from antiphon.taste.listener import Evidence
from antiphon.taste.neighbours import Neighbours
from antiphon.taste.registry import Registry


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for wait in ("REFRESH_S", "REST", "COUNT_EVERY_S", "LOOK_EVERY_S"):
        monkeypatch.setattr(live_models, wait, 0.0)


def features(*numbers: int, name: str = "summary/1") -> list[Features]:
    kind = FEATURE_SETS[name]
    return [
        Features(
            id=f"tr-{n}:{name}",
            track_id=f"tr-{n}",
            name=name,
            vector=np.random.default_rng(n)
            .normal(size=len(kind.columns))
            .astype(kind.dtype)
            .tobytes(),
            at=n,
        )
        for n in numbers
    ]


def test_new_features_join_and_forgotten_ones_go(store: Store) -> None:
    models = Models(store)
    assert len(models.content) == 0
    store.put_many(FEATURES, features(1, 2, 3))
    assert set(models.content.items) == {"tr-1", "tr-2", "tr-3"}
    store.delete_many(FEATURES, ["tr-2:summary/1"])
    assert set(models.content.items) == {"tr-1", "tr-3"}


def test_features_that_another_process_kept_late_are_found(store: Store) -> None:
    models = Models(store)
    store.put_many(FEATURES, features(5, 6))
    assert len(models.content) == 2
    store.put_many(FEATURES, features(4))
    assert set(models.content.items) == {"tr-4", "tr-5", "tr-6"}


def test_features_are_counted_rarely(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_models, "COUNT_EVERY_S", 60.0)
    models = Models(store)
    store.put_many(FEATURES, features(1, 2, 3))
    assert len(models.content) == 3
    store.delete_many(FEATURES, ["tr-2:summary/1"])
    assert len(models.content) == 3
    store.put_many(FEATURES, features(7))
    assert len(models.content) == 4


def test_a_track_that_is_analysed_again_moves(store: Store) -> None:
    models = Models(store)
    store.put_many(FEATURES, features(1, 2, 3, 4, 5))
    before = models.content
    again = replace(features(9)[0], id="tr-1:summary/1", track_id="tr-1")
    store.put(FEATURES, again)
    after = models.content
    assert set(after.items) == set(before.items)
    assert after.version != before.version
    row, other = after.rows["tr-1"], after.rows["tr-2"]
    assert not np.allclose(
        before.vectors[0] @ before.vectors[1], after.vectors[row] @ after.vectors[other]
    )


def test_a_process_that_starts_later_has_the_same_model(store: Store) -> None:
    early = Models(store)
    store.put_many(FEATURES, [*features(1, 2, 3), *features(1, 2, name="musicnn/1")])
    assert early.content.version
    store.delete_many(FEATURES, ["tr-1:summary/1"])
    late = Models(store)
    assert early.content.version == late.content.version
    assert np.array_equal(early.content.vectors, late.content.vectors)


def test_the_embedding_joins_what_was_there_before(store: Store) -> None:
    models = Models(store)
    store.put_many(FEATURES, features(1, 2, 3))
    without = models.content
    store.put_many(FEATURES, features(1, 2, 3, name="musicnn/1"))
    assert set(models.content.lenses) == {"summary/1", "musicnn/1"}
    assert set(models.content.items) == set(without.items)


def test_features_that_nearness_is_not_made_of_are_not_mixed_in(store: Store) -> None:
    store.put_many(FEATURES, features(9, name="tags/1"))
    assert len(Models(store).content) == 0


@pytest.mark.parametrize("damage", ["cut short", "no numbers"])
def test_damaged_features_cost_their_own_track(
    store: Store, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store.put_many(FEATURES, features(1, 2))
    size = len(features(3)[0].vector)
    vector = b"\0" * 7 if damage == "cut short" else b"\xff" * size
    store.put(
        FEATURES,
        Features(id="tr-3:summary/1", track_id="tr-3", name="summary/1", vector=vector, at=3),
    )
    models = Models(store)
    with caplog.at_level(logging.WARNING):
        assert set(models.content.items) == {"tr-1", "tr-2"}
    assert "tr-3:summary/1" in caplog.text
    assert models.content is models.content
    store.put_many(FEATURES, [replace(features(3)[0], at=4)])
    assert set(models.content.items) == {"tr-1", "tr-2", "tr-3"}


def test_a_dislike_is_known_however_many_likes_there_are(store: Store) -> None:
    said = [("like", f"tr-{n:04}") for n in range(1200)] + [("dislike", "tr-zz")]
    store.put_many(
        FAMILIARITIES,
        [
            Familiarity(
                id=familiarity_id("ann", id),
                user_id="ann",
                track_id=id,
                feedback=value,  # type: ignore[arg-type]
                liked_at=number if value == "like" else 0,
            )
            for number, (value, id) in enumerate(said)
        ],
    )
    listener = state.load(store, "ann")
    assert listener.disliked == {"tr-zz"}
    assert "tr-1199" in {item.track_id for item in listener.evidence}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies")


def publish(registry: Registry, second: int, *items: str, listeners: int = 20) -> str:
    """Publish and use a model by which a play of the first item speaks for the second."""
    weights = csr_array(([1.0], ([0], [1])), shape=(len(items), len(items)), dtype=np.float32)
    model = Blend(items, {"ease": Neighbours(items, weights)}, {"ease": 0.8})
    version = f"20261122T0930{second:02}-abcdef"
    registry.publish(
        model, Manifest(version=version, made_at=1, antiphon="0", recipe={}, listeners=listeners)
    )
    registry.use(version)
    return version


def voices(models: Models) -> dict[str, float]:
    return {voice.name: voice.weight for voice in models.now.ensemble.voices}


def test_what_was_trained_answers_beside_the_sound(store: Store, registry: Registry) -> None:
    store.put_many(FEATURES, features(1, 2, 3))
    models = Models(store, registry)
    assert voices(models) == {"content": 1.0, "repeat": 0.0}
    assert models.now.version.startswith("untrained ")
    version = publish(registry, 1, "tr-1", "tr-2")
    assert models.now.version.startswith(f"{version} content:")
    assert voices(models) == pytest.approx({"ease": 0.5, "content": 0.5, "repeat": 0.0})
    assert set(models.now.ensemble.items) == {"tr-1", "tr-2", "tr-3"}


@pytest.mark.parametrize(("listeners", "share"), [(0, 0.0), (5, 0.2), (80, 0.8), (100_000, 0.9)])
def test_what_was_learned_counts_the_more_the_more_listeners_it_was_learned_from(
    store: Store, registry: Registry, listeners: int, share: float
) -> None:
    publish(registry, 1, "tr-1", "tr-2", listeners=listeners)
    store.put_many(FEATURES, features(1, 2))
    weights = voices(Models(store, registry))
    assert weights == pytest.approx({"ease": share, "content": 1 - share, "repeat": 0.0})


def test_a_track_that_is_analysed_after_the_training_joins(
    store: Store, registry: Registry
) -> None:
    publish(registry, 1, "tr-1", "tr-2")
    models = Models(store, registry)
    assert models.now.ensemble.items == ("tr-1", "tr-2")
    store.put_many(FEATURES, features(1, 7))
    assert set(models.now.ensemble.items) == {"tr-1", "tr-2", "tr-7"}


def test_the_models_are_switched_and_rolled_back_as_a_whole(
    store: Store, registry: Registry
) -> None:
    models = Models(store, registry)
    first = publish(registry, 1, "tr-1", "tr-2")
    before = models.now
    second = publish(registry, 2, "tr-1", "tr-2", "tr-3")
    assert models.now.version.startswith(second)
    assert len(before.ensemble.items) == 2
    registry.roll_back()
    assert models.now.version.startswith(first)


def test_damaged_models_are_refused_once_and_the_present_ones_go_on(
    store: Store, registry: Registry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    models = Models(store, registry)
    first = publish(registry, 1, "tr-1", "tr-2")
    assert models.now.version.startswith(first)
    second = publish(registry, 2, "tr-1", "tr-2", "tr-3")
    damaged = next((tmp_path / "artefacts" / second).glob("*.npy"))
    damaged.write_bytes(damaged.read_bytes()[:-4])
    with caplog.at_level(logging.WARNING):
        assert [models.now.version for _ in range(3)] == [models.now.version] * 3
    assert models.now.version.startswith(first)
    (said,) = caplog.messages
    assert "is damaged" in said
    assert said.endswith(f"The models in use stay: {first}.")
    third = publish(registry, 3, "tr-1", "tr-2")
    assert models.now.version.startswith(third)


def test_a_registry_out_of_reach_changes_nothing(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.put_many(FEATURES, features(1, 2))
    models = Models(store, Registry("nowhere://x", tmp_path))
    with caplog.at_level(logging.WARNING):
        assert {models.now.version for _ in range(3)} == {models.now.version}
    assert len(caplog.messages) == 1
    assert len(models.now.ensemble.items) == 2


def test_the_registry_is_asked_rarely(
    store: Store, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_models, "LOOK_EVERY_S", 60.0)
    models = Models(store, registry)
    before = models.now
    publish(registry, 1, "tr-1", "tr-2")
    assert models.now is before


def played(user: str, at: int, track_id: str) -> Listen:
    return Listen(
        id=f"{user}:{at}",
        user_id=user,
        track_id=track_id,
        at=at,
        played_ms=1,
        duration_ms=1,
        ended="completed",
        played=True,
    )


def test_what_others_play_after_the_training_is_learned_at_once(
    store: Store, registry: Registry
) -> None:
    items = tuple(f"tr-{n}" for n in range(6))
    nothing = np.empty(0, np.int32)
    empty = Interactions(("u",), items, nothing, nothing, nothing.astype("f4"), nothing, nothing)
    parameters = sessions.SessionParameters(capacity=100)
    model = Blend(items, {"sessions": sessions.fit(empty, {}, parameters)}, {"sessions": 1.0})
    version = "20261122T093001-abcdef"
    about = Manifest(
        version=version, made_at=1_000_000, antiphon="0", recipe={}, listeners=80, seconds=100.0
    )
    registry.publish(model, about)
    registry.use(version)
    models = Models(store, registry)
    told = [Evidence("tr-1", 1.0, "finished", 2_000_000)]

    def proposed() -> list[str]:
        ensemble = models.now.ensemble
        found = by_taste(ensemble, told, now=2_000_000, limit=3, exclude={"tr-1"})
        return [candidate.track_id for candidate in found.candidates]

    store.put_many(LISTENS, [played("cat", 899_000, "tr-1"), played("cat", 899_500, "tr-2")])
    store.put_many(LISTENS, [played("ben", 901_000, "tr-1"), played("dan", 950_000, "tr-1")])
    assert proposed() == []
    before = models.now.version
    models.hear([heard("ben", 990_000, "tr-4"), heard("dan", 9_950_000, "tr-5")])
    assert proposed()[0] == "tr-4"
    assert "tr-5" not in proposed()
    assert models.now.version == before


def heard(user: str, at: int, track_id: str) -> Play:
    return Play(id=f"{user}:{at}", user_id=user, track_id=track_id, at=at)


def test_answers_do_not_wait_while_models_are_made(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_many(FEATURES, features(1, 2))
    models = Models(store)
    models.follow(LocalEventLog(store))
    try:
        before = models.now
        assert len(before.content) == 2
        begun, may_end = threading.Event(), threading.Event()

        def slowly(*args: object, **named: object) -> ContentModel:
            begun.set()
            may_end.wait(20)
            return located(*args, **named)  # type: ignore[arg-type] - handed on as they are

        monkeypatch.setattr(live_models, "located", slowly)
        store.put_many(FEATURES, features(3))
        assert begun.wait(20)
        assert models.now is before
        may_end.set()
        assert until(lambda: len(models.now.content) == 3)
    finally:
        models.close()


def until(holds: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + 20
    while not holds() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return holds()


def test_what_cannot_be_made_into_models_leaves_those_in_use(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store.put_many(FEATURES, features(1, 2))
    models = Models(store)
    before = models.now

    def impossible(*_args: object, **_named: object) -> ContentModel:
        raise ValueError("the vectors of summary/1 are not of one length")

    monkeypatch.setattr(live_models, "located", impossible)
    store.put_many(FEATURES, features(3))
    assert models.now is before
    assert "not of one length" in caplog.text
    monkeypatch.undo()
    for wait in ("REFRESH_S", "REST", "COUNT_EVERY_S", "LOOK_EVERY_S"):
        monkeypatch.setattr(live_models, wait, 0.0)
    assert len(models.now.content) == 3
