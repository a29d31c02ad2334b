"""An engine that is costly to start: started at the first need, ended when it is long idle."""

import atexit
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Engine = TypeVar("Engine")


class Lent(Generic[Engine]):
    """An engine that whoever has work may borrow, several at once."""

    def __init__(
        self, start: Callable[[], Engine], end: Callable[[Engine], None], idle_s: float
    ) -> None:
        self._start = start
        self._end = end
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._borrowers = 0
        self._farewell: threading.Timer | None = None
        atexit.register(self.close)

    @contextmanager
    def borrowed(self) -> Iterator[Engine]:
        """Lend the engine, which stays for `idle_s` seconds after the last of its borrowers."""
        with self._lock:
            self._stay()
            if self._engine is None:
                self._engine = self._start()
            engine = self._engine
            self._borrowers += 1
        try:
            yield engine
        finally:
            with self._lock:
                self._borrowers -= 1
                if not self._borrowers and self._engine is engine:
                    self._leave_later()

    def holds(self, engine: Engine) -> bool:
        """Say whether this is still the engine, and not ended behind its borrower's back."""
        return self._engine is engine

    def close(self) -> None:
        """End the engine, whoever works with it; the next borrower starts another one."""
        with self._lock:
            self._stay()
            self._let_go()

    def give_up(self, engine: Engine) -> None:
        """End this engine, which is broken, unless somebody else has done so."""
        with self._lock:
            if self._engine is engine:
                self._stay()
                self._let_go()

    def _stay(self) -> None:
        if self._farewell is not None:
            self._farewell.cancel()

    def _leave_later(self) -> None:
        self._farewell = threading.Timer(self._idle_s, self._leave)
        self._farewell.daemon = True
        self._farewell.start()

    def _leave(self) -> None:
        with self._lock:
            # Somebody may have come while the timer waited for the lock.
            if not self._borrowers:
                self._let_go()

    def _let_go(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            self._end(engine)
