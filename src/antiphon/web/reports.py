"""The report on everybody: it reads all that was heard, so it is made at most every few minutes."""

import threading
import time

from antiphon.model import now_ms
from antiphon.ops.report import Report, report
from antiphon.store import Store

KEPT_S = 300.0
_DAY_MS = 86_400_000


def since(days: int) -> int:
    """Return when the last `days` began, in milliseconds since 1970."""
    return now_ms() - days * _DAY_MS


class Reports:
    """The reports on everybody; shared by the threads of a process, of which one makes it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._making = threading.Lock()
        # Days -> the report, and when it was made.
        self._kept: dict[int, tuple[Report, float]] = {}

    def overall(self, days: int) -> Report:
        """Return the report on the last `days`, at most KEPT_S seconds old."""
        with self._making:
            made, at = self._kept.get(days, (None, 0.0))
            if made is None or time.monotonic() - at >= KEPT_S:
                made = report(self._store, None, since(days))
                self._kept[days] = made, time.monotonic()
            return made
