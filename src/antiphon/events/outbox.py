"""Events on their way to a log elsewhere: safe in the store first, sent by a thread after that.

So an append costs what the store costs, joins the store's transactions, and loses nothing while
the log is away or when the appender dies. One process at a time, which holds a lease, sends what
all of them have appended, in the order of the ids: so the events of a key keep their order also
after an outage, as far as the machines' clocks agree. What was sent may be sent again; see
`docs/decisions/outbox.md`.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import uuid_utils

from antiphon.events.lease import LeaseHolder
from antiphon.events.trouble import Trouble
from antiphon.model import OutboxEntry
from antiphon.store import Store, StoreError
from antiphon.store.schema import OUTBOX

# What is read, sent and removed at once; this bounds the memory while the log is away.
ENTRIES_AT_ONCE = 100
VALUES_TOGETHER = 200
BYTES_TOGETHER = 1_000_000
# Another process's append is found within this, or later where a look takes long.
LOOK_EVERY_S = 0.005
REST = 10
ASK_FOR_LEASE_EVERY_S = 1.0
TRY_AGAIN_AFTER_S = 1.0
CLOSED_WITHIN_S = 5.0
_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What became of entries, by id; what is neither here nor there was not settled."""

    arrived: Collection[str] = ()
    # With the reason.
    refused: Mapping[str, str] = MappingProxyType({})


# Sends entries in their order while it may go on.
Send = Callable[[Sequence[OutboxEntry], Callable[[], bool]], Outcome]


class _Rest(NamedTuple):
    """So many seconds, unless that happens before: who cannot send is not woken by an append."""

    seconds: float
    until: threading.Event


class Outbox:
    """What is to be sent, and the thread that sends it while this process is the one to do so."""

    def __init__(self, store: Store, send: Send) -> None:
        self._store = store
        self._send = send
        self._lease = LeaseHolder(store, "outbox")
        self._trouble = Trouble(_log, "the store")
        self._appended = threading.Event()
        self._closing = threading.Event()
        # What was refused keeps nothing back that is behind it, and is tried again later.
        self._behind: tuple[str] | None = None
        self._back_at = 0.0
        self._reasons: set[str] = set()
        self._give_up_at = float("inf")
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, topic: str, key: str, values: Sequence[bytes | None]) -> None:
        """Keep events until they are sent."""
        self._store.put_many(OUTBOX, list(entries_of(topic, key, values)))
        self._appended.set()
        self.start()

    def drop(self, key: str) -> None:
        """Remove what was not sent yet of a key."""
        entries = self._store.find(OUTBOX, {"key": key})
        self._store.delete_many(OUTBOX, [entry.id for entry in entries])

    def start(self) -> None:
        """Be ready to send, also what others have left behind."""
        with self._starting:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Send what there is, within CLOSED_WITHIN_S; the rest is left to others, or to later."""
        self._give_up_at = time.monotonic() + CLOSED_WITHIN_S
        self._closing.set()
        self._appended.set()
        if self._thread is not None:
            self._thread.join(2 * CLOSED_WITHIN_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            rest = self._round()
            rest.until.wait(rest.seconds)
            self._appended.clear()
        while time.monotonic() < self._give_up_at and not self._round().seconds:
            pass
        try:
            self._lease.let_go()
        except StoreError as error:
            _log.warning("others will send what is in the outbox a little later: %s", error)

    def _round(self) -> _Rest:
        """Send some of what there is; return how to rest: not at all if there may be more."""
        started = time.monotonic()
        try:
            if not self._lease.take():
                return _Rest(ASK_FOR_LEASE_EVERY_S, self._closing)
            found, settled = self._send_some()
            self._trouble.over()
        except StoreError as error:
            return _Rest(self._trouble.met(error), self._closing)
        except Exception:  # noqa: BLE001 - see below
            # Ended, this thread would leave everything unsent.
            _log.exception("what is in the outbox could not be sent; trying again")
            return _Rest(TRY_AGAIN_AFTER_S, self._closing)
        if found:
            return _Rest(0.0 if settled else TRY_AGAIN_AFTER_S, self._closing)
        looked_s = time.monotonic() - started
        return _Rest(max(LOOK_EVERY_S, REST * looked_s), self._appended)

    def _send_some(self) -> tuple[int, int]:
        """Return how many entries were found, and what became of how many of them is known."""
        if time.monotonic() > self._back_at:
            self._behind = None
        entries = self._store.find(OUTBOX, limit=ENTRIES_AT_ONCE, after=self._behind)
        if not entries:
            return 0, 0
        arrived, refused = self._send(entries, self._may_go_on)
        if arrived:
            self._store.delete_many(OUTBOX, arrived)
        if refused:
            self._pass_over(entries, refused)
        return len(entries), len(arrived) + len(refused)

    def _pass_over(self, entries: Sequence[OutboxEntry], refused: Mapping[str, str]) -> None:
        """Go on behind these entries; come back when there is time, as the refusal may be over."""
        self._behind = (entries[-1].id,)
        self._back_at = time.monotonic() + TRY_AGAIN_AFTER_S
        for reason in set(refused.values()) - self._reasons:
            _log.warning("events are refused, and tried again every now and then: %s", reason)
        self._reasons.update(refused.values())

    def _may_go_on(self) -> bool:
        """Keep the lease while something takes long; say whether it is kept."""
        if time.monotonic() > self._give_up_at:
            return False
        try:
            return self._lease.take()
        except StoreError:
            return self._lease.held


class _Ids:
    """The ids of this process, each greater than the one before, whatever the clock does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = uuid_utils.UUID(int=0)

    def next(self) -> str:
        with self._lock:
            now = uuid_utils.uuid7()
            self._last = now if now > self._last else uuid_utils.UUID(int=self._last.int + 1)
            return str(self._last)


_ids = _Ids()


def entries_of(topic: str, key: str, values: Sequence[bytes | None]) -> Iterator[OutboxEntry]:
    """Return events as they are kept until they are sent, in their order."""
    for some in _together(values):
        yield OutboxEntry(id=_ids.next(), topic=topic, key=key, values=some)


def _together(values: Sequence[bytes | None]) -> Iterator[tuple[bytes | None, ...]]:
    """Cut values into parts that are small enough for one document of the store."""
    some: list[bytes | None] = []
    size = 0
    for value in values:
        size += len(value or b"")
        if some and (size > BYTES_TOGETHER or len(some) == VALUES_TOGETHER):
            yield tuple(some)
            some, size = [], len(value or b"")
        some.append(value)
    if some:
        yield tuple(some)
