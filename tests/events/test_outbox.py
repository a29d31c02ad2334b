"""The outbox: what is put in is sent in order, by one, whatever happens meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
import uuid_utils

from antiphon.events import outbox
from antiphon.events.outbox import Outbox, Outcome
from antiphon.model import OutboxEntry
from antiphon.store import Store, StoreUnavailableError
from antiphon.store.schema import LEASES, OUTBOX


class Sent:
    """Takes what is sent, or refuses it while it is away."""

    def __init__(self) -> None:
        self.values: list[bytes | None] = []
        self.away = False
        self.closed: set[str] = set()
        self.tries = 0

    def __call__(self, entries: Sequence[OutboxEntry], _: Callable[[], bool]) -> Outcome:
        self.tries += 1
        if self.away:
            return Outcome()
        refused = {entry.id: "closed to us" for entry in entries if entry.topic in self.closed}
        taken = [entry for entry in entries if entry.id not in refused]
        self.values += [value for entry in taken for value in entry.values]
        return Outcome([entry.id for entry in taken], refused)


@contextmanager
def opened(store: Store, send: outbox.Send) -> Iterator[Outbox]:
    box = Outbox(store, send)
    try:
        yield box
    finally:
        box.close()


def wait_for(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up_at, "it did not come about"
        time.sleep(0.01)


def test_what_is_put_in_is_sent_in_its_order_and_removed(store: Store) -> None:
    sent = Sent()
    with opened(store, sent) as box:
        for n in range(500):
            box.put("listens", "ann", [b"%d" % n])
        wait_for(lambda: store.count(OUTBOX) == 0)
    assert sent.values == [b"%d" % n for n in range(500)]


def test_a_long_list_is_sent_whole_and_in_order(store: Store) -> None:
    sent = Sent()
    with opened(store, sent) as box:
        box.put("listens", "ann", [b"%d" % n for n in range(1001)])
    assert sent.values == [b"%d" % n for n in range(1001)]


def test_only_one_sends_and_it_sends_everybodys(store: Store) -> None:
    first, second = Sent(), Sent()
    with opened(store, first) as one, opened(store, second) as two:
        one.put("listens", "ann", [b"0"])
        wait_for(lambda: first.values == [b"0"])
        for n in range(1, 21):
            (one, two)[n % 2].put("listens", "ann", [b"%d" % n])
        wait_for(lambda: store.count(OUTBOX) == 0)
        assert (first.values, second.values) == ([b"%d" % n for n in range(21)], [])


def test_when_the_sender_ends_another_takes_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ASK_FOR_LEASE_EVERY_S", 0.05)
    first, second = Sent(), Sent()
    with opened(store, second) as two:
        with opened(store, first) as one:
            one.put("listens", "ann", [b"1"])
            wait_for(lambda: store.count(OUTBOX) == 0)
            two.put("listens", "ann", [b"2"])
            wait_for(lambda: store.count(OUTBOX) == 0)
        two.put("listens", "ann", [b"3"])
        wait_for(lambda: store.count(OUTBOX) == 0)
    assert (first.values, second.values) == ([b"1", b"2"], [b"3"])
    assert store.count(LEASES) == 0


def test_while_nothing_arrives_it_is_not_tried_without_rest(store: Store) -> None:
    sent = Sent()
    sent.away = True
    with opened(store, sent) as box:
        for n in range(100):
            box.put("listens", "ann", [b"%d" % n])
            time.sleep(0.005)
        assert 1 <= sent.tries <= 2
        sent.away = False
        wait_for(lambda: store.count(OUTBOX) == 0)
    assert sent.values == [b"%d" % n for n in range(100)]


def test_what_is_refused_keeps_nothing_back_and_goes_when_it_is_taken(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    sent = Sent()
    sent.closed.add("answers")
    with opened(store, sent) as box:
        for _ in range(2 * outbox.ENTRIES_AT_ONCE + 50):
            box.put("answers", "ann", [b"refused"])
        for n in range(5):
            put_at = time.monotonic()
            box.put("listens", "ann", [b"%d" % n])
            wait_for(lambda n=n: b"%d" % n in sent.values)
            assert n == 0 or time.monotonic() - put_at < 0.5
            time.sleep(0.3)
        assert caplog.messages == [
            "events are refused, and tried again every now and then: closed to us"
        ]
        sent.closed.clear()
        wait_for(lambda: store.count(OUTBOX) == 0)
    assert len(sent.values) == 2 * outbox.ENTRIES_AT_ONCE + 55


def test_in_an_outage_nothing_is_passed_over(store: Store) -> None:
    sent = Sent()
    sent.away = True
    with opened(store, sent) as box:
        for n in range(150):
            box.put("listens", "ann", [b"%d" % n])
        wait_for(lambda: sent.tries > 1)
        sent.away = False
        wait_for(lambda: store.count(OUTBOX) == 0)
    assert sent.values == [b"%d" % n for n in range(150)]


def test_large_events_are_cut_into_documents_that_any_store_takes(store: Store) -> None:
    sent = Sent()
    sent.away = True
    values = [bytes([n]) * 899_000 for n in range(20)]
    with opened(store, sent) as box:
        box.put("listens", "ann", values)
        assert store.count(OUTBOX) == 20
        sent.away = False
        wait_for(lambda: store.count(OUTBOX) == 0)
    assert sent.values == values


def test_what_is_dropped_is_not_sent(store: Store) -> None:
    sent = Sent()
    sent.away = True
    with opened(store, sent) as box:
        box.put("listens", "ann", [b"1"])
        box.put("listens", "ben", [b"2"])
        box.drop("ann")
        sent.away = False
        wait_for(lambda: store.count(OUTBOX) == 0)
    assert sent.values == [b"2"]


def test_a_store_that_is_away_for_a_while_stops_nothing_for_good(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, failures = store.find, iter([True, True, True])

    def failing_at_first(*args: object, **rest: object) -> object:
        if threading.current_thread().name == "outbox" and next(failures, False):
            raise StoreUnavailableError("nobody answers")
        return find(*args, **rest)  # type: ignore[arg-type]

    sent = Sent()
    monkeypatch.setattr(store, "find", failing_at_first)
    with opened(store, sent) as box:
        box.put("listens", "ann", [b"1"])
        wait_for(lambda: store.count(OUTBOX) == 0)
    assert sent.values == [b"1"]


def test_what_is_appended_after_the_clock_was_set_back_still_comes_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Ids that are ahead of the clock here would be ahead of it in every later test.
    monkeypatch.setattr(outbox, "_ids", outbox._Ids())
    real, ahead_s = uuid_utils.uuid7, iter([3_600, 3_600, 0, 0, 3_600])

    def jumping() -> uuid_utils.UUID:
        return real(nanoseconds=time.time_ns() + next(ahead_s) * 10**9)

    monkeypatch.setattr(uuid_utils, "uuid7", jumping)
    ids = [entry.id for _ in range(5) for entry in outbox.entries_of("listens", "ann", [b"1"])]
    assert ids == sorted(set(ids))
