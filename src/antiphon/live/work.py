"""One worker's work: the effects of what happened, and the answers to it."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from antiphon.events import (
    AnswerChanged,
    Entry,
    EventLog,
    ListenerEvent,
    Topic,
    UnreadableEventError,
)
from antiphon.events.records import decode, encode
from antiphon.live import answers, measures, state
from antiphon.live.answers import PREPARED
from antiphon.live.dead_letters import bury, place
from antiphon.live.effects import SILENT, Applied, UnknownListenerError, apply
from antiphon.live.models import Models
from antiphon.live.waiting import Due, Waiting
from antiphon.model import Answer, now_ms
from antiphon.store import Store, StoreError
from antiphon.store.schema import ANSWERS
from antiphon.taste.listener import ListenerState, state_of
from antiphon.taste.memory import Memory
from antiphon.taste.policy import POLICY, Policy

# What was answered is told every so often: that costs nearly as much for one as for several.
TOLD_EVERY_S = 0.01
_log = logging.getLogger(__name__)

Usable = list[tuple[Entry, ListenerEvent]]


class Worker:
    """One worker's work: `take` what happened, `answer_due` whoever `waiting` tells of.

    `clock` tells the present moment in milliseconds since 1970; each answer has `prepared` tracks.
    """

    def __init__(
        self,
        store: Store,
        log: EventLog,
        models: Models,
        *,
        clock: Callable[[], int] = now_ms,
        policy: Policy = POLICY,
        prepared: int = PREPARED,
    ) -> None:
        self.waiting = Waiting()
        self._store = store
        self._log = log
        self._models = models
        self._clock = clock
        self._policy = policy
        self._prepared = prepared
        self._memories = state.Memories()
        # Of the last batch: until the next one is asked for, nobody else has changed them.
        self._fresh: dict[str, Memory] = {}

    def take(self, batch: Sequence[Entry]) -> float:
        """Make the effects of a batch; return the seconds that it took.

        An event that cannot be used costs only itself.

        Raises:
            StoreError: the store is away; the batch has to be taken again.
        """
        started = time.monotonic()
        self._fresh = {}
        if not batch:
            return 0.0
        usable = list(self._usable(batch))
        taken = [event for event in self._apply(usable) if event.kind not in SILENT]
        self.waiting.take(batch, taken)
        took_s = time.monotonic() - started
        measures.BATCH_EVENTS.observe(len(batch))
        measures.BATCH_SECONDS.observe(took_s)
        measures.DUE.set(len(self.waiting))
        return took_s

    def answer_due(self, for_s: float = float("inf")) -> None:
        """Answer those who wait longest, for so many seconds and one of them at least.

        Raises:
            StoreError: the store is away; they go on waiting.
        """
        give_up_at = time.monotonic() + for_s
        while self.waiting:
            self._answer_some(min(give_up_at, time.monotonic() + TOLD_EVERY_S))
            measures.DUE.set(len(self.waiting))
            if time.monotonic() >= give_up_at:
                break

    def _answer_some(self, until: float) -> None:
        """Answer those who wait longest, one of them at least, and tell the open pages."""
        done: list[Due] = []
        made: list[tuple[Due, Answer]] = []
        for due in self.waiting:
            done.append(due)
            if answer := self._answer(due):
                made.append((due, answer))
            if time.monotonic() >= until:
                break
        self._publish(made)
        for due in done:
            self.waiting.answered(due)

    def _usable(self, batch: Iterable[Entry]) -> Iterator[tuple[Entry, ListenerEvent]]:
        for entry in batch:
            try:
                yield entry, decode(entry.value, ListenerEvent)
            except UnreadableEventError as error:
                bury(self._log, entry, str(error))

    def _apply(self, usable: Usable) -> list[ListenerEvent]:
        """Make the effects of all events together; where one breaks them, of each alone."""
        try:
            return self._applied(usable)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            if len(usable) > 1:
                return [event for one in usable for event in self._apply([one])]
            # Whatever an event provokes, it would provoke again: it must not block the others.
            ((entry, _),) = usable
            _log.exception("event %s is poison", place(entry))
            bury(self._log, entry, f"{type(error).__name__}: {error}")
            return []

    def _applied(self, usable: Usable) -> list[ListenerEvent]:
        applied = apply(self._store, self._log, [event for _, event in usable], self._memories)
        self._models.hear(applied.plays)
        self._fresh.update(applied.memories)
        for number, error in applied.refused.items():
            self._refuse(usable[number][0], error)
        taken = [event for n, (_, event) in enumerate(usable) if n not in applied.refused]
        _measure(taken, applied)
        return taken

    def _answer(self, due: Due) -> Answer | None:
        """Make what plays next for a listener; None where that fails."""
        try:
            return answers.next_up(
                self._store,
                self._models.now,
                self._listener(due.user_id),
                event=due.event,
                limit=self._prepared,
                policy=self._policy,
            )
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - see below
            # Their listens are safe; the page asks again, and nobody else waits for this answer.
            _log.exception("no answer could be made for %s", due.user_id)
            return None

    def _listener(self, user_id: str) -> ListenerState:
        now, gap_ms, weights = self._clock(), self._models.gap_ms, self._models.weights
        if memory := self._fresh.get(user_id):
            return state_of(user_id, memory, now, gap_ms=gap_ms, weights=weights)
        return state.load(
            self._store,
            user_id,
            gap_ms=gap_ms,
            weights=weights,
            now=now,
            memories=self._memories,
        )

    def _publish(self, made: Sequence[tuple[Due, Answer]]) -> None:
        """Keep answers, and tell the open pages."""

        def publish() -> None:
            self._store.put_many(ANSWERS, [answer for _, answer in made])
            for due, answer in made:
                changed = AnswerChanged(
                    user_id=due.user_id,
                    surface=answer.surface,
                    version=answer.version,
                    event=due.event,
                    accepted_at=due.accepted_at,
                )
                self._log.append(Topic.RECOMMENDATIONS, due.user_id, [encode(changed)])

        if made:
            self._store.transact(publish)
        for due, _ in made:
            measures.note_lag(measures.ANSWER_LAG, due.accepted_at)

    def _refuse(self, entry: Entry, error: UnknownListenerError | UnreadableEventError) -> None:
        if isinstance(error, UnreadableEventError):
            bury(self._log, entry, str(error))
            return
        # Kept as a dead letter, it would outlive the listener's removal.
        measures.PASSED_OVER.labels("gone").inc()
        _log.info("event %s is passed over: %s", place(entry), error)


def _measure(taken: Iterable[ListenerEvent], applied: Applied) -> None:
    if applied.known:
        measures.PASSED_OVER.labels("known").inc(applied.known)
    for event in taken:
        measures.APPLIED.labels(event.kind).inc()
        measures.note_lag(measures.EFFECT_LAG, event.accepted_at)
