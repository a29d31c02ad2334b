"""What is played is learned at once, once, and unlearned when it is forgotten."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.events.reading import kafka_url

from antiphon.events import Entry, EventLog, ListenerEvent, Topic, kafka_consumer, open_event_log
from antiphon.events.records import Kind, Play, encode
from antiphon.live import models as live_models
from antiphon.live import worker
from antiphon.live.models import Models
from antiphon.live.sittings import Sittings
from antiphon.model import Listen, Preferences, Source, Track, User
from antiphon.store import Store, StoreUnavailableError
from antiphon.store.schema import LISTENS, PREFERENCES, TRACKS, USERS
from antiphon.taste import sessions
from antiphon.taste.artefacts import Manifest
from antiphon.taste.blend import Blend
from antiphon.taste.interactions import History, Interactions
from antiphon.taste.recommender import best
from antiphon.taste.registry import Registry
from antiphon.taste.sessions import SessionKnn, SessionParameters

ITEMS = tuple(f"tr-{n}" for n in range(6))
TRAINED_AT, MINUTE = 1_000_000, 60_000


def untaught() -> SessionKnn:
    nothing = np.empty(0, np.int32)
    empty = Interactions(("u",), ITEMS, nothing, nothing, nothing.astype("f4"), nothing, nothing)
    return sessions.fit(empty, {}, SessionParameters(capacity=100))


def play(user: str, track: int, minute: float, *, forgotten: bool = False) -> Play:
    at = TRAINED_AT + int(minute * MINUTE)
    id = f"{user}:{track}@{minute}"
    return Play(id=id, user_id=user, track_id=f"tr-{track}", at=at, forgotten=forgotten)


def listen(user: str, track: int, minute: float, source: Source | None = None) -> Listen:
    heard = play(user, track, minute)
    return Listen(
        id=heard.id,
        user_id=user,
        track_id=heard.track_id,
        at=heard.at,
        played_ms=1,
        duration_ms=1,
        ended="completed",
        played=True,
        source=source,
    )


def sittings(*plays: Play, gap_ms: int = 30 * MINUTE) -> Sittings:
    told = Sittings(untaught(), gap_ms)
    told.hear(plays)
    return told


def follow(told: Sittings, track: int) -> set[int]:
    """Return the tracks that came after this one in the sittings that are known."""
    heard = History(
        np.array([track], np.int32), np.ones(1, np.float32), np.zeros(1, np.int64), sitting=1
    )
    votes = told.model.score([heard])[0]
    return {int(item) for item in np.flatnonzero(votes > 0.01)}


def test_a_play_is_a_neighbour_as_soon_as_it_is_heard() -> None:
    told = sittings(play("ann", 1, 0))
    assert follow(told, 1) == set()
    told.hear([play("ann", 2, 5)])
    assert follow(told, 1) == {2}


def test_silence_longer_than_the_gap_ends_a_sitting() -> None:
    plays = [play("ann", 1, 0), play("ann", 2, 10), play("ann", 3, 25)]
    assert follow(sittings(*plays, gap_ms=20 * MINUTE), 1) == {2, 3}
    assert follow(sittings(*plays, gap_ms=12 * MINUTE), 1) == {2}
    assert follow(sittings(*plays, gap_ms=5 * MINUTE), 1) == set()


def test_sittings_of_several_listeners_do_not_mix() -> None:
    told = sittings(play("ann", 1, 0), play("ben", 3, 1), play("ann", 2, 2), play("ben", 4, 3))
    assert follow(told, 1) == {2}
    assert follow(told, 3) == {4}


def test_what_is_heard_twice_counts_once() -> None:
    plays = [play("ann", 1, 0), play("ann", 2, 5)]
    once, twice = sittings(*plays), sittings(*plays, *plays, plays[1])
    assert np.array_equal(once.model.log.clicks, twice.model.log.clicks)
    assert once.model.clicked == twice.model.clicked == 2


def test_what_comes_late_waits_for_the_training() -> None:
    told = sittings(play("ann", 1, 0), play("ann", 2, 5), play("ann", 3, 2))
    assert follow(told, 1) == {2}


def test_an_unknown_track_is_passed_over_within_its_sitting() -> None:
    told = sittings(play("ann", 1, 0), play("ann", 77, 20), play("ann", 2, 40))
    assert follow(told, 1) == {2}


def test_what_is_forgotten_says_nothing_any_more_and_comes_back_when_undone() -> None:
    plays = [play("ann", 1, 0), play("ann", 2, 1), play("ann", 3, 2), play("ben", 2, 3)]
    told = sittings(*plays)
    before = [array.copy() for array in told.model.log]
    told.hear([play("ann", 2, 1, forgotten=True)])
    assert follow(told, 1) == {3}
    assert follow(told, 2) == set()
    told.hear([plays[1]])
    for was, is_now in zip(before, told.model.log, strict=True):
        assert np.allclose(was, is_now)


def test_after_forgetting_the_answers_are_those_of_never_having_heard() -> None:
    rng = np.random.default_rng(0)
    plays = [
        play(f"us-{rng.integers(12)}", int(rng.integers(6)), minute) for minute in range(90)
    ]  # fmt: skip
    gone = {int(place) for place in rng.permutation(len(plays))[:30]}
    # A gap so long that no sitting is held together by what is forgotten.
    told, never = sittings(gap_ms=500 * MINUTE), sittings(gap_ms=500 * MINUTE)
    told.hear(plays)
    told.hear(play_again(plays[place]) for place in rng.permutation(sorted(gone)))
    never.hear(one for place, one in enumerate(plays) if place not in gone)
    assert np.array_equal(told.model.log.clicks, never.model.log.clicks)
    assert sessions_of(told.model) == sessions_of(never.model)
    for track in range(6):
        assert follow(told, track) == follow(never, track)


def play_again(one: Play) -> Play:
    return Play(id=one.id, user_id=one.user_id, track_id=one.track_id, at=one.at, forgotten=True)


def sessions_of(model: SessionKnn) -> list[list[int]]:
    """Return the sessions that are found by the clicks of all tracks."""
    found: dict[int, list[int]] = {}
    for head in model.log.head:
        click = head
        while click >= 0:
            start = int(model.log.start[click])
            chain, each = [], int(model.log.last[start])
            while each >= 0:
                chain.append(int(model.log.item[each]))
                each = int(model.log.before[each])
            found[start] = chain[::-1]
            click = model.log.previous[click]
    return sorted(found.values())


def test_a_restart_catches_up_with_what_was_played_since_the_training(store: Store) -> None:
    store.put_many(LISTENS, [listen("ann", 1, -9), listen("ann", 2, -8)])
    store.put_many(LISTENS, [listen("ben", 3, 1), listen("ben", 4, 2)])
    told = Sittings(untaught())
    told.catch_up(store, TRAINED_AT)
    assert follow(told, 1) == set()
    assert follow(told, 3) == {4}
    told.hear([play("ben", 4, 2), play("ben", 5, 3)])
    assert follow(told, 3) == {4, 5}


def test_what_listeners_exclude_is_not_caught_up_with(store: Store) -> None:
    party = Source(kind="playlist", id="pl-1")
    store.put(
        PREFERENCES, Preferences(id="ann", excluded_tracks=("tr-2",), excluded_playlists=("pl-1",))
    )
    store.put_many(
        LISTENS, [listen("ann", 1, 1), listen("ann", 2, 2), listen("ann", 3, 3, party)]
    )  # fmt: skip
    store.put_many(LISTENS, [listen("ann", 4, 4), listen("ben", 1, 5), listen("ben", 2, 6)])
    told = Sittings(untaught())
    told.catch_up(store, TRAINED_AT)
    assert follow(told, 1) == {2, 4}


def test_what_is_heard_while_catching_up_comes_after_it(store: Store) -> None:
    told = Sittings(untaught())
    store.put_many(LISTENS, [listen("ann", 1, 1), listen("ann", 2, 2)])

    class Slow:
        def __getattr__(self, name: str) -> object:
            if name == "find":
                told.hear([play("ann", 2, 2), play("ann", 3, 3)])
            return getattr(store, name)

    told.catch_up(Slow(), TRAINED_AT)  # type: ignore[arg-type] - a store that takes its time
    assert follow(told, 1) == {2, 3}
    assert told.model.clicked == 3


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    found = Registry(f"file://{tmp_path}/artefacts", tmp_path / "copies")
    version = "20261122T093001-abcdef"
    model = Blend(ITEMS, {"sessions": untaught()}, {"sessions": 1.0})
    about = Manifest(version=version, made_at=TRAINED_AT, antiphon="0", recipe={}, listeners=80)
    found.publish(model, about)
    found.use(version)
    return found


def eventually(holds: Callable[[], bool], within_s: float = 20.0) -> bool:
    waited = threading.Event()
    for _ in range(int(within_s / 0.05)):
        if holds():
            return True
        waited.wait(0.05)
    return False


def wanted_after(models: Models, track: int) -> str:
    """Return what the session model wants most after this track, "" where it wants nothing."""
    (voice,) = (one for one in models.now.ensemble.voices if one.name == "sessions")
    heard = History(
        np.array([track], np.int32), np.ones(1, np.float32), np.zeros(1, np.int64), sitting=1
    )
    votes = voice.model.score([heard])
    return ITEMS[int(best(votes, 1)[0, 0])] if votes.max() > 0.01 else ""


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.slow)])
def log(request: pytest.FixtureRequest, store: Store) -> Iterator[EventLog]:
    with ExitStack() as stack:
        url = "local:"
        if request.param == "kafka":
            url = stack.enter_context(kafka_url(request.getfixturevalue("kafka").url))
        opened = open_event_log(url, store)
        stack.callback(opened.close)
        yield opened


def test_what_one_process_learns_the_others_hear_by_the_log(
    store: Store, log: EventLog, registry: Registry
) -> None:
    models = Models(store, registry)
    store.put_many(LISTENS, [listen("ben", 3, 1), listen("ben", 4, 2)])
    models.follow(log)
    try:
        assert eventually(lambda: wanted_after(models, 3) == "tr-4")
        log.append(Topic.PLAYS, "ann", [encode(play("ann", 1, 5)), b"nonsense"])
        log.append(Topic.PLAYS, "ann", [encode(play("ann", 2, 6))])
        assert eventually(lambda: wanted_after(models, 1) == "tr-2")
        log.append(Topic.PLAYS, "ann", [encode(play("ann", 2, 6, forgotten=True))])
        assert eventually(lambda: not wanted_after(models, 1))
    finally:
        models.close()


class Away:
    """A store that is away while it is told to be; else another's."""

    def __init__(self, store: Store) -> None:
        self.store, self.is_away = store, False

    def __getattr__(self, name: str) -> object:
        if self.is_away:
            raise StoreUnavailableError("away")
        return getattr(self.store, name)


