"""A thread that keeps the models up beside the answers: by the log, and by looking at the store."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from antiphon.events import Entry, EventLog, EventLogError, Topic, UnreadableEventError
from antiphon.events.port import Consumer
from antiphon.events.records import Play, decode
from antiphon.events.trouble import Trouble
from antiphon.store import StoreError

# Plays of others are heard within this: soon enough, and next to nothing to look for.
LISTEN_EVERY_S = 0.1
CLOSED_WITHIN_S = 5.0
_log = logging.getLogger(__name__)


class Follower:
    """Reads what all workers learn from, without a group, and does what is due meanwhile.

    It opens the log first and catches up then, so that nothing is lost between: what comes twice
    is learned once. `begun` is set when what was due has been done for the first time.
    """

    def __init__(
        self,
        log: EventLog,
        catch_up: Callable[[], None],
        hear: Callable[[Iterable[Play]], None],
        keep_up: Callable[[], None],
    ) -> None:
        self.begun = threading.Event()
        self._log = log
        self._catch_up = catch_up
        self._hear = hear
        self._keep_up = keep_up
        self._stopped = threading.Event()
        self._trouble = Trouble(_log, "what is played elsewhere")
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self) -> None:
        """Stop, after what is being done just now."""
        self._stopped.set()
        self._thread.join(CLOSED_WITHIN_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._log.consumer(Topic.PLAYS, None) as consumer:
                    self._catch_up()
                    self._follow(consumer)
            except (EventLogError, StoreError) as error:
                # There are models without it.
                self._look()
                self._stopped.wait(self._trouble.met(error))
            except Exception:  # noqa: BLE001 - see below
                # Ended, this thread would leave the models as they are for ever.
                _log.exception("what is played elsewhere cannot be followed; trying again")
                self._stopped.wait(LISTEN_EVERY_S)

    def _follow(self, consumer: Consumer) -> None:
        while not self._stopped.is_set():
            entries = consumer.poll(0.0)
            self._hear(_plays(entries))
            self._look()
            self._trouble.over()
            if not entries:
                self._stopped.wait(LISTEN_EVERY_S)

    def _look(self) -> None:
        self._keep_up()
        self.begun.set()


def _plays(entries: Sequence[Entry]) -> Iterator[Play]:
    for entry in entries:
        try:
            yield decode(entry.value, Play)
        except UnreadableEventError as error:
            _log.warning(
                "%s:%d:%d is no play: %s", entry.topic, entry.partition, entry.offset, error
            )
