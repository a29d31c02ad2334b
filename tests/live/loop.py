"""What the tests of the live loop share: a small world, events, and a worker that runs them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from antiphon.events import EventLog, ListenerEvent, Topic
from antiphon.events.records import encode
from antiphon.live.effects import Applied, apply, familiarity_id
from antiphon.model import Familiarity, Track, User
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, TRACKS, USERS

TRACK_MS = 200_000
LISTENERS = ("ann", "ben")


def make_world(store: Store, tracks: int = 3) -> None:
    """Let there be tracks tr-0, tr-1 and so on, of 200 s each, and listeners."""
    store.put_many(
        TRACKS,
        [
            Track(id=f"tr-{n}", title=f"T{n}", sort=f"t{n}", duration_ms=TRACK_MS)
            for n in range(tracks)
        ],
    )
    store.put_many(USERS, [User(id=id, name=id, key=id) for id in LISTENERS])


def event(id: str = "e1", kind: str = "ended", **fields: object) -> ListenerEvent:
    """Return an event of Ann's about track 1, by default its end."""
    values = {"id": id, "user_id": "ann", "track_id": "tr-1", "at": 5, "kind": kind}
    ended = {"played_ms": TRACK_MS, "reason": "completed"} if kind == "ended" else {}
    return msgspec.convert({**values, **ended, **fields}, ListenerEvent)


def sent(log: EventLog, *events: ListenerEvent | bytes) -> None:
    """Let these events happen."""
    for one in events:
        value, key = (one, "ann") if isinstance(one, bytes) else (encode(one), one.user_id)
        log.append(Topic.LISTENS, key, [value])


def taken(store: Store, log: EventLog, *events: ListenerEvent) -> Applied:
    """Make the effects of these events, all in one batch."""
    return apply(store, log, events)


def all_of(log: EventLog, topic: Topic) -> list[bytes]:
    """Return all the values in a topic."""
    with log.consumer(topic, "test") as consumer:
        return [entry.value for batch in iter(lambda: consumer.poll(0.01), []) for entry in batch]


def familiarity(store: Store, user_id: str = "ann", track_id: str = "tr-1") -> Familiarity:
    """Return what they have been through, of which there must be something."""
    found = store.get(FAMILIARITIES, familiarity_id(user_id, track_id))
    assert found is not None
    return found


def kept(store: Store, collections: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Return all documents of these collections."""
    return {one.name: {doc.id: doc for doc in store.find(one)} for one in collections}
