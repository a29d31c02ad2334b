"""Answers in every situation: never empty while there is a track, never no number."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.live.music import DAY_MS, STYLES, add, listened, prefers, style, train

from antiphon.live import answers, home, radio, state
from antiphon.live import models as live_models
from antiphon.live.models import Models, Serving
from antiphon.model import Answer, Recommendation
from antiphon.store import Store
from antiphon.store.schema import ANSWERS, FAMILIARITIES, LISTENS, TRACKS
from antiphon.taste.ensemble import assembled
from antiphon.taste.interactions import History, Matrix
from antiphon.taste.listener import ListenerState
from antiphon.taste.policy import POLICY
from antiphon.taste.registry import Registry


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
    answer = answers.next_up(store, models.now, state.load(store, "ann"), limit=10)
    ids = [item.track_id for item in answer.items]
    assert len(ids) == len(set(ids)) == min(10, playable)
    assert all(np.isfinite(item.score) and item.reasons for item in answer.items)
    seed = store.find(TRACKS, limit=1)
    tuned = radio.radio(store, models.now, state.load(store, "ann"), seed, limit=10)
    assert len(tuned.items) >= min(9, playable - 1)
    shown = home.home(store, models, state.load(store, "ann"))
    assert shown.rows
    assert all(np.isfinite(item.score) for row in shown.rows for item in row.tracks)


def test_the_taste_of_others_and_the_sound_agree_on_what_is_next(
    store: Store, registry: Registry, models: Models
) -> None:
    ids = add(store, 40)
    train(registry, ids)
    listened(store, "ann", [ids[1], ids[5]])
    items = answers.next_up(store, models.now, state.load(store, "ann"), limit=10).items
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
    items = radio.radio(store, models.now, state.load(store, "ann"), [track], limit=6).items
    assert [style(item) for item in items] == [2] * 6
    assert items[0].reasons[0] == "Sounds like Title 42"


def test_what_is_played_again_and_again_comes_back(store: Store, models: Models) -> None:
    ids = add(store, 400)
    listened(store, "ann", [ids[7], ids[11], ids[7], ids[15], *ids[100:130]])
    items = answers.next_up(store, models.now, state.load(store, "ann"), limit=10).items
    (again,) = [item for item in items if item.generator == "repeat"]
    assert (again.track_id, again.reasons) == (ids[7], ("You come back to this",))


def next_ten(store: Store, models: Models) -> Answer:
    return answers.next_up(store, models.now, state.load(store, "ann"), limit=10)


def ids(items: Sequence[Recommendation]) -> list[str]:
    return [item.track_id for item in items]


def test_the_same_state_gives_the_same_tracks_under_another_version(
    store: Store, models: Models
) -> None:
    listened(store, "ann", add(store, 120)[:9])
    one, other = next_ten(store, models), next_ten(store, models)
    assert ids(one.items) == ids(other.items)
    assert one.version != other.version
    (listen,) = listened(store, "ann", ["tr-050"], "skipped")
    changed = next_ten(store, models)
    assert ids(changed.items) != ids(one.items)
    store.delete_many(LISTENS, [listen])
    store.delete_many(FAMILIARITIES, ["ann:tr-050"])
    assert ids(next_ten(store, models).items) == ids(one.items)


def test_an_answer_says_how_likely_it_was_and_what_its_places_were_drawn_from(
    store: Store, models: Models
) -> None:
    listened(store, "ann", add(store, 400)[:9])
    answer = next_ten(store, models)
    ranked = [item for item in answer.items if item.generator == "content"]
    assert len(answer.pool) == POLICY.pool
    assert {item.track_id for item in ranked} <= set(answer.pool)
    assert all(0 < item.probability < 1 for item in ranked)
    scores = {item.track_id: item.score for item in ranked}
    by_pool = sorted(scores, key=answer.pool.index)
    assert by_pool == sorted(scores, key=lambda track_id: -scores[track_id])


def test_nothing_by_a_banned_artist_comes_on_any_surface(store: Store, models: Models) -> None:
    known = add(store, 40)
    listened(store, "ann", known[1:12:4])
    tracks = store.get_many(TRACKS, known)
    banned = {tracks[known[place]].artist_ids[0] for place in (5, 13, 21)}
    prefers(store, "ann", banned_artists=tuple(banned))
    listener = state.load(store, "ann")
    shown = [
        *answers.next_up(store, models.now, listener, limit=40).items,
        *radio.radio(store, models.now, listener, [tracks[known[1]]], limit=40).items,
        *(item for row in home.home(store, models, listener).rows for item in row.tracks),
    ]
    artists = {artist for item in shown for artist in tracks[item.track_id].artist_ids}
    assert shown
    assert not artists & banned


def test_the_slider_goes_from_the_familiar_to_the_new(store: Store, models: Models) -> None:
    known = add(store, 400)
    # One of the two tracks of each of 25 artists.
    heard = known[1:200:8]
    listened(store, "ann", heard, ago_ms=2 * DAY_MS)
    tracks = store.get_many(TRACKS, known)
    familiar = {tracks[id].artist_ids[0] for id in heard}
    shares = []
    for discover in (0.0, 0.25, 0.5, 0.75, 1.0):
        prefers(store, "ann", discover=discover)
        listener = state.load(store, "ann")
        items = answers.next_up(store, models.now, listener, limit=20).items
        shares.append(sum(tracks[i.track_id].artist_ids[0] not in familiar for i in items) / 20)
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert 0.2 < shares[2] < 0.9


def test_a_track_whose_file_has_gone_leaves_the_answer_at_once(
    store: Store, models: Models
) -> None:
    listened(store, "ann", add(store, 40)[:5])
    first = next_ten(store, models).items[0].track_id
    track = store.get(TRACKS, first)
    assert track is not None
    store.put(TRACKS, msgspec.structs.replace(track, missing=True))
    items = next_ten(store, models).items
    assert first not in ids(items)
    assert len(items) == 10


class Trouble:
    """A model that takes its time, and then fails."""

    def __init__(self, items: tuple[str, ...], seconds: float = 0.0) -> None:
        self.items = items
        self.seconds = seconds

    def score(self, _histories: Sequence[History]) -> Matrix:
        time.sleep(self.seconds)
        raise RuntimeError("out of order")

    def contributions(self, _history: History, _item: int) -> Matrix:
        raise AssertionError("nobody asks why of a model that says nothing")


def with_trouble(models: Models, seconds: float = 0.0) -> Serving:
    now = models.now
    trouble = Trouble(now.ensemble.items, seconds)
    voices = {"content": (now.content, 1.0), "ials": (trouble, 1.0)}
    return replace(now, ensemble=assembled(voices))


def test_a_broken_model_costs_no_answer(store: Store, models: Models) -> None:
    known = add(store, 40)
    listened(store, "ann", known[:5])
    prepared = next_ten(store, models)
    store.put(ANSWERS, prepared)
    refused = prepared.items[0].track_id
    store.put(FAMILIARITIES, state_of_dislike(refused))
    listener = state.load(store, "ann")
    answer = answers.next_up(store, with_trouble(models), listener, limit=10)
    assert answer.model == ""
    assert ids(answer.items)[:9] == ids(prepared.items)[1:]
    assert len(answer.items) == 10
    assert all(item.reasons for item in answer.items)


def state_of_dislike(track_id: str) -> object:
    return msgspec.convert(
        {"id": f"ann:{track_id}", "user_id": "ann", "track_id": track_id, "feedback": "dislike"},
        FAMILIARITIES.type,
    )


def test_a_slow_model_is_waited_for_once_at_most(store: Store, models: Models) -> None:
    listened(store, "ann", add(store, 40)[:5])
    listener, slow = state.load(store, "ann"), with_trouble(models, 2.0)
    policy = msgspec.structs.replace(POLICY, budget_ms=100)
    answers.next_up(store, slow, listener, limit=10, policy=policy)
    for _ in range(2):
        started = time.perf_counter()
        answer = answers.next_up(store, slow, listener, limit=10, policy=policy)
        assert time.perf_counter() - started < 1.5
        assert len(answer.items) == 10
        assert answer.model == ""
    assert answers.next_up(store, models.now, listener, limit=10).model == models.now.version


@pytest.mark.parametrize("seed", ["tr-001", "tr-002"])
def test_a_radio_goes_on_without_models_by_artist_and_genre(
    store: Store, models: Models, seed: str
) -> None:
    add(store, 40)
    tracks = list(store.get_many(TRACKS, [seed]).values())
    answer = radio.radio(store, with_trouble(models), state.load(store, "ann"), tracks, limit=5)
    assert len(answer.items) == 5
    assert {style(item) for item in answer.items} == {int(seed[3:]) % STYLES}


def test_a_home_page_has_rows_without_models(store: Store, models: Models) -> None:
    known = add(store, 40)
    listened(store, "ann", [known[3], known[3], *known[20:35]], ago_ms=DAY_MS)
    store.put(TRACKS, msgspec.structs.replace(store.find(TRACKS, limit=1)[0], prior_plays=5))
    broken = with_trouble(models)

    class Broken:
        now = broken
        popular = models.popular

    page = home.home(store, Broken(), state.load(store, "ann"))  # type: ignore[arg-type]
    assert {"newest", "explore", "again"} <= {row.id for row in page.rows}


def test_what_was_prepared_is_served_without_what_is_excluded(store: Store, models: Models) -> None:
    listened(store, "ann", add(store, 400)[:5])
    first = answers.prepared_or_made(store, models.now, "ann", exclude=(), limit=10)
    again = answers.prepared_or_made(store, models.now, "ann", exclude=(), limit=10)
    assert again == first
    out = first.items[3].track_id
    less = answers.prepared_or_made(store, models.now, "ann", exclude=[out], limit=9)
    assert less.version == first.version
    assert ids(less.items) == [id for id in ids(first.items) if id != out]
    assert out not in less.pool
    # Beyond what was prepared: made anew, but the same for the same question.
    whole = store.get(ANSWERS, "ann:next")
    assert whole is not None
    beyond = [
        answers.prepared_or_made(store, models.now, "ann", exclude=ids(whole.items), limit=10)
        for _ in range(2)
    ]
    assert beyond[0].version == beyond[1].version != first.version
    assert ids(beyond[0].items) == ids(beyond[1].items)
    assert not {*ids(beyond[0].items)} & {*ids(whole.items)}


def test_a_newcomer_in_a_library_without_sounds_hears_the_newest(
    store: Store, models: Models
) -> None:
    add(store, 12, analysed=False)
    answer = answers.next_up(store, models.now, ListenerState("ann"), limit=12)
    assert sorted(ids(answer.items)) == [f"tr-{n:03}" for n in range(12)]


def test_however_many_artists_are_banned_what_is_left_is_found(
    store: Store, models: Models
) -> None:
    known = add(store, 260, analysed=False)
    tracks = store.get_many(TRACKS, known)
    left = tracks[known[0]].artist_ids[0]
    banned = {track.artist_ids[0] for track in tracks.values()} - {left}
    prefers(store, "ann", banned_artists=tuple(sorted(banned)))
    answer = next_ten(store, models)
    assert sorted(ids(answer.items)) == [id for id in known if tracks[id].artist_ids[0] == left]
