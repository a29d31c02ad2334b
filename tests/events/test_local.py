"""The local log: what it keeps, for how long, and how it forgets."""

import pytest
from tests.events.reading import read, values

from antiphon.events import EventLog, EventLogError, Topic, local, open_event_log
from antiphon.store import Store
from antiphon.store.schema import LOG_ENTRIES

DAY_MS = 86_400_000


@pytest.fixture
def log(store: Store) -> EventLog:
    return open_event_log("local:", store)


class Clock:
    """The days that have passed."""

    days = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock, began = Clock(), local.now_ms()
    monkeypatch.setattr(local, "now_ms", lambda: began + int(clock.days * DAY_MS))
    monkeypatch.setattr(local, "TRIM_EVERY_S", 0.0)
    return clock


def test_an_event_too_large_for_the_other_engine_is_refused_here_too(log: EventLog) -> None:
    with pytest.raises(EventLogError, match="900,000 bytes"):
        log.append(Topic.LISTENS, "ann", [b"x" * 900_001])


def kept(store: Store) -> list[bytes]:
    return [entry.value for entry in store.find(LOG_ENTRIES, order_by=("topic", "offset"))]


def test_listens_go_after_their_retention_and_the_later_ones_stay(
    store: Store, log: EventLog, clock: Clock
) -> None:
    log.append(Topic.LISTENS, "ann", [b"old"])
    clock.days = 20
    log.append(Topic.LISTENS, "ann", [b"new"])
    clock.days = 31
    log.append(Topic.LISTENS, "ann", [b"newest"])
    assert kept(store) == [b"new", b"newest"]


def test_what_a_group_is_not_done_with_stays_however_old(
    store: Store, log: EventLog, clock: Clock
) -> None:
    log.append(Topic.LISTENS, "ann", [b"1", b"2", b"3"])
    read(log, "live", 3, commit=1)
    read(log, "archive", 3, commit=2)
    clock.days = 365
    log.append(Topic.LISTENS, "ann", [b"4"])
    assert kept(store) == [b"2", b"3", b"4"]
    assert values(read(log, "archive", 2)) == {"ann": [b"3", b"4"]}


def test_the_newest_answers_stay_for_ever(store: Store, log: EventLog, clock: Clock) -> None:
    log.append(Topic.RECOMMENDATIONS, "ann", [b"answer"])
    clock.days = 3650
    log.append(Topic.RECOMMENDATIONS, "ben", [b"answer"])
    assert kept(store) == [b"answer", b"answer"]


def test_a_group_that_comes_after_a_trim_begins_with_what_is_left(
    log: EventLog, clock: Clock
) -> None:
    log.append(Topic.LISTENS, "ann", [b"old"])
    clock.days = 31
    log.append(Topic.LISTENS, "ann", [b"new"])
    log.append(Topic.LISTENS, "ann", [b"newer"])
    assert values(read(log, "late", 2)) == {"ann": [b"new", b"newer"]}


def test_a_long_backlog_is_trimmed_little_by_little(
    store: Store, log: EventLog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "TRIMMED_AT_ONCE", 3)
    log.append(Topic.LISTENS, "ann", [b"%d" % n for n in range(5)])
    clock.days = 31
    log.append(Topic.LISTENS, "ann", [b"5"])
    assert kept(store) == [b"3", b"4", b"5"]
    log.append(Topic.LISTENS, "ann", [b"6"])
    assert kept(store) == [b"5", b"6"]


def test_a_compacted_topic_keeps_only_the_newest_of_each_key(log: EventLog) -> None:
    for key, value in (("ann", b"1"), ("ben", b"2"), ("ann", b"3")):
        log.append(Topic.RECOMMENDATIONS, key, [value])
    kept = read(log, "push", 2, topic=Topic.RECOMMENDATIONS)
    assert [entry.value for entry in kept] == [b"2", b"3"]


def test_a_key_is_forgotten_everywhere(log: EventLog) -> None:
    log.append(Topic.LISTENS, "ann", [b"1"])
    log.append(Topic.LISTENS, "ben", [b"2"])
    log.append(Topic.RECOMMENDATIONS, "ann", [b"3"])
    log.forget("ann")
    log.append(Topic.LISTENS, "ann", [b"4"])
    assert values(read(log, "live", 2)) == {"ann": [b"4"], "ben": [b"2"]}
    assert read(log, "push", 0, topic=Topic.RECOMMENDATIONS) == []


def test_a_consumer_tells_how_many_events_it_has_not_returned_yet(log: EventLog) -> None:
    log.append("listens", "ann", [b"1"] * 700)
    with log.consumer("listens", "live") as consumer:
        assert consumer.behind() == 700
        consumer.poll(0)
        assert consumer.behind() == 200
        consumer.poll(0)
        assert consumer.behind() == 0
