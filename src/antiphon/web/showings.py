"""What was shown: every answer that is sent is kept, so that what comes of it can be counted."""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from antiphon.model import Answer, Showing, now_ms
from antiphon.ops import metrics
from antiphon.store import Range, Store, StoreError
from antiphon.store.schema import SHOWINGS

# An answer, and the ids of those of its tracks that are sent.
Sent = tuple[Answer, Collection[str]]
# Of so many answers this process remembers what of them it has kept; so many wait to be kept.
REMEMBERED = 2_000
WAITING = 1_000
# What came of an answer is known after so long; older ones go, so many at once.
KEPT_DAYS = 90
TRIMMED_AT_ONCE = 1_000
TRIM_EVERY_S = 3600.0
DAY_MS = 86_400_000
_log = logging.getLogger(__name__)


class Showings:
    """Keeps what is shown, once; shared by the threads of a process.

    One more thread writes for them, so that no answer waits for the store: what comes together is
    written together, mostly within milliseconds. A store that cannot keep it just then costs the
    record, not the answer.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writer = ThreadPoolExecutor(1, "showings")
        self._waiting: deque[Sent] = deque()
        # Version -> the tracks that are kept as shown; only the writer changes it.
        self._kept: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._trim_at = time.monotonic()

    def show(self, *sent: Sent) -> None:
        """Keep what is sent of each answer, in the answer's order.

        What is sent later of the same answer is added behind.
        """
        news = [(answer, ids) for answer, ids in sent if self._is_news(answer, ids)]
        if len(self._waiting) + len(news) > WAITING:
            _log.warning("What was shown is not kept: the store is too slow.")
        elif news:
            self._waiting.extend(news)
            self._writer.submit(self._write)

    def flush(self) -> None:
        """Return when all that was shown until now is kept."""
        self._writer.submit(self._write).result()

    def close(self) -> None:
        """Keep what waits, and end the writer."""
        self._writer.shutdown()

    def _is_news(self, answer: Answer, ids: Collection[str]) -> bool:
        return not self._kept.get(answer.version, frozenset()).issuperset(ids)

    def _write(self) -> None:
        news = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not news:
            return
        try:
            for showing in self._store.transact(lambda: self._keep(news)):
                self._remember(showing)
                metrics.SHOWINGS.labels(surface=showing.surface).inc()
            self._trim()
        except StoreError as error:
            _log.warning("What was shown could not be kept: %s", error)

    def _keep(self, news: Iterable[Sent]) -> Collection[Showing]:
        showings = self._store.get_many(SHOWINGS, {answer.version for answer, _ in news})
        for answer, ids in news:
            known = showings.get(answer.version) or _of(answer)
            showings[answer.version] = _with(known, answer, ids)
        self._store.put_many(SHOWINGS, showings.values())
        return showings.values()

    def _trim(self) -> None:
        if time.monotonic() < self._trim_at:
            return
        old = {"at": Range(lt=now_ms() - KEPT_DAYS * DAY_MS)}
        found = self._store.find(SHOWINGS, old, ("at",), limit=TRIMMED_AT_ONCE)
        self._store.delete_many(SHOWINGS, [showing.id for showing in found])
        if len(found) < TRIMMED_AT_ONCE:
            self._trim_at = time.monotonic() + TRIM_EVERY_S

    def _remember(self, showing: Showing) -> None:
        self._kept[showing.id] = frozenset(item.track_id for item in showing.items)
        self._kept.move_to_end(showing.id)
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)


def _of(answer: Answer) -> Showing:
    return Showing(
        id=answer.version,
        user_id=answer.user_id,
        surface=answer.surface,
        model=answer.model,
        at=answer.made_at,
        pool=answer.pool,
    )


def _with(showing: Showing, answer: Answer, ids: Collection[str]) -> Showing:
    """Add what is sent, without the words: those say nothing that could be counted."""
    new = set(ids) - {item.track_id for item in showing.items}
    items = (replace(item, reasons=()) for item in answer.items if item.track_id in new)
    return replace(showing, items=(*showing.items, *items))
