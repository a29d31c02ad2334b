"""Who waits for an answer, and which events may be committed once they have it."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from antiphon.events import Entry, ListenerEvent


@dataclass(frozen=True)
class Due:
    """A listener who waits, since a batch; `event` is the last one that is to be answered."""

    user_id: str
    event: str
    accepted_at: int
    since: int


class Waiting:
    """The listeners who wait, who waits longest first, and the batches that made them wait.

    However much one of them does meanwhile, it is one answer, at the place of the first event.
    """

    def __init__(self) -> None:
        self._due: dict[str, Due] = {}
        self._batches: deque[tuple[int, list[Entry]]] = deque()
        self._taken = 0

    def __iter__(self) -> Iterator[Due]:
        return iter(self._due.values())

    def __len__(self) -> int:
        return len(self._due)

    def take(self, batch: Iterable[Entry], events: Iterable[ListenerEvent]) -> None:
        """Take note of a batch whose effects are made, and of those that are to be answered."""
        self._taken += 1
        self._batches.append((self._taken, _ends(batch)))
        for event in events:
            waiting = self._due.get(event.user_id)
            since = waiting.since if waiting else self._taken
            self._due[event.user_id] = Due(event.user_id, event.id, event.accepted_at, since)

    def answered(self, due: Due) -> None:
        """Take note of a listener who waits no more."""
        del self._due[due.user_id]

    def finished(self) -> list[Entry]:
        """Return, once, the ends of the batches whose listeners have all been answered."""
        first = next(iter(self), None)
        entries: list[Entry] = []
        while self._batches and (first is None or self._batches[0][0] < first.since):
            entries += self._batches.popleft()[1]
        return entries


def _ends(batch: Iterable[Entry]) -> list[Entry]:
    """Return the last entry of each partition, without what it says."""
    ends = {entry.partition: entry for entry in batch}
    return [replace(entry, value=b"") for entry in ends.values()]