def test_while_the_store_is_away_the_models_go_on(
    store: Store, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wait in ("REFRESH_S", "REST", "COUNT_EVERY_S", "LOOK_EVERY_S"):
        monkeypatch.setattr(live_models, wait, 0.0)
    away = Away(store)
    away.is_away = True
    models = Models(away, registry)  # type: ignore[arg-type] - a store that comes and goes
    assert models.now.ensemble.items == ()
    assert models.popular == []
    away.is_away = False
    assert eventually(lambda: models.now.ensemble.items == ITEMS)
    away.is_away = True
    assert models.now.ensemble.items == ITEMS
    models.hear([play("ann", 1, 5), play("ann", 2, 6)])
    assert wanted_after(models, 1) == "tr-2"


def test_two_workers_learn_the_same_and_unlearn_what_is_forgotten(
    store: Store, log: EventLog, registry: Registry
) -> None:
    store.put_many(TRACKS, [Track(id=id, title=id, sort=id, duration_ms=1000) for id in ITEMS])
    store.put(USERS, User(id="ann", name="ann", key="ann"))
    here, elsewhere = Models(store, registry), Models(store, registry)
    elsewhere.follow(log)
    try:
        assert eventually(lambda: elsewhere.now.ensemble.items == ITEMS)

        def happens(*events: ListenerEvent) -> None:
            taken = [
                Entry(Topic.LISTENS, 0, place, event.user_id, encode(event))
                for place, event in enumerate(events)
            ]
            worker.handle(store, log, here, taken)

        happens(ended("e1", 1, 1), ended("e2", 2, 2))
        assert wanted_after(here, 1) == "tr-2"
        assert eventually(lambda: wanted_after(elsewhere, 1) == "tr-2")
        happens(said("e3", "forgotten", 3, listen_id="e2"))
        assert not wanted_after(here, 1)
        assert eventually(lambda: not wanted_after(elsewhere, 1))
        happens(said("e4", "undone", 4, listen_id="e2"))
        assert wanted_after(here, 1) == "tr-2"
        assert eventually(lambda: wanted_after(elsewhere, 1) == "tr-2")
        happens(said("e5", "private", 5, value=1.0), ended("e6", 3, 6), ended("e7", 4, 7))
        happens(said("e8", "private", 8, value=0.0), ended("e9", 5, 9))
        assert eventually(lambda: wanted_after(elsewhere, 2) == "tr-5")
        assert wanted_after(here, 2) == "tr-5"
        restarted = Models(store, registry)
        assert wanted_after(restarted, 2) == "tr-5"
        for models in (here, elsewhere, restarted):
            assert not wanted_after(models, 3)
    finally:
        elsewhere.close()


def said(id: str, kind: Kind, minute: int, **more: Any) -> ListenerEvent:
    at = TRAINED_AT + minute * MINUTE
    return ListenerEvent(id=id, user_id="ann", at=at, accepted_at=at, kind=kind, **more)


def ended(id: str, track: int, minute: int) -> ListenerEvent:
    return said(id, "ended", minute, track_id=f"tr-{track}", reason="completed", played_ms=1000)


def test_without_the_log_there_are_models_and_what_was_played_is_caught_up_with_later(
    store: Store, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_consumer, "ANSWERS_WITHIN_S", 0.3)
    store.put_many(LISTENS, [listen("ann", 1, 1), listen("ann", 2, 2)])
    away = open_event_log("kafka://127.0.0.1:1", store)
    models = Models(store, registry)
    models.follow(away)
    try:
        assert wanted_after(models, 1) == "tr-2"
        models.hear([play("ann", 3, 3)])
        assert wanted_after(models, 2) == "tr-3"
    finally:
        models.close()
        away.close()
