"""The work in the background: the catalogue follows the music folders by itself, and stops."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from antiphon.audio.plan import Plan
from antiphon.compute import ComputeError
from antiphon.compute.local import LocalCompute
from antiphon.model import Progress
from antiphon.ops import ingest, pausing, progress
from antiphon.ops.progress import ANALYSIS
from antiphon.store import Store
from antiphon.store.schema import FEATURES, FILES, PROGRESS, TRACKS

pytestmark = pytest.mark.slow

PATIENCE_S = 30.0
PLAN = Plan(sets=("summary/1",))
WriteTone = Callable[..., Path]
Running = Callable[..., threading.Event]


@pytest.fixture
def running(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Start the work in the background, more eagerly than usual; it stops promptly at the end."""
    monkeypatch.setattr(ingest, "QUIET_MS", 100)
    monkeypatch.setattr(ingest, "LOOK_EVERY_MS", 200)
    stopped = threading.Event()
    threads: list[threading.Thread] = []

    def start(
        *roots: Path, watch: bool = True, planned: Callable[[], Plan] = lambda: PLAN
    ) -> threading.Event:
        thread = threading.Thread(
            target=ingest.run,
            args=(store, LocalCompute(1), planned, roots, stopped),
            kwargs={"watch": watch},
        )
        thread.start()
        threads.append(thread)
        return stopped

    yield start
    stopped.set()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def until(happens: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def present(store: Store) -> set[str]:
    return {Path(file.id).name for file in store.find(FILES, {"missing": False})}


def test_the_catalogue_follows_the_folder_and_new_music_is_listened_to(
    store: Store, running: Running, music: Path, write_tone: WriteTone
) -> None:
    write_tone(music / "first.flac", 220)
    running(music)
    until(lambda: present(store) == {"first.flac"})

    (music / "new album").mkdir()
    later = write_tone(music / "new album" / "later.flac", 330)
    until(lambda: present(store) == {"first.flac", "later.flac"})

    later.rename(music / "renamed.flac")
    until(lambda: present(store) == {"first.flac", "renamed.flac"})
    assert store.count(TRACKS) == 2

    (music / "first.flac").unlink()
    until(lambda: present(store) == {"renamed.flac"})
    assert store.count(TRACKS, {"missing": True}) == 1

    until(lambda: store.count(TRACKS, {"features": PLAN.name, "missing": False}) == 1)


def test_a_folder_with_a_dot_in_its_name_that_is_moved_away_is_noticed(
    store: Store, running: Running, music: Path, write_tone: WriteTone, tmp_path: Path
) -> None:
    (music / "St. Vincent").mkdir()
    write_tone(music / "St. Vincent" / "there.flac", 0)
    write_tone(music / "stays.flac", 220)
    running(music)
    until(lambda: present(store) == {"there.flac", "stays.flac"})
    (music / "St. Vincent").rename(tmp_path / "away")
    until(lambda: present(store) == {"stays.flac"})


def test_a_folder_that_goes_away_and_comes_back_is_followed_again(
    store: Store, running: Running, music: Path, write_tone: WriteTone, tmp_path: Path
) -> None:
    write_tone(music / "0.flac", 0)
    running(music)
    until(lambda: present(store) == {"0.flac"})

    away = music.rename(tmp_path / "away")
    write_tone(away / "meanwhile.flac", 330)
    time.sleep(1)
    away.rename(music)
    until(lambda: present(store) == {"0.flac", "meanwhile.flac"})

    shutil.rmtree(music)
    music.mkdir()
    write_tone(music / "another.flac", 440)
    until(lambda: present(store) == {"another.flac"})


def test_a_folder_that_is_not_there_yet_is_taken_up_when_it_comes(
    store: Store, running: Running, music: Path, write_tone: WriteTone, tmp_path: Path
) -> None:
    unmounted = tmp_path / "unmounted"
    write_tone(music / "0.flac", 0)
    running(music, unmounted)
    until(lambda: present(store) == {"0.flac"})
    unmounted.mkdir()
    write_tone(unmounted / "found.flac", 220)
    until(lambda: present(store) == {"0.flac", "found.flac"})


def test_music_that_comes_during_a_scan_is_not_overlooked(
    store: Store,
    running: Running,
    music: Path,
    write_tone: WriteTone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (music / "0.mp3").touch()
    with _scan_held(monkeypatch) as is_over:
        running(music)
        until(is_over)
        write_tone(music / "just after.flac", 0)
    until(lambda: "just after.flac" in present(store))


@contextmanager
def _scan_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """Hold the first scan when it has seen everything, until this is left."""
    seen, go_on = threading.Event(), threading.Event()
    real = ingest.scan.scan

    def held(*arguments: object) -> object:
        report = real(*arguments)  # type: ignore[arg-type]
        seen.set()
        go_on.wait(PATIENCE_S)
        return report

    monkeypatch.setattr(ingest.scan, "scan", held)
    yield seen.is_set
    go_on.set()


def test_unwatched_it_scans_once_and_waits(
    store: Store, running: Running, music: Path, write_tone: WriteTone
) -> None:
    write_tone(music / "0.flac", 0)
    running(music, watch=False)
    until(lambda: present(store) == {"0.flac"})
    write_tone(music / "later.flac", 220)
    time.sleep(1)
    assert present(store) == {"0.flac"}


def test_without_folders_it_only_clears_up_and_waits(store: Store, running: Running) -> None:
    store.put(PROGRESS, Progress(id="analysis", phase="left by a process that died"))
    running()
    until(lambda: store.count(PROGRESS) == 0)


def test_it_stops_promptly_while_it_listens(
    store: Store, running: Running, music: Path, write_tone: WriteTone
) -> None:
    for number in range(60):
        write_tone(music / f"{number}.flac", 200 + number)
    stopped = running(music)
    until(lambda: store.count(FEATURES) > 0)
    stopped.set()
    until(lambda: not _working(), 5)
    assert store.count(PROGRESS) == 0
    assert 0 < store.count(TRACKS, {"features": ""}) < 60


def test_paused_it_says_so_and_goes_on_when_it_is_resumed(
    store: Store, running: Running, music: Path, write_tone: WriteTone
) -> None:
    write_tone(music / "0.flac", 220)
    pausing.pause(store, ANALYSIS)
    running(music)
    until(lambda: present(store) == {"0.flac"})
    until(lambda: phase(store) == progress.PAUSED)
    assert store.count(TRACKS, {"features": ""}) == 1
    pausing.resume(store, ANALYSIS)
    until(lambda: store.count(TRACKS, {"features": PLAN.name}) == 1)
    until(lambda: phase(store) is None)


def phase(store: Store) -> str | None:
    shown = store.get(PROGRESS, ANALYSIS)
    return shown and shown.phase


def test_when_more_can_be_found_out_everything_is_listened_to_again(
    store: Store,
    running: Running,
    music: Path,
    write_tone: WriteTone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ingest, "LOOK_FOR_NETS_S", 0.1)
    write_tone(music / "0.flac", 220)
    plans = [PLAN]
    running(music, planned=lambda: plans[-1])
    until(lambda: store.count(TRACKS, {"features": PLAN.name}) == 1)
    plans.append(Plan(sets=("summary/1", "mfcc100/1")))
    until(lambda: store.count(TRACKS, {"features": "summary/1+mfcc100/1"}) == 1)
    assert {doc.name for doc in store.find(FEATURES)} == {"summary/1", "mfcc100/1"}


class _BrokenCompute:
    def map(self, *_: object) -> Iterator[object]:
        raise RuntimeError("no process can be started")

    def close(self) -> None:
        pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_ends_when_the_analysis_fails_so_that_its_supervisor_starts_it_again(
    store: Store, music: Path, write_tone: WriteTone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "LOOK_EVERY_MS", 200)
    write_tone(music / "0.flac", 0)
    compute: Any = _BrokenCompute()
    ingest.run(store, compute, lambda: PLAN, [music], threading.Event())
    assert present(store) == {"0.flac"}


class _AwayAtFirst(LocalCompute):
    """An engine that cannot be reached when it is first asked."""

    asked = 0

    def map(self, *arguments: Any) -> Iterator[Any]:
        self.asked += 1
        if self.asked == 1:
            raise ComputeError("the master does not answer")
        yield from super().map(*arguments)


def test_an_engine_that_is_away_is_asked_again(
    store: Store, music: Path, write_tone: WriteTone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "LOOK_EVERY_MS", 200)
    monkeypatch.setattr(ingest, "_RETRY_S", 0.1)
    write_tone(music / "0.flac", 220)
    stopped, compute = threading.Event(), _AwayAtFirst(1)
    thread = threading.Thread(
        target=ingest.run, args=(store, compute, lambda: PLAN, [music], stopped)
    )
    thread.start()
    until(lambda: store.count(TRACKS, {"features": PLAN.name}) == 1)
    stopped.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert compute.asked == 2


def _working() -> bool:
    return any(thread.name.endswith(("(run)", "(_analyse)")) for thread in threading.enumerate())
