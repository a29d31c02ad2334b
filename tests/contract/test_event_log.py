"""The EventLog contract: the same cases over every adapter."""

import threading

import pytest

from antiphon.events import Entry, EventLog, open_event_log
from antiphon.store import Store


@pytest.fixture
def log(store: Store) -> EventLog:
    return open_event_log("local:", store)


def read(log: EventLog, group: str, topic: str = "listens", *, commit: int = 0) -> list[Entry]:
    """Return all the events behind what the group has committed; commit the first of them."""
    with log.consumer(topic, group) as consumer:
        entries = [entry for batch in iter(lambda: consumer.poll(0.02), []) for entry in batch]
        consumer.commit(entries[:commit])
    return entries


def test_events_come_in_the_order_they_were_appended(log: EventLog) -> None:
    log.append("listens", "ann", [b"1", b"2"])
    log.append("listens", "ben", [b"3"])
    log.append("listens", "ann", [b"4"])
    assert [(e.key, e.value) for e in read(log, "live")] == [
        ("ann", b"1"),
        ("ann", b"2"),
        ("ben", b"3"),
        ("ann", b"4"),
    ]


def test_a_group_goes_on_behind_what_it_committed(log: EventLog) -> None:
    log.append("listens", "ann", [b"1", b"2", b"3"])
    read(log, "live", commit=2)
    assert [e.value for e in read(log, "live")] == [b"3"]


def test_what_was_not_committed_comes_again(log: EventLog) -> None:
    log.append("listens", "ann", [b"1"])
    assert read(log, "live") == read(log, "live") != []


def test_groups_do_not_disturb_each_other(log: EventLog) -> None:
    log.append("listens", "ann", [b"1"])
    read(log, "live", commit=1)
    assert [e.value for e in read(log, "archive")] == [b"1"]


def test_topics_do_not_mix(log: EventLog) -> None:
    log.append("listens", "ann", [b"1"])
    log.append("recommendations", "ann", [b"2"])
    assert [e.value for e in read(log, "live", topic="recommendations")] == [b"2"]


def test_without_a_group_only_the_future_is_seen(log: EventLog) -> None:
    log.append("listens", "ann", [b"before"])
    with log.consumer("listens", None) as consumer:
        assert consumer.poll(0.02) == []
        log.append("listens", "ann", [b"after"])
        assert [e.value for e in consumer.poll(0.02)] == [b"after"]


def test_a_compacted_topic_keeps_the_newest_of_each_key(log: EventLog) -> None:
    log.append("recommendations", "ann", [b"1"])
    log.append("recommendations", "ben", [b"2"])
    log.append("recommendations", "ann", [b"3"])
    assert [e.value for e in read(log, "push", topic="recommendations")] == [b"2", b"3"]


def test_a_key_can_be_forgotten_everywhere(log: EventLog) -> None:
    log.append("listens", "ann", [b"1"])
    log.append("listens", "ben", [b"2"])
    log.append("recommendations", "ann", [b"3"])
    log.forget("ann")
    assert [e.value for e in read(log, "live")] == [b"2"]
    assert read(log, "push", topic="recommendations") == []
    log.append("listens", "ann", [b"4"])
    assert [e.value for e in read(log, "live")] == [b"2", b"4"]


def test_writers_at_the_same_time_lose_nothing_and_keep_their_order(log: EventLog) -> None:
    def write(key: str) -> None:
        for n in range(25):
            log.append("listens", key, [b"%d" % n])

    threads = [threading.Thread(target=write, args=(key,)) for key in ("ann", "ben", "cat")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = read(log, "live")
    assert len({e.offset for e in entries}) == 75
    for key in ("ann", "ben", "cat"):
        assert [int(e.value) for e in entries if e.key == key] == list(range(25))
