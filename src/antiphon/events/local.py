"""The EventLog inside the Store: an append-only collection, read by polling.

Offsets come from one counter for each topic, advanced in the transaction that appends. A topic
that is compacted keeps its newest entry for each key, as the entry's id is the key.
"""

import time
from collections.abc import Iterator, Sequence

from antiphon.events.port import Entry
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
        with self._store.transaction():
            end = self._end(topic)
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

    def consume(self, topic: str, group: str | None, *, wait_s: float) -> Iterator[list[Entry]]:
        offset = self._end(topic) if group is None else self._committed(topic, group)
        heard_at = time.monotonic()
        while True:
            batch = self._read(topic, offset)
            if batch:
                offset = batch[-1].offset
            if batch or time.monotonic() - heard_at >= wait_s:
                yield batch
                heard_at = time.monotonic()
            else:
                time.sleep(min(POLL_S, wait_s))

    def commit(self, topic: str, group: str, offset: int) -> None:
        self._store.put(LOG_OFFSETS, LogOffset(id=f"{topic}:{group}", offset=offset))

    def forget(self, key: str) -> None:
        with self._store.transaction():
            entries = self._store.find(LOG_ENTRIES, {"key": key})
            self._store.delete_many(LOG_ENTRIES, [entry.id for entry in entries])

    def _read(self, topic: str, offset: int) -> list[Entry]:
        found = self._store.find(
            LOG_ENTRIES,
            {"topic": topic, "offset": Range(gt=offset)},
            ("topic", "offset"),
            limit=BATCH_SIZE,
        )
        return [Entry(entry.topic, entry.offset, entry.key, entry.value) for entry in found]

    def _end(self, topic: str) -> int:
        kept = self._store.get(LOG_OFFSETS, topic)
        return 0 if kept is None else kept.offset

    def _committed(self, topic: str, group: str) -> int:
        kept = self._store.get(LOG_OFFSETS, f"{topic}:{group}")
        return 0 if kept is None else kept.offset


def _entry_id(topic: str, key: str, offset: int) -> str:
    return f"{topic}:{key}" if topic in COMPACTED else f"{topic}:{offset:016}"
