"""The EventLog inside the Store: an append-only collection, read by polling.

Offsets come from one counter for each topic, advanced in the transaction that appends. A topic
that is compacted keeps its newest entry for each key, as the entry's id is the key.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from antiphon.events.port import Consumer, Entry
from antiphon.events.records import COMPACTED
from antiphon.model import LogEntry, LogOffset
from antiphon.store import Range, Store
from antiphon.store.schema import LOG_ENTRIES, LOG_OFFSETS

BATCH_SIZE = 500
POLL_S = 0.01


class LocalEventLog:
    """An EventLog for the processes of one machine, kept in their common Store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def append(self, topic: str, key: str, values: Sequence[bytes]) -> None:
        def add() -> None:
            end = self.end(topic)
            entries = [
                LogEntry(
                    id=_entry_id(topic, key, offset),
                    topic=topic,
                    offset=offset,
                    key=key,
                    value=value,
                )
                for offset, value in enumerate(values, start=end + 1)
            ]
            self._store.put_many(LOG_ENTRIES, entries)
            self._store.put(LOG_OFFSETS, LogOffset(id=topic, offset=end + len(entries)))

        self._store.transact(add)

    @contextmanager
    def consumer(self, topic: str, group: str | None) -> Iterator[Consumer]:
        yield LocalConsumer(self._store, topic, group, self.end(topic))

    def forget(self, key: str) -> None:
        def remove() -> None:
            entries = self._store.find(LOG_ENTRIES, {"key": key})
            self._store.delete_many(LOG_ENTRIES, [entry.id for entry in entries])

        self._store.transact(remove)

    def close(self) -> None:
        """Nothing to let go of: the store is its owner's."""

    def end(self, topic: str) -> int:
        """Return the offset of the newest event of a topic."""
        kept = self._store.get(LOG_OFFSETS, topic)
        return 0 if kept is None else kept.offset


class LocalConsumer:
    """A reader of one topic: all of it, as there is one partition."""

    def __init__(self, store: Store, topic: str, group: str | None, end: int) -> None:
        self._store = store
        self._topic = topic
        self._id = f"{topic}:{group}"
        committed = None if group is None else store.get(LOG_OFFSETS, self._id)
        self._offset = committed.offset if committed else 0 if group else end

    def poll(self, wait_s: float) -> list[Entry]:
        give_up_at = time.monotonic() + wait_s
        while not (batch := self._read()) and time.monotonic() < give_up_at:
            time.sleep(min(POLL_S, wait_s))
        if batch:
            self._offset = batch[-1].offset
        return batch

    def commit(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._store.put(LOG_OFFSETS, LogOffset(id=self._id, offset=entries[-1].offset))

    def seek(self, partition: int, offset: int) -> None:  # noqa: ARG002 - there is one partition
        self._offset = offset - 1

    def _read(self) -> list[Entry]:
        found = self._store.find(
            LOG_ENTRIES,
            {"topic": self._topic, "offset": Range(gt=self._offset)},
            ("topic", "offset"),
            limit=BATCH_SIZE,
        )
        return [Entry(one.topic, 0, one.offset, one.key, one.value) for one in found]


def _entry_id(topic: str, key: str, offset: int) -> str:
    return f"{topic}:{key}" if topic in COMPACTED else f"{topic}:{offset:016}"
