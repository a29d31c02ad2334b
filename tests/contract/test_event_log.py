"""The EventLog contract: the same cases over every adapter."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.events.reading import first_time, kafka_url, next_events, outage_of, read, values

from antiphon.events import Entry, EventLog, ListenerEvent, Topic, open_event_log
from antiphon.events.records import DeadLetter, decode, encode
from antiphon.live import worker
from antiphon.live.models import Models
from antiphon.model import Listen, Track, User
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, LISTENS, TRACKS, USERS

# A worker that dies when its first batch has had its effects, and is not committed yet.
_DYING = """
import os, signal, sys
from antiphon.events import open_event_log
from antiphon.live import worker
from antiphon.live.models import Models
from antiphon.store import open_store

store = open_store(sys.argv[1])
log = open_event_log(sys.argv[2], store)
with log.consumer("listens", worker.GROUP) as consumer:
    while not (batch := consumer.poll(1)):
        pass
    worker.handle(store, log, Models(store), batch)
    os.kill(os.getpid(), signal.SIGKILL)
"""

_LISTEN = Listen(
    id="", user_id="", track_id="", at=0, played_ms=0, duration_ms=0, ended="stopped", played=False
)


# The engines, and the store in which the local log or Kafka's outbox is.
SQLITE = ["local", pytest.param("kafka", marks=pytest.mark.slow)]
MONGO = [
    pytest.param(f"{engine} on mongo", marks=pytest.mark.slow) for engine in ("local", "kafka")
]
heavy = pytest.mark.parametrize("engine", SQLITE, indirect=True)


@pytest.fixture(params=[*SQLITE, *MONGO])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(store: Store, engine: str, request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue("mongo_store") if "mongo" in engine else store


@pytest.fixture
def url(engine: str, request: pytest.FixtureRequest) -> Iterator[str]:
    if engine.startswith("local"):
        yield "local:"
        return
    with kafka_url(request.getfixturevalue("kafka").url) as own:
        yield own


@pytest.fixture
def log(url: str, store: Store) -> Iterator[EventLog]:
    opened = open_event_log(url, store)
    yield opened
    opened.close()


def test_events_of_a_key_come_in_the_order_they_were_appended(log: EventLog) -> None:
    log.append("listens", "ann", [b"1", b"2"])
    log.append("listens", "ben", [b"3"])
    log.append("listens", "ann", [b"4"])
    assert values(read(log, "live", 4)) == {"ann": [b"1", b"2", b"4"], "ben": [b"3"]}


def test_a_group_goes_on_behind_what_it_committed(log: EventLog) -> None:
    log.append("listens", "ann", [b"1", b"2", b"3"])
    read(log, "live", 3, commit=2)
    assert values(read(log, "live", 1)) == {"ann": [b"3"]}


def test_what_was_not_committed_comes_again(log: EventLog) -> None:
    log.append("listens", "ann", [b"1"])
    assert read(log, "live", 1) == read(log, "live", 1) != []


def test_who_has_returned_all_there_is_is_not_behind(log: EventLog) -> None:
    log.append("listens", "ann", [b"1", b"2", b"3"])
    returned = 0
    with log.consumer("listens", "live") as consumer:
        while returned < 3:
            returned += len(consumer.poll(1))
        assert consumer.behind() == 0


def test_groups_do_not_disturb_each_other(log: EventLog) -> None:
    log.append("listens", "ann", [b"1"])
    read(log, "live", 1, commit=1)
    assert values(read(log, "archive", 1)) == {"ann": [b"1"]}


def test_topics_do_not_mix(log: EventLog) -> None:
    log.append("listens", "ann", [b"1"])
    log.append("recommendations", "ann", [b"2"])
    assert values(read(log, "live", 1, topic="recommendations")) == {"ann": [b"2"]}


def test_without_a_group_only_the_future_is_seen(log: EventLog) -> None:
    log.append("listens", "ann", [b"before"])
    read(log, "live", 1)
    with log.consumer("listens", None) as consumer:
        assert consumer.poll(0.1) == []
        log.append("listens", "ann", [b"after"])
        assert [entry.value for entry in next_events(consumer, 1)] == [b"after"]


def test_a_compacted_topic_keeps_at_least_the_newest_of_each_key(log: EventLog) -> None:
    for key, value in (("ann", b"1"), ("ben", b"2"), ("ann", b"3")):
        log.append("recommendations", key, [value])
    kept: dict[str, bytes] = {}

    def read_on() -> bool:
        # An engine that has not dropped the older one yet gives it first.
        kept.update({entry.key: entry.value for entry in consumer.poll(0.1)})
        return kept == {"ann": b"3", "ben": b"2"}

    with log.consumer("recommendations", "push") as consumer:
        until(read_on)


def test_a_group_can_replay_from_any_offset(log: EventLog) -> None:
    log.append("listens", "ann", [b"%d" % n for n in range(10)])
    with log.consumer("listens", "live") as consumer:
        entries = next_events(consumer, 10)
        consumer.commit(entries)
        consumer.seek(entries[6].partition, entries[6].offset)
        assert next_events(consumer, 4) == entries[6:]


def test_an_append_is_part_of_the_transaction_it_is_made_in(store: Store, log: EventLog) -> None:
    def refused() -> None:
        log.append("listens", "ann", [b"refused"])
        raise KeyError("no")

    with pytest.raises(KeyError):
        store.transact(refused)
    store.transact(lambda: log.append("listens", "ann", [b"taken"]))
    assert values(read(log, "live", 1)) == {"ann": [b"taken"]}


def test_writers_at_the_same_time_lose_nothing_and_keep_their_order(log: EventLog) -> None:
    def write(key: str) -> None:
        for n in range(25):
            log.append("listens", key, [b"%d" % n])

    threads = [threading.Thread(target=write, args=(key,)) for key in ("ann", "ben", "cat")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = read(log, "live", 75)
    assert len({(entry.partition, entry.offset) for entry in entries}) == 75
    assert values(entries) == {key: [b"%d" % n for n in range(25)] for key in ("ann", "ben", "cat")}


@pytest.fixture
def listeners(store: Store) -> list[str]:
    store.put(TRACKS, Track(id="tr-1", title="T", sort="t", duration_ms=200_000))
    names = [f"us-{n}" for n in range(5)]
    store.put_many(USERS, [User(id=name, name=name, key=name) for name in names])
    return names


def played(user_id: str, n: int) -> bytes:
    return encode(
        ListenerEvent(
            id=f"{user_id}-{n}",
            user_id=user_id,
            track_id="tr-1",
            at=n,
            kind="ended",
            played_ms=200_000,
            reason="completed",
        )
    )


@heavy
@pytest.mark.slow
def test_a_worker_killed_between_effect_and_commit_does_nothing_twice(
    store: Store, log: EventLog, url: str, listeners: list[str], tmp_path: Path
) -> None:
    for user_id in listeners:
        log.append(Topic.LISTENS, user_id, [played(user_id, n) for n in range(20)])
    store_url = f"sqlite:///{tmp_path / 'antiphon.db'}"
    died = subprocess.run([sys.executable, "-c", _DYING, store_url, url], check=False, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert store.count(LISTENS) > 0
    again = read(log, worker.GROUP, 100)
    assert len(again) == 100
    worker.handle(store, log, Models(store), again)
    assert store.count(LISTENS) == 100
    plays = [one.plays for one in store.find(FAMILIARITIES)]
    assert plays == [20] * len(listeners)


def test_poison_blocks_nothing_and_is_set_aside_with_its_reason(
    store: Store, log: EventLog, listeners: list[str]
) -> None:
    user_id = listeners[0]
    dancing = played(user_id, 1).replace(b"ended", b"danced")
    log.append(Topic.LISTENS, user_id, [dancing, played(user_id, 2)])
    worker.handle(store, log, Models(store), read(log, worker.GROUP, 2))
    assert [listen.id for listen in store.find(LISTENS)] == [f"{user_id}:{user_id}-2"]
    (letter,) = read(log, "operator", 1, Topic.DEAD_LETTERS)
    assert "danced" in decode(letter.value, DeadLetter).reason


@heavy
@pytest.mark.slow
def test_consumers_that_join_and_leave_under_load_make_each_effect_once_and_in_order(
    store: Store, log: EventLog, url: str
) -> None:
    keys, each = [f"us-{n}" for n in range(20)], 300
    turn = count()

    def effect(entry: Entry, name: str) -> None:
        id = f"{entry.key}:{int(entry.value)}"

        def make() -> None:
            if store.get(LISTENS, id) is None:
                new = replace(_LISTEN, id=id, user_id=entry.key, at=next(turn), client=name)
                store.put(LISTENS, new)

        store.transact(make)

    def consume(stopped: threading.Event, name: str) -> None:
        with log.consumer("listens", "live") as consumer:
            while not stopped.is_set():
                batch = consumer.poll(0.1)
                for entry in batch:
                    effect(entry, name)
                consumer.commit(batch)

    def append() -> None:
        for n in range(each):
            for key in keys:
                log.append("listens", key, [b"%d" % n])
                time.sleep(0.001)

    with ThreadPoolExecutor() as pool:
        appended = pool.submit(append)
        stops, consuming = [], []
        for change in ("join", "join", "leave", "join", "leave"):
            if change == "join":
                stops.append(threading.Event())
                consuming.append(pool.submit(consume, stops[-1], f"consumer {len(consuming)}"))
            else:
                stops.pop(0).set()
            made = store.count(LISTENS)
            until(lambda made=made: store.count(LISTENS) >= min(made + 1000, len(keys) * each))
        until(lambda: store.count(LISTENS) == len(keys) * each)
        stops.pop().set()
        for one in (appended, *consuming):
            one.result()
    for key in keys:
        listens = store.find(LISTENS, {"user_id": key}, ("user_id", "at"))
        assert [int(one.id.partition(":")[2]) for one in listens] == list(range(each))
    if url != "local:":
        by = {listen.client for listen in store.find(LISTENS)}
        assert by == {"consumer 0", "consumer 1", "consumer 2"}


@heavy
@pytest.mark.slow
def test_a_backlog_of_an_hour_is_drained_in_the_order_of_each_listener(
    log: EventLog, away: Callable[[], AbstractContextManager[None]]
) -> None:
    keys = [f"us-{n}" for n in range(50)]
    with away():
        for n in range(0, 2000, 100):
            for key in keys:
                log.append("listens", key, [b"%d" % m for m in range(n, n + 100)])
    entries = read(log, "live", 100_000)
    numbers = {key: first_time(own) for key, own in values(entries).items()}
    assert numbers == {key: list(range(2000)) for key in keys}


@pytest.fixture
def away(request: pytest.FixtureRequest, url: str) -> Callable[[], AbstractContextManager[None]]:
    """Have the log's broker away for a while, where it has one."""
    return nullcontext if url == "local:" else outage_of(request.getfixturevalue("kafka"))


def until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up_at, "it did not come about"
        time.sleep(0.02)
