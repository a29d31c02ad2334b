"""A bounded time for what may be slow: who waits for an answer does not wait for slow models.

To hand work to another thread, and to look up when its time is over, costs more than the work where
the processors are busy. So models that were quick the last time are asked on the spot, and if they
turn out slow, that one time is waited for; from then on, as at the beginning, they are asked by
another thread, until they are quick again.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# What hangs holds one of these for as long; what waits for one in vain is given up.
_THREADS = 8
_threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="answer")
_quick = threading.Event()
_log = logging.getLogger(__name__)


class OverBudgetError(Exception):
    """It was not done in the time that there was."""


class Budget:
    """So many milliseconds from now on, for several steps together; 0: as long as it takes."""

    def __init__(self, ms: int) -> None:
        self._ms = ms
        self._end = time.monotonic() + ms / 1000

    @property
    def is_spent(self) -> bool:
        """Whether the time is up."""
        return bool(self._ms) and time.monotonic() >= self._end

    def within(self, work: Callable[[], T]) -> T:
        """Do `work`, which uses no store, in the time that is left; return what it does.

        Raises:
            OverBudgetError: the time is up; the work ends by itself, and nobody looks at it.
        """
        if not self._ms:
            return work()
        if not _quick.is_set():
            return self._by_another_thread(work)
        try:
            return work()
        finally:
            if self.is_spent:
                _quick.clear()

    def tried(self, work: Callable[[], T], what: str) -> T | None:
        """Do `work` likewise; return None where it is not done in time, or fails, and say so."""
        try:
            return self.within(work)
        except Exception as error:  # noqa: BLE001 - whatever a model does, the music goes on
            _log.warning("%s without models: %s: %s", what, type(error).__name__, error)
            return None

    def _by_another_thread(self, work: Callable[[], T]) -> T:
        future = _threads.submit(work)
        try:
            found = future.result(max(self._end - time.monotonic(), 0.0))
        except TimeoutError as error:
            future.cancel()
            raise OverBudgetError(f"not done within {self._ms} ms") from error
        _quick.set()
        return found


UNBOUNDED = Budget(0)
