"""The event records: what is written into each topic, versioned, as JSON."""

from enum import StrEnum
from typing import Literal, TypeVar

import msgspec

from antiphon.model import Ending, Source, Value

Kind = Literal["started", "ended", "liked", "disliked", "undone"]
R = TypeVar("R", bound=Value)


class Topic(StrEnum):
    """The topics: what listeners did, answers that changed, and events nobody could use."""

    LISTENS = "listens"
    RECOMMENDATIONS = "recommendations"
    DEAD_LETTERS = "dead-letters"


# Of these only the newest event of each key matters; older ones may be dropped.
COMPACTED = frozenset({Topic.RECOMMENDATIONS})


class UnreadableEventError(Exception):
    """An event is not what its topic holds; the message says why."""


class ListenerEvent(Value, frozen=True):
    """Something a listener did with a track; `id` makes sending it twice harmless.

    `ended` carries `played_ms` (time really played) and the `reason` it ended; `undone` takes
    back a like or a dislike.
    """

    id: str
    user_id: str
    track_id: str
    at: int
    kind: Kind
    played_ms: int = 0
    reason: Ending | None = None
    source: Source | None = None
    client: str = ""
    v: int = 1


class AnswerChanged(Value, frozen=True):
    """A listener's answer on a surface is new; `version` is the id of the event it answers."""

    user_id: str
    surface: str
    version: str
    v: int = 1


class DeadLetter(Value, frozen=True):
    """An event that could not be used, where it was and why."""

    topic: str
    offset: int
    key: str
    value: bytes
    reason: str


def encode(record: Value) -> bytes:
    """Return a record as it is kept in the log."""
    return msgspec.json.encode(record)


def decode(value: bytes, kind: type[R]) -> R:
    """Return the record kept as `value`; fields that a newer version added are passed over.

    Raises:
        UnreadableEventError: it is no such record.
    """
    try:
        return msgspec.json.decode(value, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableEventError(f"not a {kind.__name__}: {error}") from error
