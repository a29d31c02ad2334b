"""Compute on Apache Spark: many small jobs in flight, each item in a local process of an executor.

A job is one task over a few items, as many as take some seconds: its outcomes are here as soon as
it is done, whatever the other jobs do. In the executor the items go through LocalCompute, so that
limits, isolation and words are those of one machine.
"""

import pickle
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy.sparse import csr_array

from antiphon.compute.als import AlsParameters, Factors, Matrix
from antiphon.compute.lent import Lent
from antiphon.compute.local import IDLE_S, TIME_LIMIT_S, LocalCompute
from antiphon.compute.port import ComputeError, Item, Outcome, Result
from antiphon.compute.processes import LOOK_UP_S, named
from antiphon.compute.spark_session import FAILURES, end, in_words, quieten, start

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# A job that is done sooner is followed by one of twice the items; a longer one, by one of half.
QUICK_S = 5.0
SLOW_S = 20.0
MOST_ITEMS = 64
MOST_JOBS = 256
# So long may a cluster leave jobs waiting while it works on none at all.
PATIENCE_S = 120.0

Outcomes = list[Outcome[Any, Any]]
Job = Future[Outcomes]


class SparkCompute:
    """Compute with a Spark cluster's executors, taken when there is work, kept for a while."""

    def __init__(
        self, master: str, time_limit_s: float = TIME_LIMIT_S, idle_s: float = IDLE_S
    ) -> None:
        self._master = master
        self._time_limit_s = time_limit_s
        self._spark = Lent(partial(start, master), end, idle_s)

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        work = partial(worked, function, self._time_limit_s)
        with self._session() as session:
            for job in self._done(session, work, iter(items)):
                yield from job.result()

    def train_als(
        self,
        matrix: csr_array,
        parameters: AlsParameters,
        progress: Callable[[int], None] | None = None,
        start: Matrix | None = None,
    ) -> Factors:
        from antiphon.compute.als_spark import train  # noqa: PLC0415 - loads numba

        with self._session() as session:
            return train(session, matrix, parameters, progress, start)
        raise ComputeError(f"Spark ({self._master}) was closed while it trained")

    def close(self) -> None:
        self._spark.close()

    @contextmanager
    def _session(self) -> Iterator["SparkSession"]:
        """Lend the session; end quietly if it is closed meanwhile, and give it up if it fails."""
        quieten()
        with self._spark.borrowed() as session:
            try:
                yield session
            except Exception as error:
                if not self._spark.holds(session):
                    return  # closed meanwhile, whatever it says
                if not isinstance(error, (*FAILURES, ComputeError)):
                    raise
                # Some of pyspark's errors can tell only while their Java machine lives.
                reason = in_words(error)
                self._spark.give_up(session)
                raise ComputeError(f"Spark ({self._master}): {reason}") from error

    def _done(
        self, session: "SparkSession", work: Callable[..., Any], waiting: Iterator[Any]
    ) -> Iterator[Job]:
        """Yield jobs that are done, while keeping the executors busy."""
        running: dict[Job, tuple[int, float]] = {}
        size, heard_at = 1, time.monotonic()
        with _submitting(session, work) as submit:
            while self._spark.holds(session):
                while len(running) < _wanted(session) and (chunk := list(islice(waiting, size))):
                    running[submit(chunk)] = len(chunk), time.monotonic()
                if not running:
                    return
                done, _ = wait(running, timeout=LOOK_UP_S, return_when=FIRST_COMPLETED)
                if done or time.monotonic() - heard_at > PATIENCE_S:
                    if not done:
                        _check_worked_on(session)
                    heard_at = time.monotonic()
                for job in done:
                    count, started_at = running.pop(job)
                    size = _next_size(count, heard_at - started_at)
                    yield job


def worked(
    function: Callable[[Item], Result], time_limit_s: float, frames: Iterable[pd.DataFrame]
) -> Iterator[pd.DataFrame]:
    """Apply the function to the pickled items of a partition; what an executor does."""
    items = (bytes(item) for frame in frames for item in frame["item"])
    for outcome in _processes(time_limit_s).map(partial(_applied, function), items):
        yield pd.DataFrame({"outcome": [pickle.dumps(outcome)]})


def _applied(function: Callable[[Item], Result], item: bytes) -> Result:
    """Unpickle only where a failure is that of the item."""
    return function(pickle.loads(item))  # noqa: S301 - by `_planned`


@cache
def _processes(time_limit_s: float) -> LocalCompute:
    """Return what each Python worker of an executor keeps between its tasks."""
    return LocalCompute(1, time_limit_s)


def _pickled(chunk: list[Any]) -> tuple[list[tuple[bytes, Any]], Outcomes]:
    """Return each item with what is sent of it, and the outcomes of those that cannot be sent."""
    pickled: list[tuple[bytes, Any]] = []
    refused: Outcomes = []
    for item in chunk:
        try:
            pickled.append((pickle.dumps(item), item))
        except Exception as error:  # noqa: BLE001 - what cannot be pickled raises what it likes
            refused.append(Outcome(item, error=named(error)))
    return pickled, refused


def _planned(
    session: "SparkSession", work: Callable[..., Any], pickled: list[bytes]
) -> "DataFrame":
    """Return a frame that holds the outcomes of these items once it is computed."""
    items = session.createDataFrame(pd.DataFrame({"item": pickled}), "item binary")
    return items.mapInPandas(work, "outcome binary")


@contextmanager
def _submitting(
    session: "SparkSession", work: Callable[..., Any]
) -> Iterator[Callable[[list[Any]], Job]]:
    """Yield what has items worked on in a thread; at the end, what still runs is cancelled."""
    context, group = session.sparkContext, f"antiphon-{uuid.uuid4()}"
    threads = ThreadPoolExecutor(MOST_JOBS, thread_name_prefix="spark-job")

    def collected(frame: "DataFrame", sent: dict[bytes, Any]) -> Outcomes:
        context.setJobGroup(group, "antiphon", interruptOnCancel=True)
        done = [pickle.loads(row.outcome) for row in frame.collect()]  # noqa: S301 - by `worked`
        return [replace(outcome, item=sent[outcome.item]) for outcome in done]

    def submitted(chunk: list[Any]) -> Job:
        sent, refused = _pickled(chunk)
        frame = _planned(session, work, [pickled for pickled, _ in sent])
        return threads.submit(lambda: refused + collected(frame, dict(sent)))

    try:
        yield submitted
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        with suppress(*FAILURES, AttributeError):
            # Jobs may be on their way to the scheduler; pyspark itself cancels only those there.
            context._jsc.sc().cancelJobGroupAndFutureJobs(group)  # noqa: SLF001


def _wanted(session: "SparkSession") -> int:
    """Return how many jobs are to be in flight: executors come and go."""
    return min(MOST_JOBS, 2 * session.sparkContext.defaultParallelism)


def _next_size(size: int, took_s: float) -> int:
    if took_s < QUICK_S:
        return min(MOST_ITEMS, 2 * size)
    return max(1, size // 2) if took_s > SLOW_S else size


def _check_worked_on(session: "SparkSession") -> None:
    tracker = session.sparkContext.statusTracker()
    stages = [tracker.getStageInfo(id) for id in tracker.getActiveStageIds()]
    if not any(stage and stage.numActiveTasks for stage in stages):
        raise ComputeError("no executor takes the work; has the cluster a core to spare?")
