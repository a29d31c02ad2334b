"""Processes that work on one item at a time, each at the end of a pipe of its own.

Nothing is shared between them, so that whatever an item does to its process is done to no other.
"""

import contextlib
import multiprocessing
import os
import pickle
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from typing import Any

from antiphon.compute.port import ComputeError, Item, Outcome, Result

LOOK_UP_S = 0.2
START_WITHIN_S = 60.0
END_WITHIN_S = 5.0
TRIES = 3
# What one process may allocate, so that a file cannot take the machine's memory.
MOST_MEMORY_BYTES = 4 << 30
_NICENESS = 10
# Each process computes with one thread; more would only fight over the cores.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_SPAWN = multiprocessing.get_context("spawn")
# Whenever multiprocessing starts a child it also asks after all the others, from any thread.
_BIRTHS_AND_DEATHS = threading.Lock()


def named(error: Exception) -> str:
    """Return what went wrong with an item as it stands in an outcome: the kind, and the words."""
    return f"{type(error).__name__}: {error}"


class Processes:
    """At most `count` processes; items wait for a free one in the order of their submission."""

    def __init__(self, count: int) -> None:
        os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
        # Each thread has a process and does nothing but wait for it.
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="compute")
        self._of_thread = threading.local()
        self._alive: set[_Process] = set()
        self._closed = threading.Event()

    def submit(
        self,
        function: Callable[[Item], Result],
        item: Item,
        time_limit_s: float,
        abandoned: threading.Event,
    ) -> Future[Outcome[Item, Result]]:
        """Have an item worked on, until it is `abandoned`.

        The future raises ComputeError where no process can be started; that of an item that comes
        when they are closed is never done.
        """
        with contextlib.suppress(RuntimeError):
            return self._threads.submit(self._outcome, function, item, time_limit_s, abandoned)
        return Future()

    def close(self) -> None:
        """End every process, whatever it does."""
        self._closed.set()
        self._threads.shutdown(cancel_futures=True)
        for process in tuple(self._alive):
            process.end()

    def _outcome(
        self,
        function: Callable[[Item], Result],
        item: Item,
        time_limit_s: float,
        abandoned: threading.Event,
    ) -> Outcome[Item, Result]:
        try:
            task = pickle.dumps((function, item))
        except Exception as error:  # noqa: BLE001 - what cannot be pickled raises what it likes
            return Outcome(item, error=named(error))
        process = self._given(task)
        try:
            if not self._has_answered(process, time_limit_s, abandoned):
                self._end(process)
                late = f"it took more than {time_limit_s:.0f} s and was given up"
                return Outcome(item, error=late)
            result, trouble = pickle.loads(process.pipe.recv_bytes())  # noqa: S301 - by `_answer`
        except (EOFError, ConnectionError):
            code = self._end(process, END_WITHIN_S)
            return Outcome(item, error=f"the process that worked on it died (exit {code})")
        return Outcome(item, result, trouble)

    def _has_answered(
        self, process: "_Process", time_limit_s: float, abandoned: threading.Event
    ) -> bool:
        """Wait for an answer, until it is too late or nobody wants it any more."""
        late_at = time.monotonic() + time_limit_s
        while not process.pipe.poll(max(0.0, min(LOOK_UP_S, late_at - time.monotonic()))):
            if abandoned.is_set() or self._closed.is_set() or time.monotonic() >= late_at:
                return False
        return True

    def _given(self, task: bytes) -> "_Process":
        """Give a task to this thread's process; if that has died meanwhile, to another one."""
        for _ in range(TRIES):
            process: _Process | None = getattr(self._of_thread, "process", None)
            if process not in self._alive:
                process = self._of_thread.process = _Process()
                self._alive.add(process)
            try:
                process.pipe.send_bytes(task)
                process.pipe.recv_bytes()
            except (EOFError, ConnectionError):
                self._end(process)
            else:
                return process
        raise ComputeError("worker processes are killed as soon as they are started")

    def _end(self, process: "_Process", within_s: float = 0.0) -> int | None:
        self._alive.discard(process)
        return process.end(within_s)


class _Process:
    """A process that is ready to work.

    Raises:
        ComputeError: it did not get so far.
    """

    def __init__(self) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        try:
            with _BIRTHS_AND_DEATHS:
                self._process.start()
            theirs.close()
            ready = self.pipe.poll(START_WITHIN_S) and self.pipe.recv_bytes()
        except (OSError, EOFError) as error:
            raise ComputeError(f"no worker process can be started: {self._fate()}") from error
        if not ready:
            raise ComputeError(f"no worker process can be started: {self._fate()}")

    def end(self, within_s: float = 0.0) -> int | None:
        """Return its exit code; if it still lives after so many seconds, kill it."""
        self.pipe.close()
        with _BIRTHS_AND_DEATHS:
            self._process.join(within_s)
            self._process.kill()
            self._process.join()
        return self._process.exitcode

    def _fate(self) -> str:
        if self._process.pid is None:
            return "the system has none left"
        return f"it ended with exit code {self.end(END_WITHIN_S)}"


def _serve(pipe: Connection) -> None:
    """Work on what comes through the pipe until its other end is closed; what a process does."""
    _settle()
    with contextlib.suppress(EOFError, ConnectionError):
        pipe.send_bytes(b"ready")
        while True:
            task = pipe.recv_bytes()
            pipe.send_bytes(b"taken")
            pipe.send_bytes(_answer(task))


def _answer(task: bytes) -> bytes:
    try:
        function, item = pickle.loads(task)  # noqa: S301 - by the process that started this one
        return pickle.dumps((function(item), ""))
    except Exception as error:  # noqa: BLE001 - whatever a file provokes is that item's outcome
        return pickle.dumps((None, named(error)))


def _settle() -> None:
    """Give way to others, keep within bounds, and end with the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most == resource.RLIM_INFINITY or most > MOST_MEMORY_BYTES:
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY_BYTES, most))
    threading.Thread(
        target=_end_with, args=(multiprocessing.parent_process(),), daemon=True
    ).start()


def _end_with(parent: Any) -> None:
    wait([parent.sentinel])
    os._exit(1)
