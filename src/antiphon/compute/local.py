"""Compute on this machine: a few processes of low priority, each item in one of them."""

import atexit
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as TimeLimitError
from contextlib import contextmanager
from itertools import islice

import pebble

from antiphon.compute.port import Item, Outcome, Result

TIME_LIMIT_S = 600.0
# The processes stay for so long after the last item: loading what they need takes seconds.
IDLE_S = 60.0
LOOK_UP_S = 0.2
_NICENESS = 10
# Each process computes with one thread; more would only fight over the cores.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class LocalCompute:
    """Compute with local processes, started when there is work, kept while there may be more."""

    def __init__(
        self, workers: int, time_limit_s: float = TIME_LIMIT_S, idle_s: float = IDLE_S
    ) -> None:
        self._workers = workers
        self._time_limit_s = time_limit_s
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._pool: pebble.ProcessPool | None = None
        self._users = 0
        self._farewell: threading.Timer | None = None

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        waiting = iter(items)
        running: dict[Future[Result], Item] = {}
        with self._borrowed() as pool:
            try:
                while True:
                    for item in islice(waiting, 2 * self._workers - len(running)):
                        task = pool.schedule(function, args=[item], timeout=self._time_limit_s)
                        running[task] = item
                    if not running:
                        return
                    # A pool that is stopped leaves its tasks undone for ever: look up now and then.
                    done, _ = wait(running, timeout=LOOK_UP_S, return_when=FIRST_COMPLETED)
                    if pool is not self._pool:
                        return
                    for future in done:
                        yield _outcome(running.pop(future), future)
            finally:
                for future in running:
                    future.cancel()

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
            if self._farewell is not None:
                self._farewell.cancel()
        if pool is not None:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    @contextmanager
    def _borrowed(self) -> Iterator[pebble.ProcessPool]:
        with self._lock:
            self._users += 1
            if self._farewell is not None:
                self._farewell.cancel()
            if self._pool is None:
                self._pool = self._started()
            pool = self._pool
        try:
            yield pool
        finally:
            with self._lock:
                self._users -= 1
                if not self._users and self._pool is pool:
                    self._farewell = threading.Timer(self._idle_s, self._close_if_idle)
                    self._farewell.daemon = True
                    self._farewell.start()

    def _started(self) -> pebble.ProcessPool:
        os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
        atexit.register(self.close)
        return pebble.ProcessPool(
            max_workers=self._workers,
            context=multiprocessing.get_context("spawn"),
            initializer=os.nice,
            initargs=[_NICENESS],
        )

    def _close_if_idle(self) -> None:
        with self._lock:
            idle = not self._users
        if idle:
            self.close()


def _outcome(item: Item, future: Future[Result]) -> Outcome[Item, Result]:
    try:
        return Outcome(item, future.result())
    except TimeLimitError as error:
        return Outcome(item, error=f"it took more than {error.args[-1]:.0f} s and was given up")
    except pebble.ProcessExpired as error:
        return Outcome(item, error=f"the process that worked on it died (exit {error.exitcode})")
    except Exception as error:  # noqa: BLE001 - whatever a file provokes is that item's outcome
        return Outcome(item, error=f"{type(error).__name__}: {error}")
