"""The live worker: consumes what listeners do, makes its effects, and publishes fresh answers."""

import logging
from collections.abc import Callable, Iterable, Iterator

from antiphon.events import (
    AnswerChanged,
    Entry,
    EventLog,
    ListenerEvent,
    Topic,
    UnreadableEventError,
)
from antiphon.events.records import DeadLetter, decode, encode
from antiphon.live import answers
from antiphon.live.effects import apply
from antiphon.live.models import Models
from antiphon.store import Store, StoreError
from antiphon.store.schema import ANSWERS

GROUP = "live"
WAIT_S = 0.5
# More than a page asks for, so that what it has queued already can be left out.
PREPARED = 60
_log = logging.getLogger(__name__)


def run(store: Store, log: EventLog, models: Models, stopped: Callable[[], bool]) -> None:
    """Answer events until `stopped()`; what was not finished then comes again at the next start."""
    with log.consumer(Topic.LISTENS, GROUP) as consumer:
        while not stopped():
            batch = consumer.poll(WAIT_S)
            handle(store, log, models, batch)
            consumer.commit(batch)


def handle(store: Store, log: EventLog, models: Models, batch: list[Entry]) -> None:
    """Make the effects of a batch, and answer its listeners once each.

    An event or an answer that fails costs only itself. While the store is away nothing
    may be committed, so that the batch comes again.

    Raises:
        StoreError: the store is away.
    """
    latest = {event.user_id: event.id for event in _applied(store, log, batch)}
    for user_id, version in latest.items():
        try:
            publish(store, log, models, user_id, version)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - see below
            # Their listens are safe; the page asks again, and nobody else waits for this answer.
            _log.exception("no answer could be made for %s", user_id)


def publish(store: Store, log: EventLog, models: Models, user_id: str, version: str) -> None:
    """Make the listener's next answer, keep it, and tell the open pages."""
    answer = answers.next_up(store, models.content, user_id, version=version, limit=PREPARED)
    store.put(ANSWERS, answer)
    changed = AnswerChanged(user_id=user_id, surface=answer.surface, version=version)
    log.append(Topic.RECOMMENDATIONS, user_id, [encode(changed)])


def _applied(store: Store, log: EventLog, batch: Iterable[Entry]) -> Iterator[ListenerEvent]:
    for entry in batch:
        try:
            event = decode(entry.value, ListenerEvent)
            apply(store, event)
        except UnreadableEventError as error:
            _bury(log, entry, str(error))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            # Whatever an event provokes, it would provoke again: it must not block the others.
            _log.exception("event %s:%d is poison", entry.topic, entry.offset)
            _bury(log, entry, f"{type(error).__name__}: {error}")
        else:
            yield event


def _bury(log: EventLog, entry: Entry, reason: str) -> None:
    _log.warning("event %s:%d is set aside: %s", entry.topic, entry.offset, reason)
    letter = DeadLetter(
        topic=entry.topic, offset=entry.offset, key=entry.key, value=entry.value, reason=reason
    )
    log.append(Topic.DEAD_LETTERS, entry.key, [encode(letter)])
