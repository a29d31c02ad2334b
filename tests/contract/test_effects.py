"""The effects of events are the same in every store, however their batches are cut."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.live.loop import event, kept, make_world

from antiphon.events import ListenerEvent, open_event_log
from antiphon.live.effects import apply
from antiphon.live.state import Memories, rebuilt
from antiphon.store import Store, open_store
from antiphon.store.schema import FAMILIARITIES, FORGOTTEN, LISTENS, PREFERENCES, STATES
from antiphon.taste.memory import unpacked

TRACKS, EVENTS = 6, 160
ALL = (LISTENS, FORGOTTEN, FAMILIARITIES, PREFERENCES, STATES)


@pytest.fixture(params=["sqlite", pytest.param("mongo", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "mongo":
        yield request.getfixturevalue("mongo_store")
        return
    opened = open_store(f"sqlite:///{tmp_path / 'antiphon.db'}")
    yield opened
    opened.close()


def happened() -> list[ListenerEvent]:
    """Return what two listeners did, of every kind, some of it twice and some of it late."""
    chance = random.Random(6)
    events: list[ListenerEvent] = []
    for n in range(EVENTS):
        kinds: list[dict[str, Any]] = [
            {"kind": "ended", "reason": chance.choice(("completed", "skipped"))},
            {"kind": "ended", "played_ms": 5_000, "reason": "skipped"},
            {"kind": chance.choice(("liked", "disliked", "banned", "rated", "undone"))},
            {"kind": "tuned", "value": chance.random()},
            {"kind": "private", "value": float(chance.random() < 0.3)},
            {"kind": chance.choice(("excluded", "included"))},
            {"kind": "banned", "artist_id": "ar-1"},
            {"kind": "forgotten", "listen_id": f"e{chance.randrange(n + 1)}"},
            {"kind": "undone", "listen_id": chance.choice(("*", f"e{chance.randrange(n + 1)}"))},
        ]
        (fields,) = chance.choices(kinds, (9, 4, 6, 1, 1, 1, 1, 2, 1))
        track = f"tr-{chance.randrange(TRACKS)}"
        who, late = chance.choice(("ann", "ben")), chance.randrange(9)
        events.append(
            event(f"e{n}", user_id=who, track_id=track, at=1000 + 10 * (n - late), **fields)
        )
        if chance.random() < 0.1:
            events.append(events[-1])
    return events


def documents(store: Store, size: int) -> dict[str, dict[str, Any]]:
    """Return all documents after what happened, taken in batches of `size`."""
    make_world(store, TRACKS)
    log, memories, events = open_event_log("local:", store), Memories(), happened()
    for begin in range(0, len(events), size):
        apply(store, log, events[begin : begin + size], memories)
    return kept(store, ALL)


def test_any_store_holds_the_same_after_the_same_events(store: Store, tmp_path: Path) -> None:
    found = documents(store, 25)
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    assert found == documents(other, 7)
    other.close()
    assert all(found[one.name] for one in ALL)
    for doc in store.find(STATES):
        assert unpacked(doc.packed) == rebuilt(store, doc.id)
