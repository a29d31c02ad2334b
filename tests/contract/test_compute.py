"""The Compute contract: the same cases over every adapter."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from antiphon.compute import Compute, Outcome, open_compute
from antiphon.compute.local import LocalCompute


@pytest.fixture(scope="module")
def compute() -> Compute:
    return open_compute("local:", workers=2)


def square_or_fail(number: int) -> int:
    if number == 3:
        raise ValueError("three is not to my taste")
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def process_of(_item: int) -> int:
    return os.getpid()


def sleep_long(seconds: float) -> None:
    time.sleep(seconds)


def test_failing_items_are_outcomes_and_the_rest_is_done(compute: Compute) -> None:
    outcomes: dict[int, Outcome[int, int]] = {
        o.item: o for o in compute.map(square_or_fail, range(8))
    }
    assert {n: o.result for n, o in outcomes.items() if not o.error} == {
        n: n * n for n in (0, 1, 2, 4, 6, 7)
    }
    assert outcomes[3].error == "ValueError: three is not to my taste"
    assert "died" in outcomes[5].error


def test_items_are_taken_only_as_fast_as_they_are_worked_on(compute: Compute) -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    outcomes = compute.map(abs, items())
    next(outcomes)
    assert len(taken) < 20


def test_closing_ends_what_runs_and_it_can_be_used_again(compute: Compute) -> None:
    threading.Timer(0.5, compute.close).start()
    started = time.monotonic()
    assert list(compute.map(sleep_long, [60.0, 60.0])) == []
    assert time.monotonic() - started < 20
    assert [outcome.result for outcome in compute.map(abs, [-1])] == [1]


def test_the_processes_go_when_there_is_nothing_to_do() -> None:
    local = LocalCompute(1, idle_s=0.2)
    (process_id,) = (outcome.result for outcome in local.map(process_of, [0]))
    assert process_id is not None
    assert [outcome.result for outcome in local.map(process_of, [0])] == [process_id]
    end = time.monotonic() + 10
    while psutil.pid_exists(process_id):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_item_that_takes_too_long_is_given_up() -> None:
    (outcome,) = LocalCompute(1, time_limit_s=0.3).map(sleep_long, [60.0])
    assert outcome.error.startswith("it took more than 0 s")
