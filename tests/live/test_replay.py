"""The log is all there is: what a worker made of it bit by bit, a replay makes again."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from tests.live.loop import TRACK_MS, kept, make_world

from antiphon.events import EventLog, ListenerEvent, Topic, open_event_log
from antiphon.events.records import decode, encode
from antiphon.live.effects import apply
from antiphon.live.state import Memories
from antiphon.model import User
from antiphon.store import Store
from antiphon.store.schema import (
    FAMILIARITIES,
    FORGOTTEN,
    LISTENS,
    PREFERENCES,
    STATES,
    USERS,
)

EVENTS, LISTENERS, TRACKS, AT_ONCE = 100_000, 20, 2_000, 1_000
MADE = (LISTENS, FORGOTTEN, FAMILIARITIES, PREFERENCES, STATES)


def happened(chance: random.Random, first: int, count: int) -> list[ListenerEvent]:
    """Return what listeners did: mostly they listen, some of it late, some of it sent twice."""
    return [one for n in range(first, first + count) for one in _once_or_twice(chance, n)]


def _once_or_twice(chance: random.Random, n: int) -> list[ListenerEvent]:
    kind = chance.choices(
        ("ended", "liked", "undone", "tuned", "private", "forgotten", "excluded"),
        (960, 20, 6, 4, 3, 4, 3),
    )[0]
    late_ms = chance.randrange(7 * 86_400_000) if chance.random() < 0.01 else 0
    event = ListenerEvent(
        id=f"e{n}",
        user_id=f"us-{chance.randrange(LISTENERS)}",
        track_id=f"tr-{int(TRACKS * chance.random() ** 3)}",
        at=1_700_000_000_000 + 9_000 * n - late_ms,
        kind=kind,  # type: ignore[arg-type] - the names are right
        played_ms=chance.randrange(TRACK_MS),
        reason=chance.choice(("completed", "skipped", "stopped")),
        value=float(chance.random() < 0.2),
        listen_id=f"e{chance.randrange(max(0, n - 99), n + 1)}" if kind == "forgotten" else "",
    )
    return [event] * (1 + (chance.random() < 0.01))


@pytest.mark.slow
def test_a_hundred_thousand_events_from_zero_make_what_was_made_bit_by_bit(store: Store) -> None:
    make_world(store, TRACKS)
    users = (f"us-{n}" for n in range(LISTENERS))
    store.put_many(USERS, [User(id=id, name=id, key=id) for id in users])
    log, chance = open_event_log("local:", store), random.Random(7)
    memories = Memories()
    with log.consumer(Topic.LISTENS, "bit by bit") as consumer:
        for first in range(0, EVENTS, AT_ONCE):
            send(log, happened(chance, first, AT_ONCE))
            while batch := consumer.poll(0):
                apply(store, log, read(batch), memories)
    made = kept(store, MADE)
    for collection in MADE:
        store.delete_many(collection, made[collection.name])
    with log.consumer(Topic.LISTENS, "from zero") as consumer:
        while batch := [one for _ in range(8) for one in consumer.poll(0)]:
            apply(store, log, read(batch), memories)
    assert kept(store, MADE) == made
    assert len(made["listens"]) > EVENTS / 2
    assert len(made["states"]) == LISTENERS


def send(log: EventLog, events: Sequence[ListenerEvent]) -> None:
    log.append(Topic.LISTENS, "all", [encode(event) for event in events])


def read(batch: Sequence[Any]) -> list[ListenerEvent]:
    return [decode(entry.value, ListenerEvent) for entry in batch]
