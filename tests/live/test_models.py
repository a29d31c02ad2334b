"""The models in use keep up with the store: tracks join, tracks go, all processes agree."""

import logging

import numpy as np
import pytest
from msgspec.structs import replace

from antiphon.audio.features import FEATURE_SETS
from antiphon.live import models as live_models
from antiphon.live import state
from antiphon.live.effects import familiarity_id
from antiphon.live.models import Models
from antiphon.model import Familiarity, Features
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, FEATURES


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for wait in ("REFRESH_S", "REST", "COUNT_EVERY_S"):
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
    assert set(models.content.ids) == {"tr-1", "tr-2", "tr-3"}
    store.delete_many(FEATURES, ["tr-2:summary/1"])
    assert set(models.content.ids) == {"tr-1", "tr-3"}


def test_features_that_another_process_kept_late_are_found(store: Store) -> None:
    models = Models(store)
    store.put_many(FEATURES, features(5, 6))
    assert len(models.content) == 2
    store.put_many(FEATURES, features(4))
    assert set(models.content.ids) == {"tr-4", "tr-5", "tr-6"}


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
    assert set(after.ids) == set(before.ids)
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
    assert set(models.content.ids) == set(without.ids)


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
        assert set(models.content.ids) == {"tr-1", "tr-2"}
    assert "tr-3:summary/1" in caplog.text
    assert models.content is models.content
    store.put_many(FEATURES, [replace(features(3)[0], at=4)])
    assert set(models.content.ids) == {"tr-1", "tr-2", "tr-3"}


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
