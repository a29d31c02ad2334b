"""Workers that are kept busy: as soon as some events are answered, as many more are there."""

import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from antiphon.events import (
    AnswerChanged,
    Consumer,
    EventLog,
    ListenerEvent,
    Topic,
    open_event_log,
)
from antiphon.events.outbox import entries_of
from antiphon.events.records import decode, encode
from antiphon.model import now_ms
from antiphon.store import Store, open_store
from antiphon.store.schema import OUTBOX, WORKERS
from served.prepared import Size, popularity
from served.processes import Engines

UNDER_WAY_EACH = 10
DRAWN = 100_000
AT_ONCE = 50
WARM_S = 3.0
SETTLED_WITHIN_S = 60.0
# Longer than a heartbeat, by which the others learn of a new one.
SHARED_OUT_S = 6.0


@dataclass
class Done:
    """What was answered in so many seconds; lateness from the append to the published answer.

    `all_events` are also those before and after that time.
    """

    seconds: float = 0.0
    events: int = 0
    answers: int = 0
    all_events: int = 0
    lateness_ms: list[float] = field(default_factory=list)

    @property
    def events_per_s(self) -> float:
        """How many events were answered a second."""
        return self.events / self.seconds

    @property
    def answers_per_s(self) -> float:
        """How many answers were made a second."""
        return self.answers / self.seconds


class Backlog:
    """Events that are under way, by listener, in their order, with when each was appended."""

    def __init__(self, store: Store, log: EventLog, users: Sequence[str], size: Size) -> None:
        self._store = store
        self._log = log
        self._chance = random.Random(5)
        drawn = np.random.default_rng(5).choice(size.tracks, DRAWN, p=popularity(size))
        self._tracks = cycle(drawn.tolist())
        self._users = users
        self._waiting: dict[str, dict[str, float]] = {user: {} for user in users}
        self.under_way = self.appended = 0

    def fill(self) -> None:
        """Append events until enough are under way."""
        while self.under_way < UNDER_WAY_EACH * len(self._users):
            self._store.transact(self._append)
            self.under_way += AT_ONCE
            self.appended += AT_ONCE

    def answered(self, changed: AnswerChanged) -> list[float]:
        """Return when the events were appended that this answers: what was before it, too."""
        waiting = self._waiting.get(changed.user_id, {})
        event = changed.event or changed.version
        if event not in waiting:
            return []
        ids = list(waiting)
        appended = [waiting.pop(id) for id in ids[: ids.index(event) + 1]]
        self.under_way -= len(appended)
        return appended

    def _append(self) -> None:
        for user in self._chance.choices(self._users, k=AT_ONCE):
            event = self._event(user)
            self._log.append(Topic.LISTENS, user, [encode(event)])
            self._waiting[user][event.id] = time.perf_counter()

    def _event(self, user: str) -> ListenerEvent:
        skipped = self._chance.random() < 0.5
        return ListenerEvent(
            id=str(uuid.UUID(int=self._chance.getrandbits(128))),
            user_id=user,
            at=now_ms(),
            accepted_at=now_ms(),
            kind="ended",
            track_id=f"tr-{next(self._tracks):06d}",
            played_ms=4000 if skipped else 200_000,
            reason="skipped" if skipped else "completed",
            client="bench",
        )


def busy(engines: Engines, users: Sequence[str], size: Size, seconds: float) -> Done:
    """Keep the workers of an instance busy, for a while before it counts; return what they did."""
    store = open_store(engines.store)
    log = open_event_log(engines.events, store)
    try:
        backlog = Backlog(store, log, users, size)
        with log.consumer(Topic.RECOMMENDATIONS, None) as heard:
            _work(backlog, heard, WARM_S)
            done = _work(backlog, heard, seconds)
            _settle(backlog, heard)
        done.all_events = backlog.appended
        return done
    finally:
        log.close()
        store.close()


def wait_for_workers(engines: Engines, workers: int) -> None:
    """Wait until so many live workers are heard of, and have shared the partitions out."""
    store = open_store(engines.store)
    try:
        while sum(one.role == "live" for one in store.find(WORKERS)) < workers:
            time.sleep(0.2)
    finally:
        store.close()
    time.sleep(SHARED_OUT_S)


def _work(backlog: Backlog, heard: Consumer, seconds: float) -> Done:
    done, started = Done(), time.perf_counter()
    while (spent := time.perf_counter() - started) < seconds:
        backlog.fill()
        _hear(backlog, heard, done)
    done.seconds = spent
    return done


def _settle(backlog: Backlog, heard: Consumer) -> None:
    give_up_at = time.monotonic() + SETTLED_WITHIN_S
    while backlog.under_way:
        _hear(backlog, heard, Done())
        if time.monotonic() > give_up_at:
            raise SystemExit(f"{backlog.under_way} events were never answered.")


def _hear(backlog: Backlog, heard: Consumer, done: Done) -> None:
    for entry in heard.poll(0.02):
        appended = backlog.answered(decode(entry.value, AnswerChanged))
        now = time.perf_counter()
        done.lateness_ms += [1000 * (now - at) for at in appended]
        done.events += len(appended)
        done.answers += bool(appended)


def sent_per_s(engines: Engines, entries: int = 5000) -> float:
    """Return how many events, each appended by itself, the outbox sends a second."""
    store = open_store(engines.store)
    log = open_event_log(engines.events, store)
    try:
        # In a topic that nobody reads here, of listeners who are not there.
        waiting = (
            entries_of(Topic.DEAD_LETTERS, f"us-{n % 500}", [b"x" * 300]) for n in range(entries)
        )
        store.put_many(OUTBOX, [one for some in waiting for one in some])
        started, begun = time.perf_counter(), store.count(OUTBOX)
        while store.count(OUTBOX):
            time.sleep(0.02)
        return begun / (time.perf_counter() - started)
    finally:
        log.close()
        store.close()
