"""The models in use keep up with the store: tracks join, tracks go, all processes agree."""

import numpy as np
import pytest

from antiphon.audio.features import NAME
from antiphon.live import state
from antiphon.live.effects import familiarity_id
from antiphon.live.models import Models
from antiphon.model import Familiarity, Features
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, FEATURES


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antiphon.live.models.REFRESH_S", 0.0)
    monkeypatch.setattr("antiphon.live.models.REST", 0.0)


def features(*numbers: int) -> list[Features]:
    return [
        Features(id=f"tr-{n}", name=NAME, vector=np.full(4, n, "<f4").tobytes(), at=n)
        for n in numbers
    ]


def test_new_features_join_and_forgotten_ones_go(store: Store) -> None:
    models = Models(store)
    assert len(models.content) == 0
    store.put_many(FEATURES, features(1, 2, 3))
    assert set(models.content.ids) == {"tr-1", "tr-2", "tr-3"}
    store.delete_many(FEATURES, ["tr-2"])
    assert set(models.content.ids) == {"tr-1", "tr-3"}


def test_a_process_that_starts_later_has_the_same_model(store: Store) -> None:
    early = Models(store)
    store.put_many(FEATURES, features(1, 2, 3))
    assert early.content.version
    store.delete_many(FEATURES, ["tr-1"])
    assert early.content.version == Models(store).content.version


def test_features_of_another_set_are_not_mixed_in(store: Store) -> None:
    store.put(FEATURES, Features(id="tr-9", name="other/1", vector=b"\0" * 8, at=1))
    assert len(Models(store).content) == 0


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
