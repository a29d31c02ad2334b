"""The Compute contract: the same cases over every engine."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.work import (
    Unsendable,
    allocated,
    lock_for,
    process_of,
    same,
    slept,
    square_or_fail,
    there,
)

from antiphon.audio.plan import Plan
from antiphon.compute import Compute, ComputeError, Outcome, open_compute
from antiphon.compute.local import LocalCompute
from antiphon.compute.processes import MOST_MEMORY_BYTES
from antiphon.library import scan
from antiphon.model import Progress
from antiphon.ops.analysis import analyse
from antiphon.store import Store
from antiphon.store.schema import PROGRESS, TRACKS

PLAN = Plan(sets=("summary/1",))
ENGINES = ["local:", pytest.param("spark-local:2", marks=pytest.mark.slow)]
# Enough for Spark to work on many items in one job.
MANY = 400


@pytest.fixture(scope="module", params=ENGINES)
def compute(request: pytest.FixtureRequest) -> Iterator[Compute]:
    if request.param != "local:":
        # It says whether there is a Spark, and sets up what a small driver needs.
        request.getfixturevalue("spark")
    opened = open_compute(request.param, workers=2)
    yield opened
    opened.close()


def until(happens: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_failing_items_are_outcomes_and_the_rest_is_done(compute: Compute) -> None:
    outcomes: dict[int, Outcome[int, int]] = {
        o.item: o for o in compute.map(square_or_fail, range(12))
    }
    assert {n: o.error for n, o in outcomes.items() if o.error} == {
        3: "ValueError: three is not to my taste",
        5: "the process that worked on it died (exit -9)",
        7: "the process that worked on it died (exit 7)",
    }
    assert [o.result for n, o in sorted(outcomes.items()) if not o.error] == [
        n * n for n in range(12) if n not in {3, 5, 7}
    ]


def test_a_result_that_cannot_be_sent_is_that_items_failure(compute: Compute) -> None:
    (outcome,) = compute.map(lock_for, [1])
    assert outcome.error == "TypeError: cannot pickle '_thread.lock' object"


def test_an_item_that_cannot_be_sent_is_its_own_failure_and_no_others(compute: Compute) -> None:
    items = [*range(6), Unsendable("sent"), Unsendable("received"), *range(6, 12)]
    outcomes = {o.item: o for o in compute.map(same, items)}
    assert {
        item.stage: outcomes.pop(item).error for item in items if isinstance(item, Unsendable)
    } == {
        "sent": "TypeError: it cannot be sent",
        "received": "TypeError: it cannot be received",
    }
    assert sorted(outcomes) == list(range(12))
    assert not any(o.error for o in outcomes.values())


def test_an_item_that_takes_memory_without_end_is_that_items_failure(compute: Compute) -> None:
    sizes = [1 << 20, MOST_MEMORY_BYTES + (1 << 30)]
    outcomes = {o.item: o for o in compute.map(allocated, sizes)}
    assert outcomes[sizes[0]].result == sizes[0]
    assert outcomes[sizes[1]].error.startswith("MemoryError")


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.binary()
# Names of files that are not UTF-8 have lone surrogates.
text = st.text(st.characters(codec=None))
hashable = plain | text | st.tuples(plain, text)
values = st.recursive(
    hashable,
    lambda inner: st.lists(inner) | st.dictionaries(hashable, inner) | st.frozensets(hashable),
    max_leaves=10,
)


@settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)
@given(items=st.lists(values, max_size=30))
def test_items_are_any_values_that_can_be_pickled(compute: Compute, items: list[object]) -> None:
    outcomes = list(compute.map(same, items))
    assert all(outcome.result == outcome.item for outcome in outcomes)
    for outcome in outcomes:
        items.remove(outcome.item)
    assert items == []


def test_items_are_taken_only_as_fast_as_they_are_worked_on(compute: Compute) -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    outcomes = compute.map(abs, items())
    next(outcomes)
    assert len(taken) < 20


@pytest.mark.parametrize("place", [0, MANY // 2])
def test_a_straggler_does_not_hold_up_the_others(
    compute: Compute, tmp_path: Path, place: int
) -> None:
    leave = tmp_path / "leave to end"
    items = [""] * MANY
    items[place] = str(leave)
    came = 0
    for outcome in compute.map(there, items):
        assert outcome.result, "it held up the others until it gave up"
        came += 1
        # In full run, a few of the others are in the same job of Spark, and wait for it.
        if came == MANY * 3 // 4:
            leave.touch()
    assert came == MANY


def test_work_that_nobody_waits_for_any_more_is_ended(compute: Compute) -> None:
    outcomes = compute.map(slept, [0.0, *[600.0] * 10])
    assert next(outcomes).result == 0.0
    del outcomes
    started = time.monotonic()
    assert [outcome.result for outcome in compute.map(abs, [-1])] == [1]
    assert time.monotonic() - started < 30


def test_two_may_use_it_at_once(compute: Compute) -> None:
    found: list[list[float | None]] = [[], []]

    def work(mine: list[float | None]) -> None:
        mine.extend(outcome.result for outcome in compute.map(slept, [0.01] * 20))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[0.01] * 20] * 2


def test_an_error_of_who_gives_the_items_is_theirs(compute: Compute) -> None:
    def items() -> Iterator[int]:
        yield -1
        raise LookupError("the store is away")

    with pytest.raises(LookupError, match="the store is away"):
        list(compute.map(abs, items()))


@pytest.mark.slow
def test_the_analysis_is_the_same_whoever_does_it(
    compute: Compute, store: Store, tmp_path: Path
) -> None:
    for number in range(8):
        tone = 0.4 * np.sin(2 * np.pi * (200 + 20 * number) * np.arange(11_025 * 2) / 22_050)
        soundfile.write(tmp_path / f"{number}.flac", tone * (number > 1), 22_050)
    scan.scan(store, LocalCompute(1), [tmp_path])
    # Two are silent and so one track.
    assert store.count(TRACKS) == 7
    seen: list[Progress | None] = []

    def stopped_after_three() -> bool:
        seen.append(store.get(PROGRESS, "analysis"))
        return len(seen) == 3

    assert analyse(store, compute, PLAN, stopped_after_three) == 3
    assert store.count(TRACKS, {"features": ""}) == 4
    assert store.get(PROGRESS, "analysis") is None
    assert {one.phase for one in seen if one} == {"listening to the music"}
    assert {one.total for one in seen if one} == {7}
    assert [one.done for one in seen if one] == sorted(one.done for one in seen if one)

    assert analyse(store, compute, PLAN, lambda: False) == 4
    assert store.group_count(TRACKS, "features") == {PLAN.name: 7}
    assert analyse(store, compute, PLAN, lambda: False) == 0


def test_closing_ends_what_runs_and_it_can_be_used_again(compute: Compute) -> None:
    list(compute.map(abs, [-1]))
    threading.Timer(0.5, compute.close).start()
    started = time.monotonic()
    assert list(compute.map(slept, [60.0, 60.0])) == []
    assert time.monotonic() - started < 20
    until(lambda: not worker_processes())
    assert [outcome.result for outcome in compute.map(abs, [-1])] == [1]


def test_closed_between_two_outcomes_it_ends_early(compute: Compute) -> None:
    outcomes = compute.map(abs, range(100))
    next(outcomes)
    compute.close()
    assert len(list(outcomes)) < 99


def worker_processes() -> list[psutil.Process]:
    """The processes below this one that work on items, here or in an executor."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.status() != psutil.STATUS_ZOMBIE and "spawn_main" in " ".join(process.cmdline())
    ]


