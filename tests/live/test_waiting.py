"""Who waits longest is first, and a batch is finished when nobody waits for what is in it."""

from tests.live.loop import event

from antiphon.events import Entry
from antiphon.live.waiting import Waiting


def entry(offset: int, partition: int = 0) -> Entry:
    return Entry("listens", partition, offset, key="", value=b"much")


def ends(waiting: Waiting) -> list[tuple[int, int]]:
    return [(one.partition, one.offset) for one in waiting.finished()]


def answer_first(waiting: Waiting) -> tuple[str, str]:
    due = next(iter(waiting))
    waiting.answered(due)
    return due.user_id, due.event


def test_a_listener_keeps_their_place_and_is_answered_for_the_last_event() -> None:
    waiting = Waiting()
    waiting.take([entry(1)], [event("a1")])
    waiting.take([entry(2)], [event("b1", user_id="ben")])
    waiting.take([entry(3)], [event("a2")])
    assert [answer_first(waiting) for _ in range(2)] == [("ann", "a2"), ("ben", "b1")]


def test_a_batch_is_finished_once_when_all_before_it_are() -> None:
    waiting = Waiting()
    waiting.take([entry(1), entry(2)], [event("a1"), event("b1", user_id="ben")])
    waiting.take([entry(3)], [event("a2")])
    assert ends(waiting) == []
    answer_first(waiting)
    assert ends(waiting) == []
    waiting.take([entry(4)], [event("a3")])
    answer_first(waiting)
    assert ends(waiting) == [(0, 2), (0, 3)]
    answer_first(waiting)
    assert ends(waiting) == [(0, 4)]
    assert ends(waiting) == []


def test_a_batch_that_asks_for_no_answer_waits_only_for_those_before() -> None:
    waiting = Waiting()
    waiting.take([entry(1)], [])
    assert ends(waiting) == [(0, 1)]
    waiting.take([entry(2)], [event("a1")])
    waiting.take([entry(3)], [])
    assert ends(waiting) == []
    answer_first(waiting)
    assert ends(waiting) == [(0, 2), (0, 3)]


def test_of_each_partition_the_last_entry_is_kept_without_what_it_says() -> None:
    waiting = Waiting()
    waiting.take([entry(1), entry(7, partition=2), entry(2), entry(8, partition=2)], [])
    found = waiting.finished()
    assert {(one.partition, one.offset, one.value) for one in found} == {(0, 2, b""), (2, 8, b"")}
