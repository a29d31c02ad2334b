"""The EventLog port: topics of events, in order for each key, read by groups that remember where.

Delivery is at least once: what was not committed comes again, so effects are idempotent.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

# Below what Kafka's brokers take unless told otherwise (1 MiB), as a message has a head too.
LARGEST = 900_000


class EventLogError(Exception):
    """The event log cannot do what was asked; the message says what to do about it."""


class Entry(msgspec.Struct, frozen=True):
    """One event at its place in a topic; those of one key are in the order they were appended.

    Offsets grow along a partition; events of one key are all in one partition.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes


def refuse_too_large(values: Sequence[bytes]) -> None:
    """Let pass what any engine takes.

    Raises:
        EventLogError: one of them is too large.
    """
    if any(len(value) > LARGEST for value in values):
        raise EventLogError(f"An event may have {LARGEST:,} bytes; this one is larger.")


class Consumer(Protocol):
    """A reader of one topic; with a group, one of several that share its partitions."""

    def poll(self, wait_s: float) -> list[Entry]:
        """Return the next events, or none after `wait_s` seconds without any.

        While the log is away there are none.
        """
        ...

    def commit(self, entries: Sequence[Entry]) -> None:
        """Remember that the group is done with these, and with what was before them.

        Those of a partition that another of the group reads by now are passed over; where the log
        is away just now, they may come again.
        """
        ...

    def behind(self) -> int:
        """Return about how many events there are that this consumer has not returned yet."""
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Let the next events of this partition be those from `offset` on, as far as kept."""
        ...


class EventLog(Protocol):
    """What happened, in order."""

    def append(self, topic: str, key: str, values: Sequence[bytes]) -> None:
        """Add events at the end of a topic; when this returns they are safe.

        Inside `Store.transact` they are added if the transaction is. It never waits for a network
        other than the store's.

        Raises:
            EventLogError: an event is too large.
            StoreUnavailableError: the store, where they would be safe, is away.
        """
        ...

    def consumer(self, topic: str, group: str | None) -> AbstractContextManager[Consumer]:
        """Open a consumer behind what the group has committed, of a new group from the beginning.

        Without a group only events from now on are seen, and nothing is remembered. A consumer
        belongs to one thread.

        Raises:
            EventLogError: there is no group, and the log is away: nobody can say where now is.
        """
        ...

    def forget(self, key: str) -> None:
        """Remove every event of a key, in all topics: of a listener who is removed.

        An engine that can remove by key only from compacted topics (Kafka) does so there, and
        drops what was not sent yet; elsewhere the events go with the retention of their topic.
        Consumers MUST therefore pass over events of listeners who are gone.
        """
        ...

    def close(self) -> None:
        """Let go of connections, after a few seconds at most; what was appended stays safe."""
        ...