def test_an_item_that_takes_too_long_is_given_up(compute: Compute) -> None:
    # One process cannot have two Spark sessions.
    compute.close()
    limited = type(compute)(*started_as(compute), time_limit_s=5.0)  # type: ignore[call-arg]
    outcomes = {outcome.item: outcome.error for outcome in limited.map(slept, [60.0, 0.0, 0.1])}
    limited.close()
    assert outcomes == {60.0: "it took more than 5 s and was given up", 0.0: "", 0.1: ""}


def started_as(compute: Compute) -> tuple[object, ...]:
    return (2,) if isinstance(compute, LocalCompute) else ("local[2]",)


def test_local_processes_go_when_there_is_nothing_to_do() -> None:
    local = LocalCompute(1, idle_s=0.2)
    (process_id,) = (outcome.result for outcome in local.map(process_of, [0]))
    assert process_id is not None
    assert [outcome.result for outcome in local.map(process_of, [0])] == [process_id]
    until(lambda: not psutil.pid_exists(process_id))


def test_a_local_process_that_dies_between_items_is_no_loss() -> None:
    local = LocalCompute(1)
    (first,) = (outcome.result for outcome in local.map(process_of, [0]))
    assert first is not None
    os.kill(first, signal.SIGKILL)
    (second,) = (outcome.result for outcome in local.map(process_of, [0]))
    local.close()
    assert second not in {first, None}


def test_local_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from antiphon.compute.local import LocalCompute\n"
        "from tests.contract.work import process_of, slept\n"
        "if __name__ == '__main__':\n"
        "    local = LocalCompute(1)\n"
        "    print([one.result for one in local.map(process_of, [0])][0], flush=True)\n"
        "    list(local.map(slept, [600.0]))\n"
    )
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    ) as parent:
        assert parent.stdout is not None
        process_id = int(parent.stdout.readline())
        time.sleep(0.5)
        parent.kill()
    until(lambda: not psutil.pid_exists(process_id))


def test_where_no_process_can_be_started_no_item_is_to_blame(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from antiphon.compute import ComputeError\n"
        "from antiphon.compute.local import LocalCompute\n"
        "try:\n"
        "    list(LocalCompute(1).map(abs, [1]))\n"
        "except ComputeError as error:\n"
        "    print(error)\n"
    )
    # Without a guard around it, its processes would run it too, and multiprocessing refuses.
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert run.stdout.splitlines()[-1].startswith("no worker process can be started")


@pytest.mark.parametrize(
    "url",
    [
        *("", "local", "spark:", "spark-local", "spark-local:0", "spark-local:x", "spark://"),
        *("spark://host", "spark://host:7077/path", "spark://host:7077,", "mongodb://host:1"),
    ],
)
def test_a_url_that_names_no_engine_is_refused_in_words(url: str) -> None:
    with pytest.raises(ComputeError, match=r"cannot be used: give local:, spark-local:"):
        open_compute(url, workers=1)


def test_a_missing_package_is_named_with_the_way_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("antiphon.compute.find_spec", lambda _name: None)
    with pytest.raises(ComputeError, match=r"needs pyspark.*pip install 'antiphon\[spark\]'"):
        open_compute("spark-local:", workers=1)
