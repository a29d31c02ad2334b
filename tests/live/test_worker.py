"""The live loop from event to answer: effects once, poison set aside, order kept."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

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
from antiphon.live import answers, state, worker
from antiphon.live.effects import apply, familiarity_id
from antiphon.live.models import Models
from antiphon.model import Answer, Familiarity, Track, User
from antiphon.store import Store, StoreUnavailableError
from antiphon.store.schema import FAMILIARITIES, LISTENS, TRACKS, USERS
from antiphon.taste.content import ContentModel


@pytest.fixture
def log(store: Store) -> EventLog:
    store.put_many(
        TRACKS,
        [Track(id=f"tr-{n}", title=f"T{n}", sort=f"t{n}", duration_ms=200_000) for n in range(3)],
    )
    store.put_many(USERS, [User(id=id, name=id, key=id) for id in ("ann", "ben")])
    return open_event_log("local:", store)


@pytest.fixture
def work(store: Store, log: EventLog) -> Callable[[], None]:
    def work() -> None:
        with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
            while batch := consumer.poll(0.01):
                worker.handle(store, log, Models(store), batch)
                consumer.commit(batch)

    return work


def event(id: str = "e1", kind: str = "ended", **fields: object) -> ListenerEvent:
    values = {"id": id, "user_id": "ann", "track_id": "tr-1", "at": 5, "kind": kind}
    ended = {"played_ms": 200_000, "reason": "completed"} if kind == "ended" else {}
    return msgspec.convert({**values, **ended, **fields}, ListenerEvent)


def sent(log: EventLog, *values: bytes) -> None:
    log.append(Topic.LISTENS, "ann", list(values))


def all_of(log: EventLog, topic: Topic) -> list[bytes]:
    with log.consumer(topic, "test") as consumer:
        return [entry.value for entry in consumer.poll(0.01)]


def familiarity(store: Store) -> Familiarity:
    found = store.get(FAMILIARITIES, familiarity_id("ann", "tr-1"))
    assert found is not None
    return found


def test_an_event_becomes_a_listen_and_an_answer(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, encode(event()))
    work()
    (listen,) = store.find(LISTENS)
    assert (listen.id, listen.played, listen.ended) == ("ann:e1", True, "completed")
    (changed,) = (decode(value, AnswerChanged) for value in all_of(log, Topic.RECOMMENDATIONS))
    assert (changed.user_id, changed.surface, changed.version) == ("ann", "next", "e1")


def test_a_batch_answers_each_listener_once(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, *(encode(event(f"e{n}")) for n in range(20)), encode(event("b1", user_id="ben")))
    work()
    answers = [decode(value, AnswerChanged) for value in all_of(log, Topic.RECOMMENDATIONS)]
    assert {(a.user_id, a.version) for a in answers} == {("ann", "e19"), ("ben", "b1")}


def test_a_worker_that_died_before_its_commit_does_nothing_twice(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, encode(event("e1")), encode(event("e2", "liked")))
    for one in (event("e1"), event("e2", "liked")):
        apply(store, one)
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
        (encode(event("e9", "rated")), "without a rating"),
        (encode(event("e9", "rated", rating=5)).replace(b'"rating":5', b'"rating":6'), "<= 5"),
        (encode(event("e9", at=10**30)), "OverflowError"),
    ],
)
def test_poison_is_set_aside_with_its_reason_and_blocks_nothing(
    store: Store, log: EventLog, work: Callable[[], None], poison: bytes, reason: str
) -> None:
    sent(log, poison, encode(event("after")))
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
    sent(log, *(encode(event(f"e{n}")) for n in range(5)))
    worker.run(store, log, Models(store), iter([False, True]).__next__)
    assert made == [5]


def test_what_a_removed_listener_did_is_forgotten(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, encode(event(user_id="us-gone")), encode(event("after")))
    work()
    assert [listen.id for listen in store.find(LISTENS)] == ["ann:after"]
    assert all_of(log, Topic.DEAD_LETTERS) == []


def test_another_listener_may_have_the_same_event_id(store: Store, log: EventLog) -> None:
    apply(store, event("e1", user_id="ben"))
    apply(store, event("e1"))
    apply(store, event("e1"))
    assert {listen.id for listen in store.find(LISTENS)} == {"ann:e1", "ben:e1"}
    assert familiarity(store).plays == 1


def test_an_answer_that_fails_keeps_nobody_elses_back(
    store: Store, log: EventLog, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = answers.next_up

    def failing_for_ann(store: Store, model: ContentModel, user_id: str, **rest: Any) -> Answer:
        if user_id == "ann":
            raise ZeroDivisionError
        return made(store, model, user_id, **rest)

    monkeypatch.setattr(answers, "next_up", failing_for_ann)
    sent(log, encode(event("a1")), encode(event("b1", user_id="ben")))
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

    sent(log, encode(event()))
    monkeypatch.setattr(worker, "apply", away)
    with pytest.raises(StoreUnavailableError):
        work()
    monkeypatch.undo()
    work()
    assert store.count(LISTENS) == 1
    assert all_of(log, Topic.DEAD_LETTERS) == []


def test_an_event_of_a_newer_version_is_understood(
    store: Store, log: EventLog, work: Callable[[], None]
) -> None:
    sent(log, encode(event()).replace(b'{"id"', b'{"mood":"blue","id"'))
    work()
    assert store.count(LISTENS) == 1


def test_old_feedback_that_comes_late_does_not_win(store: Store, log: EventLog) -> None:
    apply(store, event("e2", "disliked", at=20))
    apply(store, event("e1", "liked", at=10))
    assert familiarity(store).feedback == "dislike"
    apply(store, event("e3", "undone", at=30))
    assert familiarity(store).feedback is None


def test_a_ban_is_refused_as_a_dislike_is_until_it_is_taken_back(
    store: Store, log: EventLog
) -> None:
    apply(store, event("e1", "banned", at=10))
    assert familiarity(store).feedback == "ban"
    assert state.load(store, "ann").disliked == {"tr-1"}
    apply(store, event("e2", "undone", at=20))
    assert familiarity(store).feedback is None
    assert state.load(store, "ann").disliked == frozenset()


def test_the_latest_rating_is_kept_beside_the_feedback(store: Store, log: EventLog) -> None:
    apply(store, event("e1", "liked", at=10))
    apply(store, event("e3", "rated", rating=4, at=30))
    apply(store, event("e2", "rated", rating=1, at=20))
    apply(store, event("e4", "undone", at=40))
    assert (familiarity(store).rating, familiarity(store).feedback) == (4, None)


@pytest.mark.parametrize("kind", ["started", "progress", "queued"])
def test_what_says_nothing_of_taste_changes_nothing(
    store: Store, log: EventLog, work: Callable[[], None], kind: str
) -> None:
    sent(log, encode(event("e1", kind)))
    work()
    assert (store.count(LISTENS), store.count(FAMILIARITIES)) == (0, 0)
    assert all_of(log, Topic.DEAD_LETTERS) == []


def test_a_worker_waits_for_a_store_that_is_away_and_says_so_once(
    store: Store,
    log: EventLog,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries: list[ListenerEvent] = []

    def away_at_first(store: Store, event: ListenerEvent) -> None:
        tries.append(event)
        if len(tries) < 3:
            raise StoreUnavailableError("nobody answers")
        apply(store, event)

    sent(log, encode(event()))
    monkeypatch.setattr(worker, "apply", away_at_first)
    monkeypatch.setattr(trouble, "BACK_OFF_S", 0.01)
    worker.run(store, log, Models(store), lambda: store.count(LISTENS) == 1)
    assert [event.id for event in tries] == ["e1", "e1", "e1"]
    assert caplog.messages == [
        "the store is not to be had, trying again: nobody answers",
        "the store is back",
    ]
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        assert consumer.poll(0.01) == []


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand(
    store: Store, log: EventLog
) -> None:
    sent(log, *(encode(event(f"e{n}")) for n in range(5)))
    worker.run(store, log, Models(store), iter([False, True]).__next__)
    assert store.count(LISTENS) == 5
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        assert consumer.poll(0.01) == []


@pytest.mark.slow
def test_a_process_that_is_told_to_end_commits_the_batch_in_hand_and_takes_no_other(
    store: Store, log: EventLog, tmp_path: Path
) -> None:
    sent(log, *(encode(event(f"e{n}")) for n in range(4000)))
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
    assert begun < made < 4000
    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        assert decode(consumer.poll(0.01)[0].value, ListenerEvent).id == f"e{made}"


def test_a_skip_is_an_end_before_it_was_a_play(store: Store, log: EventLog) -> None:
    apply(store, event("e1", reason="skipped", played_ms=10_000))
    apply(store, event("e2", reason="skipped", played_ms=150_000))
    assert (familiarity(store).skips, familiarity(store).plays) == (1, 1)


def test_an_effect_is_made_whole_or_not_at_all(
    store: Store, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("pulled the plug")

    monkeypatch.setattr("antiphon.live.effects._familiarity", refuse)
    with pytest.raises(RuntimeError):
        apply(store, event())
    assert store.count(LISTENS) == 0
    monkeypatch.undo()
    apply(store, event())
    assert store.count(LISTENS) == 1
