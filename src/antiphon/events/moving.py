"""Another event log is chosen: what listeners did, and no worker has seen yet, goes along.

Only the process that consumes says which log that is: a command that somebody runs beside it, with
another setting by mistake, must not take events away from where they are read. The processes of
before have to be ended first: what they still append goes along at the next start only.
"""

from antiphon.events.local import LocalEventLog, group_id
from antiphon.events.outbox import entries_of
from antiphon.events.port import EventLog
from antiphon.events.records import LISTENS_GROUP, Topic
from antiphon.model import LogEntry, LogOffset
from antiphon.store import Range, Store
from antiphon.store.schema import LOG_ENTRIES, LOG_OFFSETS, OUTBOX

# Each so many in a transaction of their own, by which they are in one place at any time.
AT_ONCE = 100
_GROUP = group_id(Topic.LISTENS, LISTENS_GROUP)


def take_along(store: Store, log: EventLog) -> None:
    """Bring what listeners did, and no worker has read in the log of before, into this one."""
    if isinstance(log, LocalEventLog):
        _out_of_the_outbox(store, log)
    else:
        _into_the_outbox(store)


def _out_of_the_outbox(store: Store, log: LocalEventLog) -> None:
    """Put into the local log what was on its way to Kafka; tombstones mean nothing there."""

    def move() -> None:
        entries = store.find(OUTBOX, limit=AT_ONCE)
        for entry in entries:
            log.append(entry.topic, entry.key, [one for one in entry.values if one is not None])
        store.delete_many(OUTBOX, [entry.id for entry in entries])

    while store.count(OUTBOX):
        store.transact(move)


def _into_the_outbox(store: Store) -> None:
    """Put on its way to Kafka what the workers have not read in the local log."""

    def move() -> None:
        if entries := _unread(store):
            for entry in entries:
                store.put_many(OUTBOX, entries_of(entry.topic, entry.key, [entry.value]))
            store.put(LOG_OFFSETS, LogOffset(id=_GROUP, offset=entries[-1].offset))

    while _unread(store):
        store.transact(move)


def _unread(store: Store) -> list[LogEntry]:
    done = store.get(LOG_OFFSETS, _GROUP)
    behind = {"topic": Topic.LISTENS, "offset": Range(gt=done.offset if done else 0)}
    return store.find(LOG_ENTRIES, behind, ("topic", "offset"), limit=AT_ONCE)
