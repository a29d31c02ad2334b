"""The live loop from event to answer: effects once, poison set aside, order kept."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.live.loop import all_of, event, familiarity, make_world, sent, taken

from antiphon.events import (
    AnswerChanged,
    Entry,
    EventLog,
    ListenerEvent,
    Topic,
    open_event_log,
    trouble,
)
from antiphon.events.local import LocalConsumer
from antiphon.events.records import DeadLetter, decode, encode
from antiphon.live import answers, worker
from antiphon.live.effects import Applied, apply
from antiphon.live.models import Models, Serving
from antiphon.live.state import Memories
from antiphon.model import Answer
from antiphon.store import Store, StoreUnavailableError
from antiphon.store.schema import ANSWERS, FAMILIARITIES, LISTENS
from antiphon.taste.listener import ListenerState


@pytest.fixture
def log(store: Store) -> EventLog:
    make_world(store)
    return open_event_log("local:", store)


@pytest.fixture
def work(store: Store, log: EventLog) -> Callable[[], None]:
    def work() -> None:
        with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
            while batch := consumer.poll(0.01):
                worker.handle(store, log, Models(store), batch)
                consumer.commit(batch)

    return work


def test_an_event_becomes_a_listen_and_an_answer(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, event())
    work()
    (listen,) = store.find(LISTENS)
    assert (listen.id, listen.played, listen.ended) == ("ann:e1", True, "completed")
    (changed,) = (decode(value, AnswerChanged) for value in all_of(log, Topic.RECOMMENDATIONS))
    assert (changed.user_id, changed.surface, changed.event) == ("ann", "next", "e1")
    (answer,) = store.find(ANSWERS)
    assert (answer.version, answer.event) == (changed.version, "e1")


def test_a_batch_answers_each_listener_once(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, *(event(f"e{n}") for n in range(20)), event("b1", user_id="ben"))
    work()
    answers = [decode(value, AnswerChanged) for value in all_of(log, Topic.RECOMMENDATIONS)]
    assert [(a.user_id, a.event) for a in answers] == [("ann", "e19"), ("ben", "b1")]


def test_a_worker_that_died_before_its_commit_does_nothing_twice(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, event("e1"), event("e2", "liked"))
    taken(store, log, event("e1"), event("e2", "liked"))
    work()
    assert store.count(LISTENS) == 1
    assert (familiarity(store).plays, familiarity(store).feedback) == (1, "like")


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (b"not json", "not a ListenerEvent"),
        (b"\xff\xfe", "not a ListenerEvent"),
        (b'{"id":"x"}', "missing required field"),
        (encode(event(track_id="tr-gone")), "there is no track 'tr-gone'"),
        (encode(event()).replace(b'"ended"', b'"danced"'), "danced"),
        (encode(event("e9", reason=None)), "without a reason"),
        (encode(event("e9", "tuned")), "without a value"),
        (encode(event("e9", "excluded", track_id="")), "without what it is about"),
        (encode(event("e9", "forgotten", track_id="")), "without what it is about"),
        (encode(event("e9", "liked", artist_id="ar-1")), "not said of an artist"),
        (encode(event("e9", "rated", rating=5)).replace(b'"rating":5', b'"rating":6'), "<= 5"),
        (encode(event("e9", at=10**30)), "OverflowError"),
    ],
)
def test_poison_is_set_aside_with_its_reason_and_blocks_nothing(
    store: Store, log: EventLog, work: Callable[[], None], poison: bytes, reason: str
) -> None:
    sent(log, poison, event("after"))
    work()
    assert [listen.id for listen in store.find(LISTENS)] == ["ann:after"]
    (letter,) = (decode(value, DeadLetter) for value in all_of(log, Topic.DEAD_LETTERS))
    assert letter.value == poison
    assert reason in letter.reason


def test_a_poison_event_of_any_size_is_set_aside_as_far_as_it_fits(
    store: Store, log: EventLog
) -> None:
    poison = Entry(Topic.LISTENS, 0, 1, key="\0" * 900_000, value=b"\0" * 900_000)
    worker.handle(store, log, Models(store), [poison])
    (letter,) = (decode(value, DeadLetter) for value in all_of(log, Topic.DEAD_LETTERS))
    assert (len(letter.value), len(letter.key)) == (500_000, 1000)


def test_effects_are_made_before_the_commit(
    store: Store, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, commit = [], LocalConsumer.commit

    def noted(consumer: LocalConsumer, entries: Sequence[Entry]) -> None:
        made.append(store.count(LISTENS))
        commit(consumer, entries)

    monkeypatch.setattr(LocalConsumer, "commit", noted)
    sent(log, *(event(f"e{n}") for n in range(5)))
    worker.run(store, log, Models(store), iter([False, True]).__next__)
    assert made == [5]


def test_what_a_removed_listener_did_is_forgotten(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, event(user_id="us-gone"), event("after"))
    work()
    assert [listen.id for listen in store.find(LISTENS)] == ["ann:after"]
    assert all_of(log, Topic.DEAD_LETTERS) == []


def test_an_answer_that_fails_keeps_nobody_elses_back(
    store: Store, log: EventLog, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = answers.next_up

    def failing_for_ann(
        store: Store, serving: Serving, listener: ListenerState, **rest: Any
    ) -> Answer:
        if listener.user_id == "ann":
            raise ZeroDivisionError
        return made(store, serving, listener, **rest)

    monkeypatch.setattr(answers, "next_up", failing_for_ann)
    sent(log, event("a1"), event("b1", user_id="ben"))
    work()
    assert store.count(LISTENS) == 2
    changed = [decode(value, AnswerChanged) for value in all_of(log, Topic.RECOMMENDATIONS)]
    assert [one.user_id for one in changed] == ["ben"]
    monkeypatch.undo()
    work()
    assert store.count(LISTENS) == 2


def test_while_the_store_is_away_nothing_is_buried_or_committed(
    store: Store, log: EventLog, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("the store is away")

    sent(log, event())
    monkeypatch.setattr("antiphon.live.work.apply", away)
    with pytest.raises(StoreUnavailableError):
        work()
    monkeypatch.undo()
    work()
    assert store.count(LISTENS) == 1
    assert all_of(log, Topic.DEAD_LETTERS) == []


def test_poison_costs_only_itself_of_a_whole_batch(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    good = [event(f"e{n}", at=n, track_id=f"tr-{n % 3}") for n in range(20)]
    sent(log, *good[:7], event("poison", at=10**30), *good[7:], event("b1", user_id="ben"))
    work()
    assert {one.id for one in store.find(LISTENS)} == {"ben:b1", *(f"ann:{e.id}" for e in good)}
    assert familiarity(store).plays == 7
    (letter,) = (decode(value, DeadLetter) for value in all_of(log, Topic.DEAD_LETTERS))
    assert decode(letter.value, ListenerEvent).id == "poison"


def test_who_does_much_is_answered_for_all_of_it_and_keeps_nobody_waiting(
    store: Store, log: EventLog
) -> None:
    log.append(Topic.LISTENS, "ann", [encode(event(f"e{n}", at=n)) for n in range(1000)])
    sent(log, event("b1", user_id="ben"))
    log.append(Topic.LISTENS, "ann", [encode(event(f"f{n}", at=n)) for n in range(1000)])
    worker.run(store, log, Models(store), lambda: bool(store.get(ANSWERS, "ben:next")))
    answered = [decode(value, AnswerChanged) for value in all_of(log, Topic.RECOMMENDATIONS)]
    # The topic keeps the last of each; Ann's was made at most once for each batch until then.
    assert {one.user_id for one in answered} == {"ann", "ben"}
    (hers,) = (one for one in answered if one.user_id == "ann")
    assert hers.event in {"e499", "e999", "f498"}
    assert store.count(LISTENS) <= 1500


def test_until_a_listener_is_answered_their_events_are_not_committed(
    store: Store, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """What no worker survives."""

    def dying(*_: object, **__: object) -> Answer:
        raise Killed

    sent(log, event("e1"))
    monkeypatch.setattr(answers, "next_up", dying)
    with pytest.raises(Killed):
        worker.run(store, log, Models(store), lambda: False)
    monkeypatch.undo()
    assert (store.count(LISTENS), store.count(ANSWERS)) == (1, 0)
    worker.run(store, log, Models(store), lambda: bool(store.count(ANSWERS)))
    assert (store.count(LISTENS), familiarity(store).plays) == (1, 1)
    (answer,) = store.find(ANSWERS)
    assert answer.event == "e1"
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        assert consumer.poll(0.01) == []


def test_an_answer_follows_the_effects_of_the_last_event(store: Store, log: EventLog) -> None:
    sent(log, event("e1"), event("e2", "banned", track_id="tr-2", at=6))
    worker.run(store, log, Models(store), lambda: bool(store.count(ANSWERS)))
    (answer,) = store.find(ANSWERS)
    assert answer.event == "e2"
    assert "tr-2" not in {item.track_id for item in answer.items}
    assert answer.items


@pytest.mark.parametrize("kind", ["started", "progress", "queued"])
def test_what_changes_nothing_asks_for_no_answer(store: Store, log: EventLog, kind: str) -> None:
    sent(log, event("e1", kind))
    worker.run(store, log, Models(store), iter([False, True]).__next__)
    assert store.count(ANSWERS) == 0
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        assert consumer.poll(0.01) == []


def test_an_event_of_a_newer_version_is_understood(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, encode(event()).replace(b'{"id"', b'{"mood":"blue","id"'))
    work()
    assert store.count(LISTENS) == 1


@pytest.mark.parametrize("kind", ["started", "progress", "queued"])
def test_what_says_nothing_of_taste_changes_nothing(
    store: Store, log: EventLog, work: Callable[[], None], kind: str
) -> None:
    sent(log, event("e1", kind))
    work()
    assert (store.count(LISTENS), store.count(FAMILIARITIES)) == (0, 0)
    assert all_of(log, Topic.DEAD_LETTERS) == []


def test_a_worker_waits_for_a_store_that_is_away_and_says_so_once(
    store: Store,
    log: EventLog,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries: list[Sequence[ListenerEvent]] = []

    def away_at_first(
        store: Store, log: EventLog, events: Sequence[ListenerEvent], memories: Memories
    ) -> Applied:
        tries.append(events)
        if len(tries) < 3:
            raise StoreUnavailableError("nobody answers")
        return apply(store, log, events, memories)

    sent(log, event())
    monkeypatch.setattr("antiphon.live.work.apply", away_at_first)
    monkeypatch.setattr(trouble, "BACK_OFF_S", 0.01)
    worker.run(store, log, Models(store), lambda: store.count(LISTENS) == 1)
    assert [[event.id for event in events] for events in tries] == [["e1"]] * 3
    assert caplog.messages == [
        "the store is not to be had, trying again: nobody answers",
        "the store is back",
    ]
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        assert consumer.poll(0.01) == []


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand(
    store: Store, log: EventLog
) -> None:
    sent(log, *(event(f"e{n}") for n in range(5)))
    worker.run(store, log, Models(store), iter([False, True]).__next__)
    assert store.count(LISTENS) == 5
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        assert consumer.poll(0.01) == []


@pytest.mark.slow
def test_a_process_that_is_told_to_end_commits_the_batch_in_hand_and_takes_no_other(
    store: Store, log: EventLog, tmp_path: Path
) -> None:
    sent(log, *(event(f"e{n}") for n in range(4000)))
    command = [sys.executable, "-m", "antiphon", "serve", "live"]
    process = subprocess.Popen(command, env=os.environ | {"ANTIPHON_DATA": str(tmp_path)})
    try:
        give_up_at = time.monotonic() + 30
        while not (begun := store.count(LISTENS)):
            assert time.monotonic() < give_up_at, "it does not begin"
            time.sleep(0.002)
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    made = store.count(LISTENS)
    assert begun <= made < 4000
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        assert decode(consumer.poll(0.01)[0].value, ListenerEvent).id == f"e{made}"
