"""The event log over Kafka: its address, its topics, and what it does while a broker is away."""

import builtins
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from tests.events.reading import first_time, kafka_url, next_events, outage_of, read, values

from antiphon.events import Consumer, EventLog, EventLogError, Topic, open_event_log, outbox
from antiphon.events.kafka_address import parse, topic_settings
from antiphon.store import Store, StoreUnavailableError
from antiphon.store.schema import OUTBOX

if TYPE_CHECKING:
    from tests.services.kafka import Kafka

_APPENDING = """
import os, signal, sys
from antiphon.events import open_event_log
from antiphon.store import open_store

log = open_event_log(sys.argv[2], open_store(sys.argv[1]))
log.append("listens", "ann", [b"1", b"2"])
os.kill(os.getpid(), signal.SIGKILL)
"""

# A member of the group, that says what it does before it commits it.
_MEMBER = """
import sys
from antiphon.events import open_event_log
from antiphon.store import open_store

log = open_event_log(sys.argv[2], open_store(sys.argv[1]))
with log.consumer("listens", "live") as consumer:
    while True:
        batch = consumer.poll(0.1)
        for entry in batch:
            # At once, so that no half of it is left.
            print(f"{entry.key} {int(entry.value)}\\n", end="", flush=True)
        consumer.commit(batch)
"""


@pytest.fixture
def url(kafka: "Kafka") -> Iterator[str]:
    with kafka_url(kafka.url) as own:
        yield own


