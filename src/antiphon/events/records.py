"""The event records: what is written into each topic, versioned, as JSON."""

from enum import StrEnum
from functools import cache
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from antiphon.model import Ending, Source, Value

Kind = Literal[
    "started",
    "progress",
    "ended",
    "liked",
    "disliked",
    "banned",
    "rated",
    "undone",
    "queued",
    "tuned",
    "private",
    "excluded",
    "included",
    "forgotten",
]
Rating = Annotated[int, msgspec.Meta(ge=1, le=5)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
R = TypeVar("R", bound=Value)
_Fields = dict[str, msgspec.Raw]


class Topic(StrEnum):
    """The topics: what listeners did, what was learned, answers that changed, unusable events."""

    LISTENS = "listens"
    PLAYS = "plays"
    RECOMMENDATIONS = "recommendations"
    DEAD_LETTERS = "dead-letters"


# Of these only the newest event of each key matters; older ones may be dropped.
COMPACTED = frozenset({Topic.RECOMMENDATIONS})
# The days that the other topics' events are kept: long enough to replay, no longer, as Kafka keeps
# those of a removed listener so long too. What they did to the store stays.
# Plays are read as they come; who was away finds them in the store.
RETENTION_DAYS: dict[str, int] = {Topic.LISTENS: 30, Topic.PLAYS: 1, Topic.DEAD_LETTERS: 30}


# Those who make the effects of what listeners did.
LISTENS_GROUP = "live"


# Stands for all the listens of a track, where they are to come back.
ALL_LISTENS = "*"


class UnreadableEventError(Exception):
    """An event is not what its topic holds; the message says why."""


class ListenerEvent(Value, frozen=True):
    """Something a listener did, mostly with a track; `id` makes sending it twice harmless.

    `ended` carries `played_ms` (time really played) and the `reason` it ended, `progress` the
    `played_ms` so far, `rated` a `rating`, or none where it is taken back. `banned` is about a
    track or an `artist_id`. `tuned` carries how far from the familiar (`value`, 0 to 1), `private`
    whether nothing is to be learned (1) or something again (0). `excluded` and `included` are about
    a track or a `playlist_id`, `forgotten` about one listen (`listen_id`, the id of the event that
    ended it) or all of a track. `undone` takes back a like, a dislike or a ban; with a `listen_id`
    it brings back that listen, or all of a track (ALL_LISTENS).

    `at` is by the clock of whoever sent it, `accepted_at` by that of whoever took it.
    `newer` are the fields that only a newer version knows, as they were written.
    """

    id: str
    user_id: str
    at: int
    kind: Kind
    track_id: str = ""
    artist_id: str = ""
    playlist_id: str = ""
    listen_id: str = ""
    played_ms: int = 0
    reason: Ending | None = None
    rating: Rating | None = None
    value: Share | None = None
    source: Source | None = None
    client: str = ""
    accepted_at: int = 0
    v: int = 1
    newer: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


class Play(Value, frozen=True):
    """A play that models learn from at once, or one that its listener has `forgotten` since.

    `id` is that of the listen. Who brings it back sends it again.
    """

    id: str
    user_id: str
    track_id: str
    at: int
    forgotten: bool = False
    v: int = 1


class AnswerChanged(Value, frozen=True):
    """A listener's answer on a surface is new; `event` is the id of the event it answers.

    `accepted_at` is when that one was accepted, 0 where that is of no moment.
    """

    user_id: str
    surface: str
    version: str
    event: str = ""
    accepted_at: int = 0
    v: int = 1


class DeadLetter(Value, frozen=True):
    """An event that could not be used, where it was and why; of a large one, the beginning."""

    topic: str
    offset: int
    key: str
    value: bytes
    reason: str
    partition: int = 0


def encode(record: Value) -> bytes:
    """Return a record as it is kept in the log."""
    if isinstance(record, ListenerEvent) and record.newer:
        known: _Fields = msgspec.json.decode(encode(replace(record, newer={})), type=_Fields)
        return msgspec.json.encode(known | record.newer)
    return msgspec.json.encode(record)


def decode(value: bytes, kind: type[R]) -> R:
    """Return the record kept as `value`; a listener's event keeps the fields it does not know.

    Raises:
        UnreadableEventError: it is no such record.
    """
    try:
        if issubclass(kind, ListenerEvent):
            return _with_newer(value, kind)
        return msgspec.json.decode(value, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableEventError(f"not a {kind.__name__}: {error}") from error


def _with_newer(value: bytes, kind: type[R]) -> R:
    fields: _Fields = msgspec.json.decode(value, type=_Fields)
    known = _names(kind)
    newer = {name: msgspec.Raw(bytes(raw)) for name, raw in fields.items() if name not in known}
    if not newer:
        return msgspec.json.decode(value, type=kind)
    old = {name: raw for name, raw in fields.items() if name in known}
    record = msgspec.json.decode(msgspec.json.encode(old), type=kind)
    return replace(record, newer=newer)


@cache
def _names(kind: type[Value]) -> frozenset[str]:
    """Return the names that this version writes."""
    return frozenset(kind.__struct_fields__) - {"newer"}
