"""How far long work is, kept where the page can read it."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from antiphon.model import Progress, now_ms
from antiphon.store import Store
from antiphon.store.schema import PROGRESS

WRITE_EVERY_S = 0.5


@contextmanager
def noted(store: Store, id: str, phase: str) -> Iterator[Callable[[int, int], None]]:
    """Keep the progress of the work done inside; it is taken back at the end.

    What is given is to be called with how much is done, of how much (0: nobody knows); it writes
    that down at most every WRITE_EVERY_S seconds.
    """
    started_at = now_ms()
    written = float("-inf")

    def note(done: int, total: int) -> None:
        nonlocal written
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

    note(0, 0)
    try:
        yield note
    finally:
        forget(store, [id])


def forget(store: Store, ids: Iterable[str]) -> None:
    """Take back what was said of these pieces of work: nothing goes on."""
    store.delete_many(PROGRESS, ids)
