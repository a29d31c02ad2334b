"""Events that nobody can use are set aside, with the reason: they must not block the others."""

import logging

from antiphon.events import Entry, EventLog, Topic
from antiphon.events.records import DeadLetter, encode
from antiphon.live import measures

# A letter has to fit into the log, though it is longer than what it is about: by base64, a third.
KEPT_OF_VALUE = 500_000
KEPT_OF_TEXT = 1000
_log = logging.getLogger(__name__)


def bury(log: EventLog, entry: Entry, reason: str) -> None:
    """Set an event aside; of a large one, the beginning."""
    key, reason = entry.key[:KEPT_OF_TEXT], reason[:KEPT_OF_TEXT]
    _log.warning("event %s is set aside: %s", place(entry), reason)
    letter = DeadLetter(
        topic=entry.topic,
        partition=entry.partition,
        offset=entry.offset,
        key=key,
        value=entry.value[:KEPT_OF_VALUE],
        reason=reason,
    )
    log.append(Topic.DEAD_LETTERS, key, [encode(letter)])
    measures.DEAD_LETTERS.inc()


def place(entry: Entry) -> str:
    """Return where an event is in the log."""
    return f"{entry.topic}:{entry.partition}:{entry.offset}"
