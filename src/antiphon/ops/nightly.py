"""When to train: every night, and whenever there is twice as much to learn from.

So a newcomer need not wait for the night: the first models come as soon as enough was listened to,
the next when it is twice as much; from then on a night's sleep is soon enough. A machine that slept
at the hour trains when it is awake again.
"""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from antiphon.store import Store, StoreUnavailableError
from antiphon.store.schema import LISTENS
from antiphon.taste.errors import ArtefactError
from antiphon.taste.registry import Registry, in_use

LOOK_EVERY_S = 20.0
# Fewer listens than these are not worth an attempt.
WORTH_TRYING = 100
# Listens that come faster than this, from look to look, are an import under way: it is waited for.
SETTLED = 1.05
COMMAND = (sys.executable, "-m", "antiphon", "train", "--quiet")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Last:
    """The last training: when it was (None: never), and how many listens there were then."""

    at: datetime | None = None
    listens: int = 0


def is_due(last: Last, listens: int, seen: int, now: datetime, hour: str) -> bool:
    """Say whether to train now, with so many listens, of which so many were `seen` a look ago.

    `hour` is such as 03:30, on the clock of `now`.
    """
    if listens < WORTH_TRYING:
        return False
    has_doubled = listens >= 2 * last.listens and listens <= SETTLED * seen
    return has_doubled or (last.at is not None and last.at < last_night(now, hour))


def last_night(now: datetime, hour: str) -> datetime:
    """Return when that hour was last."""
    hours, minutes = map(int, hour.split(":"))
    night = now.replace(hour=hours, minute=minutes, second=0, microsecond=0)
    return night if night <= now else night - timedelta(days=1)


def last_trained(registry: Registry) -> Last:
    """Return when the models in use were trained, whoever trained them.

    Raises:
        ArtefactError: they cannot be reached.
    """
    manifest = in_use(registry)
    if manifest is None:
        return Last()
    return Last(datetime.fromtimestamp(manifest.made_at / 1000, UTC), manifest.listens)


def run(
    store: Store,
    trained: Callable[[], Last],
    hour: str,
    stopped: threading.Event,
    command: Sequence[str] = COMMAND,
) -> None:
    """Train whenever it is due, by a command in a process of its own, until `stopped`."""
    tried, seen = Last(), 0
    while not stopped.wait(LOOK_EVERY_S):
        try:
            listens = store.count(LISTENS)
            last = _later(tried, trained())
        except (StoreUnavailableError, ArtefactError) as error:
            _log.warning("%s", error)
            continue
        now = datetime.now(UTC).astimezone()
        if is_due(last, listens, seen, now, hour):
            tried = Last(now, listens)
            _train(command, stopped)
        seen = listens


def _later(one: Last, other: Last) -> Last:
    """Return what both say together: the later moment, and the more listens."""
    moments = [last.at for last in (one, other) if last.at is not None]
    return Last(max(moments, default=None), max(one.listens, other.listens))


def _train(command: Sequence[str], stopped: threading.Event) -> None:
    """Run the command; when `stopped` it is ended, and what it had done until then is lost."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - our own
    ending = threading.Thread(target=_end_when, args=(stopped, process), daemon=True)
    ending.start()
    said, _ = process.communicate()
    if stopped.is_set():
        return
    level = logging.INFO if process.returncode == 0 else logging.WARNING
    for line in said.splitlines():
        _log.log(level, "%s", line)


def _end_when(stopped: threading.Event, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None:
        if stopped.wait(0.5):
            process.terminate()
            return
