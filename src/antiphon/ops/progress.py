"""How far long work is, kept where the page can read it."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from antiphon.model import Progress, now_ms
from antiphon.store import Store
from antiphon.store.schema import PROGRESS

# The work in the background.
SCAN, ANALYSIS = "scan", "analysis"
WRITE_EVERY_S = 0.5
# The phase of work that waits for an admin.
PAUSED = "paused"

# Called with how much is done, of how much (0: nobody knows).
OnProgress = Callable[[int, int], None]


@contextmanager
def noted(
    store: Store, id: str, phase: str, total: int = 0, also: OnProgress | None = None
) -> Iterator[OnProgress]:
    """Keep the progress of the work done inside; it is taken back at the end.

    What is given writes it down at most every WRITE_EVERY_S seconds, and tells `also` each time.
    """
    started_at = now_ms()
    written = float("-inf")

    def note(done: int, total: int) -> None:
        nonlocal written
        if also:
            also(done, total)
        if time.monotonic() - written < WRITE_EVERY_S:
            return
        written = time.monotonic()
        store.put(
            PROGRESS,
            Progress(
                id=id,
                phase=phase,
                done=done,
                total=total,
                started_at=started_at,
                changed_at=now_ms(),
            ),
        )

    note(0, total)
    try:
        yield note
    finally:
        forget(store, [id])


def forget(store: Store, ids: Iterable[str]) -> None:
    """Take back what was said of these pieces of work: nothing goes on."""
    store.delete_many(PROGRESS, ids)
