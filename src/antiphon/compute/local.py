"""Compute on this machine: a few processes of low priority, each item in one of them."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as TimeLimitError
from itertools import islice

import pebble

from antiphon.compute.port import Item, Outcome, Result

TIME_LIMIT_S = 600.0
_NICENESS = 10
# Each process computes with one thread; more would only fight over the cores.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class LocalCompute:
    """Compute with local processes, started when there is work and ended after it."""

    def __init__(self, workers: int, time_limit_s: float = TIME_LIMIT_S) -> None:
        self._workers = workers
        self._time_limit_s = time_limit_s

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        waiting = iter(items)
        os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
        with pebble.ProcessPool(
            max_workers=self._workers,
            context=multiprocessing.get_context("spawn"),
            initializer=os.nice,
            initargs=[_NICENESS],
        ) as pool:
            running: dict[Future[Result], Item] = {}
            try:
                while True:
                    for item in islice(waiting, 2 * self._workers - len(running)):
                        task = pool.schedule(function, args=[item], timeout=self._time_limit_s)
                        running[task] = item
                    if not running:
                        return
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield _outcome(running.pop(future), future)
            finally:
                if running:
                    pool.stop()  # type: ignore[no-untyped-call]


def _outcome(item: Item, future: Future[Result]) -> Outcome[Item, Result]:
    try:
        return Outcome(item, future.result())
    except TimeLimitError as error:
        return Outcome(item, error=f"it took more than {error.args[-1]:.0f} s and was given up")
    except pebble.ProcessExpired as error:
        return Outcome(item, error=f"the process that worked on it died (exit {error.exitcode})")
    except Exception as error:  # noqa: BLE001 - whatever a file provokes is that item's outcome
        return Outcome(item, error=f"{type(error).__name__}: {error}")
