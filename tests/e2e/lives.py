"""Listeners who do what they like, what should come of it, and the world they do it in."""

import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from antiphon.events import EventLog, ListenerEvent, Topic, open_event_log
from antiphon.events.records import Kind, encode
from antiphon.live import state
from antiphon.model import Feedback, Track, User, now_ms
from antiphon.store import Store, StoreUnavailableError, open_store
from antiphon.store.schema import (
    ANSWERS,
    FAMILIARITIES,
    LISTENS,
    PREFERENCES,
    STATES,
    TRACKS,
    USERS,
)
from antiphon.taste.memory import unpacked

TRACKS_THERE = 40
TRACK_MS = 200_000
_KINDS: tuple[Kind, ...] = (
    "ended",
    "ended",
    "ended",
    "ended",
    "liked",
    "undone",
    "tuned",
    "private",
)
_TWICE = 0.15


@dataclass
class Life:
    """What one listener did, and what should be known of it: each event counts once, in order."""

    user_id: str
    chance: random.Random
    sent: list[ListenerEvent] = field(default_factory=list)
    listens: set[str] = field(default_factory=set)
    plays: Counter[str] = field(default_factory=Counter)
    skips: Counter[str] = field(default_factory=Counter)
    feedback: dict[str, Feedback | None] = field(default_factory=dict)
    discover: float = 0.5
    is_private: bool = False

    def goes_on(self) -> list[ListenerEvent]:
        """Do something; it may be sent twice, as a player does that was told nothing."""
        event = self._event(self.chance.choice(_KINDS))
        self._note(event)
        again = [event] if self.chance.random() < _TWICE else []
        self.sent += [event, *again]
        return [event, *again]

    def _event(self, kind: Kind) -> ListenerEvent:
        value = {"tuned": self.chance.random(), "private": float(self.chance.random() < 0.5)}
        skipped = self.chance.random() < 0.5
        return ListenerEvent(
            id=str(uuid.UUID(int=self.chance.getrandbits(128))),
            user_id=self.user_id,
            at=1_700_000_000_000 + 60_000 * len(self.sent),
            accepted_at=now_ms(),
            kind=kind,
            track_id="" if kind in value else f"tr-{self.chance.randrange(TRACKS_THERE)}",
            value=value.get(kind),
            played_ms=5_000 if skipped else TRACK_MS,
            reason=("skipped" if skipped else "completed") if kind == "ended" else None,
        )

    def _note(self, event: ListenerEvent) -> None:
        if event.kind == "ended" and not self.is_private:
            self.listens.add(f"{self.user_id}:{event.id}")
            (self.skips if event.reason == "skipped" else self.plays)[event.track_id] += 1
        elif event.kind in {"liked", "undone"}:
            self.feedback[event.track_id] = "like" if event.kind == "liked" else None
        elif event.kind == "tuned":
            self.discover = event.value or 0.0
        elif event.kind == "private":
            self.is_private = bool(event.value)


@dataclass
class World:
    """The engines of an instance, with a few tracks and listeners."""

    store: Store
    log: EventLog
    environment: dict[str, str]
    lives: list[Life]

    def live(self, rounds: int) -> None:
        """Let every listener do something, so many times."""
        for _ in range(rounds):
            for life in self.lives:
                self.send(*life.goes_on())

    @contextmanager
    def living(self, pause_s: float) -> Iterator[None]:
        """Let everybody do something again and again, until the end."""
        ended = threading.Event()

        def go_on() -> None:
            while not ended.wait(pause_s):
                self.live(1)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def send(self, *events: ListenerEvent) -> None:
        """Let events happen."""
        for event in events:
            self.log.append(Topic.LISTENS, event.user_id, [encode(event)])

    def settle(self, within_s: float = 60.0) -> None:
        """Wait until everybody has the answer to what they did last."""
        wait_for(lambda: all(self.is_answered(life.sent[-1]) for life in self.lives), within_s)

    def is_answered(self, event: ListenerEvent) -> bool:
        """Say whether a listener has the answer to this event."""
        try:
            answer = self.store.get(ANSWERS, f"{event.user_id}:next")
        except StoreUnavailableError:
            return False
        return answer is not None and answer.event == event.id and bool(answer.items)

    def assert_everything_counts_once(self) -> None:
        """Compare what is kept with what should be."""
        kept = defaultdict(set)
        for listen in self.store.find(LISTENS):
            kept[listen.user_id].add(listen.id)
        for life in self.lives:
            assert kept[life.user_id] == life.listens
            self._assert_known(life)
            preferences = self.store.get(PREFERENCES, life.user_id)
            if preferences is not None:
                assert preferences.discover == life.discover
                assert bool(preferences.private_since) == life.is_private
            packed = self.store.get(STATES, life.user_id)
            assert packed is not None
            assert unpacked(packed.packed) == state.rebuilt(self.store, life.user_id)

    def _assert_known(self, life: Life) -> None:
        known = {
            one.track_id: one for one in self.store.find(FAMILIARITIES, {"user_id": life.user_id})
        }
        assert {id: one.plays for id, one in known.items() if one.plays} == life.plays
        assert {id: one.skips for id, one in known.items() if one.skips} == life.skips
        liked = {id: "like" for id, said in life.feedback.items() if said}
        assert {id: one.feedback for id, one in known.items() if one.feedback} == liked


@contextmanager
def world(store_url: str, events_url: str, data: Path, listeners: int = 6) -> Iterator[World]:
    """Yield a world of its own on these engines."""
    store = open_store(store_url)
    log = open_event_log(events_url, store)
    lives = [Life(f"us-{n}", random.Random(n)) for n in range(listeners)]
    store.put_many(
        TRACKS,
        [
            Track(id=f"tr-{n}", title=f"T{n}", sort=f"t{n:03}", duration_ms=TRACK_MS, added_at=n)
            for n in range(TRACKS_THERE)
        ],
    )
    store.put_many(
        USERS, [User(id=one.user_id, name=one.user_id, key=one.user_id) for one in lives]
    )
    environment = {
        "ANTIPHON_DATA": str(data),
        "ANTIPHON_STORE": store_url,
        "ANTIPHON_EVENTS": events_url,
    }
    try:
        yield World(store, log, environment, lives)
    finally:
        log.close()
        store.close()


def wait_for(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Return what `look()` finds, as soon as it is anything."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found
