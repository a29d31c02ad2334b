"""The EventLog port: topics of events, in order for each key, read by groups that remember where.

Delivery is at least once: a batch that was not committed comes again, so effects are idempotent.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec


class EventLogError(Exception):
    """The event log cannot do what was asked; the message says what to do about it."""


class Entry(msgspec.Struct, frozen=True):
    """One event at its place in a topic; those of one key are in the order they were appended."""

    topic: str
    offset: int
    key: str
    value: bytes


class EventLog(Protocol):
    """What happened, in order."""

    def append(self, topic: str, key: str, values: Sequence[bytes]) -> None:
        """Add events at the end of a topic; when this returns they are safe."""
        ...

    def consume(self, topic: str, group: str | None, *, wait_s: float) -> Iterator[list[Entry]]:
        """Yield batches behind what the group has committed, for ever.

        An empty batch comes after each `wait_s` seconds without events, so that the consumer can
        look up. Without a group only events from now on are seen, and nothing is remembered.
        """
        ...

    def commit(self, topic: str, group: str, offset: int) -> None:
        """Remember that the group is done with everything up to `offset`."""
        ...

    def forget(self, key: str) -> None:
        """Remove every event of a key, in all topics: of a listener who is removed."""
        ...
