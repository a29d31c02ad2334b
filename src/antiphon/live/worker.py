"""The live worker: consumes what listeners do, makes its effects, and publishes fresh answers.

An event is committed when its effects are stored, so a worker may die at any moment; several
share the partitions of a topic that has some. Told to stop, it finishes the batch in hand.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator

from antiphon.events import (
    AnswerChanged,
    Entry,
    EventLog,
    ListenerEvent,
    Topic,
    UnreadableEventError,
)
from antiphon.events.records import LISTENS_GROUP, DeadLetter, decode, encode
from antiphon.events.trouble import Trouble
from antiphon.live import answers
from antiphon.live.effects import UnknownListenerError, apply
from antiphon.live.models import Models
from antiphon.store import Store, StoreError, StoreUnavailableError
from antiphon.store.schema import ANSWERS

GROUP = LISTENS_GROUP
WAIT_S = 0.5
# More than a page asks for, so that what it has queued already can be left out.
PREPARED = 60
# A letter has to fit into the log, though it is longer than what it is about: by base64, a third.
KEPT_OF_VALUE = 500_000
KEPT_OF_TEXT = 1000
_log = logging.getLogger(__name__)


def run(store: Store, log: EventLog, models: Models, stopped: Callable[[], bool]) -> None:
    """Answer events until `stopped()`; what was not finished then comes again at the next start.

    While the store is away, the batch in hand is tried again and nothing is committed.
    """
    trouble = Trouble(_log, "the store")
    batch: list[Entry] = []
    with log.consumer(Topic.LISTENS, GROUP) as consumer:
        while not stopped():
            try:
                batch = batch or consumer.poll(WAIT_S)
                handle(store, log, models, batch)
                consumer.commit(batch)
                batch = []
                trouble.over()
            except StoreUnavailableError as error:
                _rest(trouble.met(error), stopped)


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
    answer = answers.next_up(store, models.now, user_id, version=version, limit=PREPARED)
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
        except UnknownListenerError as error:
            # Kept as a dead letter, it would outlive the listener's removal.
            _log.info("event %s is passed over: %s", _place(entry), error)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - see below
            # Whatever an event provokes, it would provoke again: it must not block the others.
            _log.exception("event %s is poison", _place(entry))
            _bury(log, entry, f"{type(error).__name__}: {error}")
        else:
            yield event


def _bury(log: EventLog, entry: Entry, reason: str) -> None:
    key, reason = entry.key[:KEPT_OF_TEXT], reason[:KEPT_OF_TEXT]
    _log.warning("event %s is set aside: %s", _place(entry), reason)
    letter = DeadLetter(
        topic=entry.topic,
        partition=entry.partition,
        offset=entry.offset,
        key=key,
        value=entry.value[:KEPT_OF_VALUE],
        reason=reason,
    )
    log.append(Topic.DEAD_LETTERS, key, [encode(letter)])


def _place(entry: Entry) -> str:
    return f"{entry.topic}:{entry.partition}:{entry.offset}"


def _rest(seconds: float, stopped: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stopped():
        time.sleep(min(WAIT_S, seconds))
