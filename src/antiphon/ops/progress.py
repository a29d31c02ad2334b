"""How far long work is, kept where the page can read it."""

import time
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from antiphon.model import Progress, now_ms
from antiphon.store import Store
from antiphon.store.schema import PROGRESS

WRITE_EVERY_S = 0.5


class ProgressNote:
    """The progress of one piece of work, written down at most every WRITE_EVERY_S seconds.

    As a context it says `idle` at the end, whichever way that came.
    """

    def __init__(self, store: Store, id: str, phase: str) -> None:
        self._store = store
        self._progress = Progress(id=id, phase=phase, started_at=now_ms())
        self._written_at = float("-inf")

    def __enter__(self) -> Self:
        self.show(0, 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._write(phase="idle")

    def show(self, done: int, total: int) -> None:
        """Note how much is done, of how much (0: not known)."""
        self._progress = _changed(self._progress, done=done, total=total)
        if time.monotonic() - self._written_at >= WRITE_EVERY_S:
            self._write()

    def _write(self, **changes: object) -> None:
        self._progress = _changed(self._progress, **changes)
        self._store.put(PROGRESS, self._progress)
        self._written_at = time.monotonic()


def _changed(progress: Progress, **changes: object) -> Progress:
    return replace(progress, changed_at=now_ms(), **changes)
