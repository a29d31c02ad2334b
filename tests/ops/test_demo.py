"""The demo: a small library with listeners, made once, whose histories arrive once."""

from collections import Counter
from pathlib import Path

import pytest

from antiphon.compute.local import LocalCompute
from antiphon.events import EventLog, ListenerEvent, Topic, open_event_log
from antiphon.events.records import decode
from antiphon.live import worker
from antiphon.live.models import Models
from antiphon.ops import demo
from antiphon.store import Store
from antiphon.store.schema import ALBUMS, FAMILIARITIES, LISTENS, TRACKS, USERS

pytestmark = pytest.mark.slow

COUNT = 8


@pytest.fixture
def log(store: Store) -> EventLog:
    return open_event_log("local:", store)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for the demo's music, which is made once for all these tests."""
    return tmp_path_factory.mktemp("demo")


def make(store: Store, log: EventLog, folder: Path) -> int:
    return demo.make(store, log, LocalCompute(1), folder, tracks=COUNT, processes=1)


def happened(log: EventLog) -> list[ListenerEvent]:
    with log.consumer(Topic.LISTENS, "test") as consumer:
        entries = [entry for batch in iter(lambda: consumer.poll(0.01), []) for entry in batch]
    return [decode(entry.value, ListenerEvent) for entry in entries]


def settle(store: Store, log: EventLog) -> None:
    """Let a live worker work off everything that has happened so far."""
    models = Models(store)
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        for batch in iter(lambda: consumer.poll(0.01), []):
            worker.handle(store, log, models, batch)
            consumer.commit(batch)


def test_the_demo_is_catalogued_with_listeners_whose_histories_arrive_once(
    store: Store, log: EventLog, music: Path
) -> None:
    assert not demo.is_made(store)
    assert make(store, log, music) == COUNT
    assert demo.is_made(store)
    assert store.count(TRACKS) == COUNT
    assert store.count(ALBUMS) > 1
    tracks = {track.id for track in store.find(TRACKS)}

    listeners = {user.id: user for user in store.find(USERS)}
    assert len(listeners) > 3
    assert all(user.synthetic and user.about for user in listeners.values())
    events = happened(log)
    assert {event.user_id for event in events} == set(listeners)
    assert {event.track_id for event in events} <= tracks
    assert {event.kind for event in events} >= {"ended", "liked"}
    assert len({event.id for event in events}) == len(events)

    settle(store, log)
    ended = Counter(event.user_id for event in events if event.kind == "ended")
    assert store.group_count(LISTENS, "user_id") == ended
    assert store.count(FAMILIARITIES, {"feedback": "like"}) > 0

    assert make(store, log, music) == COUNT
    assert happened(log) == events
    settle(store, log)
    assert store.count(LISTENS) == ended.total()
    assert {user.id: user for user in store.find(USERS)} == listeners


def test_a_listener_half_welcomed_is_welcomed_whole_the_next_time(
    store: Store, log: EventLog, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("pulled the plug")

    with monkeypatch.context() as broken:
        broken.setattr(log, "append", fail)
        with pytest.raises(RuntimeError, match="pulled"):
            make(store, log, music)
    assert store.count(USERS) == 0
    make(store, log, music)
    assert {event.user_id for event in happened(log)} == {user.id for user in store.find(USERS)}
