"""When models are trained: at night, and when there is twice as much to learn from."""

import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.ops.listening import plant

from antiphon.ops import nightly
from antiphon.ops.nightly import Last, is_due, last_night
from antiphon.store import Store

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
HOUR = "03:30"
PATIENCE_S = 30.0


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (at(22, 20), at(22, 3, 30)),
        (at(22, 3, 30), at(22, 3, 30)),
        (at(22, 3, 29), at(21, 3, 30)),
    ],
)
def test_the_last_night_is_the_last_time_that_the_clock_said_so(
    now: datetime, night: datetime
) -> None:
    assert last_night(now, HOUR) == night


@pytest.mark.parametrize(
    ("last", "listens", "seen", "due"),
    [
        (Last(), 0, 0, False),
        (Last(), 99, 99, False),
        (Last(), 100, 100, True),
        # An import under way is waited for.
        (Last(), 5_000, 1_000, False),
        (Last(), 5_000, 4_900, True),
        # Trained today.
        (Last(at(22, 4), 1_000), 1_999, 1_999, False),
        (Last(at(22, 4), 1_000), 2_000, 2_000, True),
        # Trained before the last night, however little is new, and whatever is under way.
        (Last(at(22, 3), 1_000), 1_000, 1_000, True),
        (Last(at(1, 3), 1_000), 1_900, 1_000, True),
    ],
)
def test_it_is_due_at_night_and_when_listens_have_doubled(
    last: Last, listens: int, seen: int, due: bool
) -> None:
    assert is_due(last, listens, seen, NOW, HOUR) is due


class Running:
    """The nightly training, with a command that says in a file that it ran."""

    def __init__(self, store: Store, folder: Path, code: str, last: Last) -> None:
        self.ran = folder / "ran"
        self.stopped = threading.Event()
        command = [sys.executable, "-c", f"open({str(self.ran)!r}, 'a').write('x'); {code}"]
        self.thread = threading.Thread(
            target=nightly.run, args=(store, lambda: last, HOUR, self.stopped, command)
        )
        self.thread.start()

    @property
    def times(self) -> int:
        return len(self.ran.read_text()) if self.ran.exists() else 0

    def wait_for(self, times: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.times < times:
            assert time.monotonic() < deadline, "it was not trained in time"
            time.sleep(0.02)

    def stop(self) -> float:
        """Stop it; return how many seconds that took."""
        started = time.monotonic()
        self.stopped.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        return time.monotonic() - started


@pytest.fixture(autouse=True)
def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "LOOK_EVERY_S", 0.05)


def test_the_first_training_comes_when_there_is_enough_and_only_once(
    store: Store, tmp_path: Path
) -> None:
    running = Running(store, tmp_path, "", Last())
    time.sleep(0.3)
    assert running.times == 0
    plant(store)
    running.wait_for(1)
    time.sleep(0.5)
    assert running.times == 1
    plant(store, since=10)
    running.wait_for(2)
    running.stop()


def test_a_night_that_was_slept_through_is_made_up_for_once(store: Store, tmp_path: Path) -> None:
    plant(store)
    running = Running(store, tmp_path, "", Last(at(1, 3), 1280))
    running.wait_for(1)
    time.sleep(0.5)
    assert running.times == 1
    running.stop()


def test_a_failure_is_told_and_not_tried_again_at_once(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plant(store)
    running = Running(store, tmp_path, "import sys; print('it is worse'); sys.exit(70)", Last())
    running.wait_for(1)
    time.sleep(0.5)
    running.stop()
    assert running.times == 1
    assert [(r.levelname, r.message) for r in caplog.records] == [("WARNING", "it is worse")]


def test_a_training_under_way_is_ended_when_the_instance_stops(
    store: Store, tmp_path: Path
) -> None:
    plant(store)
    running = Running(store, tmp_path, "import time; time.sleep(60)", Last())
    running.wait_for(1)
    assert running.stop() < 10
