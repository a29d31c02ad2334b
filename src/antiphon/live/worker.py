"""The live worker: consumes what listeners do, makes its effects, and publishes fresh answers.

The effects of a batch come first. Then those are answered who wait, who waits longest first, for
about as long; then comes the next batch. So one who does much is answered once for all of it, and
keeps nobody else waiting. An event is committed when its effects are stored and its listener is
answered, so a worker may die at any moment; several share the partitions of a topic that has some.
"""

import logging
import time
from collections.abc import Callable, Sequence

from antiphon.events import Entry, EventLog, Topic
from antiphon.events.port import Consumer
from antiphon.events.records import LISTENS_GROUP
from antiphon.events.trouble import Trouble
from antiphon.live import measures
from antiphon.live.models import Models
from antiphon.live.work import Worker
from antiphon.store import Store, StoreUnavailableError

__all__ = ["GROUP", "Worker", "handle", "run"]

GROUP = LISTENS_GROUP
WAIT_S = 0.5
# Those who wait are answered for as long as the effects took, and for so long at least.
ANSWERING_S = 0.02
# Who waits when the worker is told to stop is answered within this, or by the next one.
FAREWELL_S = 2.0
LOOK_BEHIND_EVERY_S = 1.0
_log = logging.getLogger(__name__)


def run(store: Store, log: EventLog, models: Models, stopped: Callable[[], bool]) -> None:
    """Answer events until `stopped()`; what was not finished then comes again at the next start.

    While the store is away, what is in hand is tried again and nothing is committed.
    """
    trouble = Trouble(_log, "the store")
    worker = Worker(store, log, models)
    batch: list[Entry] = []
    look_at = 0.0
    with log.consumer(Topic.LISTENS, GROUP) as consumer:
        while not stopped():
            try:
                batch = batch or consumer.poll(0 if worker.waiting else WAIT_S)
                took_s = worker.take(batch)
                batch = []
                worker.answer_due(max(ANSWERING_S, took_s))
                _commit(worker, consumer)
                trouble.over()
                look_at = _look_behind(consumer, look_at)
            except StoreUnavailableError as error:
                measures.RETRIES.inc()
                _rest(trouble.met(error), stopped)
        _part(worker, consumer)


def handle(store: Store, log: EventLog, models: Models, batch: Sequence[Entry]) -> None:
    """Make the effects of a batch, and answer all its listeners.

    Raises:
        StoreError: the store is away, and nothing may be committed.
    """
    worker = Worker(store, log, models)
    worker.take(batch)
    worker.answer_due()


def _look_behind(consumer: Consumer, look_at: float) -> float:
    """Measure every now and then how many events are still to be taken; return when next."""
    if time.monotonic() < look_at:
        return look_at
    measures.BEHIND.set(consumer.behind())
    return time.monotonic() + LOOK_BEHIND_EVERY_S


def _part(worker: Worker, consumer: Consumer) -> None:
    """Answer who waits still, as far as there is time; the rest is the next worker's."""
    try:
        worker.answer_due(FAREWELL_S)
        _commit(worker, consumer)
    except StoreUnavailableError as error:
        _log.warning("some answers are left to the next worker: %s", error)


def _commit(worker: Worker, consumer: Consumer) -> None:
    if entries := worker.waiting.finished():
        consumer.commit(entries)


def _rest(seconds: float, stopped: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stopped():
        time.sleep(min(WAIT_S, seconds))
