"""The EventLog inside the Store: an append-only collection, read by polling.

Offsets come from one counter for each topic, advanced in the transaction that appends. A topic
that is compacted keeps its newest entry for each key, as the entry's id is the key; the others
are trimmed as they grow. There is one partition: a second consumer of a group would see the same
events again, and one is enough.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile

from antiphon.events.port import Consumer, Entry, refuse_too_large
from antiphon.events.records import COMPACTED, RETENTION_DAYS
from antiphon.model import LogEntry, LogOffset, now_ms
from antiphon.store import Range, Store
from antiphon.store.schema import LOG_ENTRIES, LOG_OFFSETS

BATCH_SIZE = 500
# A consumer looks this often, or less where a look takes long: it is not to wear the machine out.
LOOK_EVERY_S = 0.003
REST = 10
# Where something happened so lately, more is likely to, and is looked for so often.
LIVELY_S = 2.0
LOOK_LIVELY_S = 0.001
TRIM_EVERY_S = 10.0
TRIMMED_AT_ONCE = 1000
DAY_MS = 86_400_000


class LocalEventLog:
    """An EventLog for the processes of one machine, kept in their common Store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._trim_at: dict[str, float] = {}

    def append(self, topic: str, key: str, values: Sequence[bytes]) -> None:
        refuse_too_large(values)
        if time.monotonic() >= self._trim_at.get(topic, 0.0):
            self._trim_at[topic] = time.monotonic() + TRIM_EVERY_S
            trim(self._store, topic)
        at = now_ms()

        def add() -> None:
            end = _offset(self._store, topic)
            entries = [
                LogEntry(
                    id=_entry_id(topic, key, offset),
                    topic=topic,
                    offset=offset,
                    key=key,
                    value=value,
                    at=at,
                )
                for offset, value in enumerate(values, start=end + 1)
            ]
            self._store.put_many(LOG_ENTRIES, entries)
            self._store.put(LOG_OFFSETS, LogOffset(id=topic, offset=end + len(entries)))

        self._store.transact(add)

    @contextmanager
    def consumer(self, topic: str, group: str | None) -> Iterator[Consumer]:
        yield LocalConsumer(self._store, topic, group)

    def forget(self, key: str) -> None:
        def remove() -> None:
            entries = self._store.find(LOG_ENTRIES, {"key": key})
            self._store.delete_many(LOG_ENTRIES, [entry.id for entry in entries])

        self._store.transact(remove)

    def close(self) -> None:
        """Nothing to let go of: the store is its owner's."""


class LocalConsumer:
    """A reader of one topic: all of it, as there is one partition."""

    def __init__(self, store: Store, topic: str, group: str | None) -> None:
        self._store = store
        self._topic = topic
        self._id = group_id(topic, group or "")
        self._offset = _offset(store, topic if group is None else self._id)
        self._lively_until = 0.0

    def poll(self, wait_s: float) -> list[Entry]:
        give_up_at = time.monotonic() + wait_s
        while True:
            started = time.monotonic()
            if batch := self._read():
                self._offset = batch[-1].offset
                self._lively_until = started + LIVELY_S
                return batch
            now = time.monotonic()
            often = LOOK_LIVELY_S if now < self._lively_until else LOOK_EVERY_S
            rest_s = min(max(often, REST * (now - started)), give_up_at - now)
            if rest_s <= 0:
                return []
            time.sleep(rest_s)

    def commit(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._store.put(LOG_OFFSETS, LogOffset(id=self._id, offset=entries[-1].offset))

    def behind(self) -> int:
        return max(0, _offset(self._store, self._topic) - self._offset)

    def seek(self, partition: int, offset: int) -> None:  # noqa: ARG002 - there is one partition
        self._offset = offset - 1

    def _read(self) -> list[Entry]:
        # The counter costs a small part of what the search for entries does.
        if _offset(self._store, self._topic) <= self._offset:
            return []
        found = self._store.find(
            LOG_ENTRIES,
            {"topic": self._topic, "offset": Range(gt=self._offset)},
            ("topic", "offset"),
            limit=BATCH_SIZE,
        )
        return [Entry(one.topic, 0, one.offset, one.key, one.value) for one in found]


def trim(store: Store, topic: str) -> int:
    """Remove the oldest events of a topic that are past its retention; return how many.

    What a group that has ever committed anything is not done with stays, and so does what is
    behind the first TRIMMED_AT_ONCE of them, until the next time.
    """
    days = RETENTION_DAYS.get(topic)
    if days is None:
        return 0
    since = now_ms() - days * DAY_MS
    oldest = store.find(
        LOG_ENTRIES,
        {"topic": topic, "offset": Range(lte=_done_by_all(store, topic))},
        ("topic", "offset"),
        limit=TRIMMED_AT_ONCE,
    )
    past = takewhile(lambda entry: entry.at < since, oldest)
    return store.delete_many(LOG_ENTRIES, [entry.id for entry in past])


def _done_by_all(store: Store, topic: str) -> int:
    """Return the offset up to which every known group has committed."""
    groups = group_id(topic, "")
    return min(
        (kept.offset for kept in store.find(LOG_OFFSETS) if kept.id.startswith(groups)),
        default=_offset(store, topic),
    )


def _offset(store: Store, id: str) -> int:
    kept = store.get(LOG_OFFSETS, id)
    return 0 if kept is None else kept.offset


def group_id(topic: str, group: str) -> str:
    """Return the id under which it is kept how far a group has consumed a topic."""
    return f"{topic}:{group}"


def _entry_id(topic: str, key: str, offset: int) -> str:
    return f"{topic}:{key}" if topic in COMPACTED else f"{topic}:{offset:016}"
