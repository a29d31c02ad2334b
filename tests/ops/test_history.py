"""The history as arrays: what each listen weighs, what is left out, and where a sitting ends."""

from collections.abc import Iterable
from itertools import count

import numpy as np
import pytest
from msgspec.structs import replace

from antiphon.model import (
    Ending,
    Familiarity,
    Features,
    Feedback,
    Listen,
    Preferences,
    Source,
    Track,
)
from antiphon.ops import history
from antiphon.ops.history import fingerprint, read
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, FEATURES, LISTENS, PREFERENCES, TRACKS
from antiphon.taste.interactions import Interactions
from antiphon.taste.weights import WEIGHTS, Weights

MINUTE = 60_000
GAP = 30 * MINUTE
_numbers = count()


def track(id: str, *, missing: bool = False, genres: tuple[str, ...] = ()) -> Track:
    return Track(id=id, title=id, sort=id, missing=missing, genres=genres)


def listen(
    user: str, track_id: str, at: int, ended: Ending = "completed", played_ms: float = 3 * MINUTE
) -> Listen:
    return Listen(
        id=f"{user}:{next(_numbers)}",
        user_id=user,
        track_id=track_id,
        at=at,
        played_ms=int(played_ms),
        duration_ms=3 * MINUTE,
        ended=ended,
        played=played_ms >= 1.5 * MINUTE,
    )


def told(user: str, track_id: str, feedback: Feedback | None, at: int = 1) -> Familiarity:
    return Familiarity(
        id=f"{user}:{track_id}",
        user_id=user,
        track_id=track_id,
        feedback=feedback,
        feedback_at=at,
    )


def rows(found: Interactions) -> list[tuple[str, str, float, int, int]]:
    return [
        (found.users[user], found.items[item], round(float(weight), 3), int(at), int(session))
        for user, item, weight, at, session in zip(
            found.user, found.item, found.weight, found.at, found.session, strict=True
        )
    ]


@pytest.fixture
def keep(store: Store) -> "Keep":
    return Keep(store)