@pytest.fixture
def log(url: str, store: Store) -> Iterator[EventLog]:
    opened = open_event_log(url, store)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("kafka://", "give kafka://host:9092"),
        ("kafka://host:port", "give kafka://host:9092"),
        ("kafka://one:9092,,two", "give kafka://host:9092"),
        ("kafka://ann:pw@host", "sasl.username"),
        ("kafka://host/a/b", "topics cannot begin with 'a/b'"),
        ("kafka://host?partitions=0", "partitions='0' is not a number from 1 on"),
        ("kafka://host?replication=two", "replication='two' is not a number"),
        ("kafka://host?no.such=1", 'No such configuration property: "no.such"'),
        ("rabbit://host", "give local:, or kafka://"),
        ("kafk://ann:pw@host?sasl.password=pw", "give local:, or kafka://"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_is_wrong(
    store: Store, url: str, said: str
) -> None:
    with pytest.raises(EventLogError, match="cannot be used") as error:
        open_event_log(url, store)
    assert said in str(error.value)
    assert "pw" not in str(error.value)


def test_an_address_says_where_how_many_and_librdkafkas_options() -> None:
    address = parse("kafka://one:9092,two:9092/house?partitions=12&replication=3&linger.ms=2")
    assert (address.servers, address.partitions) == ("one:9092,two:9092", 12)
    assert address.name("listens") == "house.listens"
    assert address.options == {"linger.ms": "2"}
    assert topic_settings(address, Topic.LISTENS)["min.insync.replicas"] == "2"


def test_without_its_package_kafka_says_how_to_get_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("confluent_kafka"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return really(name, *rest)

    for name in [name for name in sys.modules if name.startswith("antiphon.events.kafka")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EventLogError, match=r"pip install 'antiphon\[kafka\]'"):
        open_event_log("kafka://localhost", store)


def test_an_event_too_large_for_kafka_is_refused_at_once(store: Store) -> None:
    log = open_event_log("kafka://localhost:1", store)
    with pytest.raises(EventLogError, match="900,000 bytes"):
        log.append("listens", "ann", [b"x" * 1_000_000])
    assert store.count(OUTBOX) == 0


@pytest.mark.slow
def test_topics_are_made_with_their_partitions_and_retention(url: str, log: EventLog) -> None:
    from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # noqa: PLC0415

    log.append(Topic.LISTENS, "ann", [b"1"])
    read(log, "live", 1)
    address = parse(url)
    admin = AdminClient({"bootstrap.servers": address.servers})
    names = {topic: address.name(topic) for topic in Topic}
    made = admin.list_topics(timeout=5).topics
    assert [len(made[name].partitions) for name in names.values()] == [3] * len(Topic)
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in names.values()]
    settings = {
        which.name: found.result() for which, found in admin.describe_configs(asked).items()
    }
    listens, answers = settings[names[Topic.LISTENS]], settings[names[Topic.RECOMMENDATIONS]]
    assert listens["retention.ms"].value == str(30 * 86_400_000)
    assert [listens["cleanup.policy"].value, answers["cleanup.policy"].value] == [
        "delete",
        "compact",
    ]


@pytest.mark.slow
def test_an_append_does_not_wait_for_a_broker_that_is_away_and_arrives_later(
    kafka: "Kafka", store: Store, log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.append("listens", "ann", [b"0"])
    read(log, "live", 1, commit=1)
    caplog.set_level(logging.WARNING)
    with outage_of(kafka)(), log.consumer("listens", "live") as consumer:
        for n in range(1, 50):
            started = time.monotonic()
            log.append("listens", "ann", [b"%d" % n])
            assert time.monotonic() - started < 0.5
        give_up_at = time.monotonic() + 6
        while time.monotonic() < give_up_at:
            assert consumer.poll(0.2) == []
        assert store.count(OUTBOX) == 49
    assert len([line for line in caplog.messages if "is not to be had" in line]) <= 3
    assert first_time(values(read(log, "live", 49))["ann"]) == list(range(1, 50))


@pytest.mark.slow
def test_a_broker_killed_under_load_loses_nothing_and_keeps_the_order(
    kafka: "Kafka", log: EventLog
) -> None:
    outage, keys = outage_of(kafka), ["ann", "ben", "cat"]

    def append() -> None:
        for n in range(1000):
            for key in keys:
                log.append("listens", key, [b"%d" % n])
            time.sleep(0.004)

    appender = threading.Thread(target=append)
    with log.consumer("listens", "live") as consumer:
        appender.start()
        entries = next_events(consumer, 300)
        with outage():
            time.sleep(0.5)
        appender.join()
        give_up_at = time.monotonic() + 40
        while len({(one.key, one.value) for one in entries}) < 3000:
            assert time.monotonic() < give_up_at, "something is missing"
            entries += consumer.poll(0.2)
    assert {key: first_time(own) for key, own in values(entries).items()} == {
        key: list(range(1000)) for key in keys
    }


@pytest.mark.slow
def test_a_worker_that_took_too_long_gets_its_events_again_and_goes_on(
    url: str, store: Store
) -> None:
    log = open_event_log(f"{url}&max.poll.interval.ms=6000", store)
    log.append("listens", "ann", [b"1"])
    with log.consumer("listens", "live") as consumer:
        late = next_events(consumer, 1)
        time.sleep(8)
        consumer.commit(late)
        log.append("listens", "ann", [b"2"])
        assert values(next_events(consumer, 2)) == {"ann": [b"1", b"2"]}
    log.close()


@pytest.mark.slow
def test_a_commit_for_each_event_does_not_hold_the_group_up(log: EventLog) -> None:
    log.append("listens", "ann", [b"%d" % n for n in range(4000)])
    with log.consumer("listens", "live") as consumer:
        for entry in next_events(consumer, 4000):
            consumer.commit([entry])
        left_at = time.monotonic()
    # Before the group would have missed it.
    assert time.monotonic() - left_at < 6
    log.append("listens", "ann", [b"next"])
    assert values(read(log, "live", 1)) == {"ann": [b"next"]}


@pytest.mark.slow
def test_an_outage_with_a_commit_on_its_way_holds_no_poll_up(kafka: "Kafka", log: EventLog) -> None:
    log.append("listens", "ann", [b"%d" % n for n in range(100)])
    with log.consumer("listens", "live") as consumer:
        entries = next_events(consumer, 100)
        with outage_of(kafka)():
            consumer.commit(entries[:50])
            consumer.commit(entries[:60])
            # Longer than the group's session lasts.
            give_up_at = time.monotonic() + 9
            while time.monotonic() < give_up_at:
                started = time.monotonic()
                consumer.poll(0.2)
                assert time.monotonic() - started < 2


@pytest.mark.slow
def test_what_kafka_refuses_keeps_nothing_else_back(
    url: str, store: Store, log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.append("listens", "ann", [b"0"])
    read(log, "live", 1, commit=1)
    limit_size(url, Topic.RECOMMENDATIONS, 2000)
    for n in range(outbox.ENTRIES_AT_ONCE + 20):
        log.append("recommendations", f"us-{n}", [os.urandom(5000)])
    log.append("listens", "ann", [b"1"])
    assert values(read(log, "live", 1)) == {"ann": [b"1"]}
    assert store.count(OUTBOX) == outbox.ENTRIES_AT_ONCE + 20
    assert len([line for line in caplog.messages if "refused" in line]) == 1
    limit_size(url, Topic.RECOMMENDATIONS, 100_000)
    # They are tried again every now and then, which may take longer than one reading waits.
    tries = (read(log, "push", 120, topic="recommendations") for _ in range(3))
    assert any(len(values(entries)) == 120 for entries in tries)


def limit_size(url: str, topic: Topic, size: int) -> None:
    """Let the brokers refuse larger messages of a topic, and wait until they do so."""
    from confluent_kafka.admin import (  # noqa: PLC0415 - only where Kafka is asked for
        AdminClient,
        AlterConfigOpType,
        ConfigEntry,
        ConfigResource,
        ResourceType,
    )

    address = parse(url)
    kept = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    name = address.name(topic)
    changed = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[kept])
    admin = AdminClient({"bootstrap.servers": address.servers})
    admin.incremental_alter_configs([changed])[changed].result()
    time.sleep(0.5)


@pytest.mark.slow
def test_when_a_member_of_the_group_is_killed_another_goes_on_behind_its_commits(
    url: str, log: EventLog, tmp_path: Path
) -> None:
    keys, said, number = [f"us-{n}" for n in range(20)], tmp_path / "said", 0
    # With a store of its own, it does not send what is appended here.
    command = [sys.executable, "-c", _MEMBER, f"sqlite:///{tmp_path / 'other.db'}", url]
    with said.open("wb") as out:
        member = subprocess.Popen(command, stdout=out)
    ours: list[tuple[str, int]] = []

    def go_on() -> None:
        batch = consumer.poll(0.05)
        ours.extend((entry.key, int(entry.value)) for entry in batch)
        consumer.commit(batch)

    def lines() -> list[str]:
        return said.read_text().splitlines()

    try:
        with log.consumer("listens", "live") as consumer:
            give_up_at = time.monotonic() + 40
            while len(lines()) < 100 or len(ours) < 100:
                assert time.monotonic() < give_up_at, "the two do not share the partitions"
                for key in keys:
                    log.append("listens", key, [b"%d" % number])
                number += 1
                go_on()
            member.kill()
            member.wait()
            for key in keys:
                log.append("listens", key, [b"%d" % number])
            theirs = {(key, int(value)) for key, value in map(str.split, lines())}
            everything = {(key, n) for key in keys for n in range(number + 1)}
            while not everything <= theirs | set(ours):
                assert time.monotonic() < give_up_at, "something is missing"
                go_on()
    finally:
        member.kill()
        member.wait()
    for key in keys:
        own = list(dict.fromkeys(n for one, n in ours if one == key))
        assert own == sorted(own)


@pytest.mark.slow
def test_without_a_group_a_consumer_begins_at_once_though_the_topics_are_new(
    kafka: "Kafka", store: Store
) -> None:
    for _ in range(5):
        with kafka_url(kafka.url) as url:
            log = open_event_log(url, store)
            with log.consumer("recommendations", None) as consumer:
                log.append("recommendations", "ann", [b"1"])
                assert [entry.value for entry in next_events(consumer, 1)] == [b"1"]
            log.close()


@pytest.mark.slow
def test_what_a_killed_appender_has_left_is_sent_by_another(
    url: str, store: Store, tmp_path: Path
) -> None:
    store_url = f"sqlite:///{tmp_path / 'antiphon.db'}"
    died = subprocess.run(
        [sys.executable, "-c", _APPENDING, store_url, url], check=False, timeout=60
    )
    assert died.returncode == -signal.SIGKILL
    log = open_event_log(url, store)
    assert values(read(log, "live", 2)) == {"ann": [b"1", b"2"]}
    log.close()


@pytest.mark.slow
def test_two_appenders_in_turn_keep_the_order_of_a_listener_through_an_outage(
    kafka: "Kafka", url: str, store: Store
) -> None:
    with ExitStack() as stack:
        appenders = [open_event_log(url, store) for _ in range(2)]
        for appender in appenders:
            stack.callback(appender.close)
        with outage_of(kafka)():
            for n in range(200):
                appenders[n % 2].append("listens", "ann", [b"%d" % n])
        came = values(read(appenders[0], "live", 200))["ann"]
    assert first_time(came) == list(range(200))


@pytest.mark.slow
def test_closing_sends_what_there_is_and_leaves_the_rest_for_later(
    kafka: "Kafka", url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CLOSED_WITHIN_S", 2.0)
    log = open_event_log(url, store)
    log.append("listens", "ann", [b"1"])
    log.close()
    assert store.count(OUTBOX) == 0
    with outage_of(kafka)():
        log = open_event_log(url, store)
        log.append("listens", "ann", [b"2"])
        started = time.monotonic()
        log.close()
        assert time.monotonic() - started < 6
        assert store.count(OUTBOX) == 1
    log = open_event_log(url, store)
    assert values(read(log, "live", 2)) == {"ann": [b"1", b"2"]}
    log.close()


@pytest.mark.slow
def test_a_removed_listeners_unsent_events_are_dropped_and_their_answers_buried(
    kafka: "Kafka", url: str, store: Store, log: EventLog
) -> None:
    from confluent_kafka import Consumer  # noqa: PLC0415 - only where Kafka is asked for

    log.append("recommendations", "ann", [b"answer"])
    read(log, "push", 1, topic="recommendations")
    with outage_of(kafka)():
        log.append("listens", "ann", [b"1"])
        log.append("listens", "ben", [b"2"])
        log.forget("ann")
    # An event that was being sent when the broker went may have been on its way already.
    assert values(read(log, "live", 1))["ben"] == [b"2"]
    raw = Consumer(
        {
            "bootstrap.servers": urlsplit(url).netloc,
            "group.id": "raw",
            "auto.offset.reset": "earliest",
        }
    )
    raw.subscribe([parse(url).name("recommendations")])
    messages = raw.consume(2, timeout=20)
    raw.close()
    assert [(message.key(), message.value()) for message in messages] == [
        (b"ann", b"answer"),
        (b"ann", None),
    ]


def test_without_a_group_a_broker_that_is_away_is_an_error(store: Store) -> None:
    log = open_event_log("kafka://127.0.0.1:1", store)
    with pytest.raises(EventLogError, match="does not say where"), log.consumer("listens", None):
        pass
    log.close()


@pytest.mark.slow
def test_a_consumer_that_opens_while_another_makes_the_topics_hears_everything(
    kafka: "Kafka", store: Store
) -> None:
    for _ in range(6):
        with kafka_url(kafka.url) as url, ExitStack() as open_logs:
            first, second = (open_event_log(url, store) for _ in range(2))
            open_logs.callback(first.close)
            open_logs.callback(second.close)
            making = threading.Thread(target=first.append, args=("listens", "ann", [b"1"]))
            making.start()
            with opened_at_last(second) as consumer:
                making.join()
                first.append("recommendations", "ann", [b"2"])
                assert [entry.value for entry in next_events(consumer, 1)] == [b"2"]


@contextmanager
def opened_at_last(log: EventLog) -> Iterator[Consumer]:
    """Open a consumer without a group as the push process does: again, until it can be."""
    while True:
        with suppress(EventLogError), log.consumer("recommendations", None) as consumer:
            yield consumer
            return


def test_a_group_waits_for_a_broker_that_is_away(store: Store) -> None:
    log = open_event_log("kafka://127.0.0.1:1", store)
    with log.consumer("listens", "live") as consumer:
        assert consumer.poll(0.1) == []
    log.close()


def test_while_the_store_is_away_an_append_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("nobody answers")

    log = open_event_log("kafka://127.0.0.1:1", store)
    monkeypatch.setattr(store, "put_many", away)
    with pytest.raises(StoreUnavailableError):
        log.append("listens", "ann", [b"1"])
    log.close()