class Keep:
    """Puts tracks a, b and c, and what listeners did, into the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.put_many(TRACKS, [track(id) for id in "abc"])

    def __call__(self, listens: Iterable[Listen], told: Iterable[Familiarity] = ()) -> Interactions:
        self._store.put_many(LISTENS, listens)
        self._store.put_many(FAMILIARITIES, told)
        return read(self._store, GAP)


def test_an_instance_that_nobody_used_has_items_and_nothing_else(keep: Keep) -> None:
    found = keep([])
    assert (found.users, found.items, len(found)) == ((), ("a", "b", "c"), 0)


def test_an_empty_store_has_nothing(store: Store) -> None:
    found = read(store, GAP)
    assert (found.users, found.items, len(found)) == ((), (), 0)


def test_a_listen_weighs_what_its_end_says(keep: Keep) -> None:
    found = keep(
        [
            listen("ann", "a", 1, "stopped"),
            listen("ann", "b", 3, "skipped", 2.9 * MINUTE),
            listen("ann", "b", 4, "skipped", MINUTE),
            listen("ann", "b", 5, "skipped", 1_000),
            listen("ann", "c", 6),
        ]
    )
    played, late, middle, early, completed = found.weight.tolist()
    assert (played, late, early, completed) == pytest.approx(
        (WEIGHTS.played, WEIGHTS.late_skip, WEIGHTS.early_skip, WEIGHTS.completed)
    )
    assert WEIGHTS.skip < middle < WEIGHTS.late_skip


def test_the_table_of_weights_is_whoever_s_asks(keep: Keep, store: Store) -> None:
    keep([listen("ann", "a", 1)])
    found = read(store, GAP, weights=Weights(completed=0.25))
    assert found.weight.tolist() == [0.25]


def test_what_is_heard_again_within_a_day_weighs_more(keep: Keep) -> None:
    day = 24 * 60 * MINUTE
    found = keep(
        [
            listen("ann", "a", 1),
            listen("ann", "a", day),
            listen("ann", "a", 2 * day + 1),
            listen("bob", "a", 2 * day + 2),
        ]
    )
    more = WEIGHTS.completed + WEIGHTS.replayed
    assert [weight for _, _, weight, _, _ in rows(found)] == [
        WEIGHTS.completed, more, WEIGHTS.completed, WEIGHTS.completed,
    ]  # fmt: skip


def test_what_a_listener_has_excluded_from_their_taste_is_left_out(
    keep: Keep, store: Store
) -> None:
    asleep = Source(kind="playlist", id="pl-sleep")
    store.put(
        PREFERENCES,
        Preferences(id="ann", excluded_tracks=("a",), excluded_playlists=("pl-sleep",)),
    )
    found = keep(
        [
            listen("ann", "a", 1),
            replace(listen("ann", "b", 2), source=asleep),
            listen("ann", "b", 3),
            replace(listen("bob", "a", 4), source=asleep),
        ]
    )
    assert [(user, item, at) for user, item, _, at, _ in rows(found)] == [
        ("ann", "b", 3),
        ("bob", "a", 4),
    ]


def test_a_listen_that_says_nothing_is_left_out(keep: Keep) -> None:
    assert len(keep([listen("ann", "a", 1, "stopped", 1_000)])) == 0


def test_everybody_s_entries_come_in_the_order_of_time(keep: Keep) -> None:
    found = keep(
        [listen("zoe", "a", 30), listen("ann", "b", 20), listen("zoe", "c", 10)],
        [told("bob", "a", "like", 15)],
    )
    assert [(user, item, at) for user, item, _, at, _ in rows(found)] == [
        ("zoe", "c", 10),
        ("bob", "a", 15),
        ("ann", "b", 20),
        ("zoe", "a", 30),
    ]


def test_a_like_is_one_more_entry_of_no_sitting(keep: Keep) -> None:
    found = keep([listen("ann", "a", 10)], [told("ann", "a", "like", 20), told("ann", "b", None)])
    assert rows(found) == [
        ("ann", "a", WEIGHTS.completed, 10, 0),
        ("ann", "a", WEIGHTS.liked, 20, -1),
    ]


@pytest.mark.parametrize("feedback", ["dislike", "ban"])
def test_of_what_is_refused_only_that_is_left(keep: Keep, feedback: Feedback) -> None:
    found = keep(
        [listen("ann", "a", 10), listen("bob", "a", 11), listen("ann", "b", 12)],
        [told("ann", "a", feedback, 20)],
    )
    assert [(user, item, weight) for user, item, weight, _, _ in rows(found)] == [
        ("bob", "a", WEIGHTS.completed),
        ("ann", "b", WEIGHTS.completed),
        ("ann", "a", WEIGHTS.disliked),
    ]


def test_tracks_that_are_missing_are_left_out_with_what_was_done(keep: Keep, store: Store) -> None:
    store.put(TRACKS, track("b", missing=True))
    found = keep(
        [listen("ann", "a", 1), listen("ann", "b", 2), listen("ann", "forgotten", 3)],
        [told("ann", "b", "like")],
    )
    assert found.items == ("a", "c")
    assert [item for _, item, *_ in rows(found)] == ["a"]


def test_a_sitting_ends_with_a_silence_not_with_a_long_track(keep: Keep) -> None:
    long = 50 * MINUTE
    found = keep(
        [
            listen("ann", "a", long, played_ms=long),
            listen("ann", "b", 2 * long + GAP, played_ms=long),
            listen("ann", "c", 3 * long + 2 * GAP + 1, played_ms=long),
            listen("bob", "a", 3 * long + 2 * GAP + 2),
        ]
    )
    assert [session for *_, session in rows(found)] == [0, 0, 1, 2]


def test_pages_make_no_difference(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    # Many at the same moment, which pages must tell apart.
    listens = [
        listen(f"u{generator.integers(5)}", str(generator.choice(list("abc"))), int(at))
        for at in generator.integers(0, 40, 100) * MINUTE
    ]
    likes = [
        told(f"u{n}", id, "dislike" if n == id_n else "like")
        for n in range(5)
        for id_n, id in enumerate("abc")
    ]
    whole = keep(listens, likes)
    monkeypatch.setattr(history, "_PAGE", 7)
    paged = keep([])
    assert rows(paged) == rows(whole)
    assert len(whole) > 50
    assert fingerprint(paged) == fingerprint(whole)


def test_it_tells_how_far_it_is(store: Store, keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    keep([listen("ann", "a", at) for at in range(10)])
    monkeypatch.setattr(history, "_PAGE", 4)
    told: list[tuple[int, int]] = []
    read(store, GAP, lambda done, total: told.append((done, total)))
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_the_fingerprint_is_another_when_anything_is(keep: Keep, store: Store) -> None:
    seen = {fingerprint(keep([]))}
    seen.add(fingerprint(keep([listen("ann", "a", 1)])))
    seen.add(fingerprint(keep([listen("ann", "a", 2)])))
    seen.add(fingerprint(keep([], [told("ann", "b", "like")])))
    seen.add(fingerprint(keep([], [told("ann", "b", "ban")])))
    store.put(TRACKS, track("d"))
    seen.add(fingerprint(keep([])))
    assert len(seen) == 6
    assert fingerprint(keep([])) in seen


def test_features_are_of_what_can_be_used(store: Store) -> None:
    store.put_many(
        TRACKS,
        [track("a", genres=("Jazz", "Folk")), track("b", genres=("Folk",)), track("c")],
    )
    whole, broken = np.ones(265, "<f2"), np.full(265, np.nan, "<f2")
    for id, vector in {"a": whole.tobytes(), "b": broken.tobytes(), "c": b"short"}.items():
        doc = Features(id=f"{id}:summary/1", track_id=id, name="summary/1", vector=vector, at=1)
        store.put(FEATURES, doc)
    found = history.features(store)
    assert set(found) == {"summary/1", "genres"}
    assert set(found["summary/1"]) == {"a"}
    genres = {id: vector.tolist() for id, vector in found["genres"].items()}
    assert genres == {"a": [0.5, 0.5], "b": [1.0, 0.0]}
