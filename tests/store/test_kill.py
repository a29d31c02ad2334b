"""SIGKILL at any moment damages nothing, and loses nothing that was acknowledged."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.store import killed

from antiphon.compute.local import LocalCompute
from antiphon.events import ListenerEvent, Topic
from antiphon.events.records import decode
from antiphon.library import scan
from antiphon.live import worker
from antiphon.live.effects import familiarity_id
from antiphon.live.models import Models
from antiphon.model import Track, User
from antiphon.store import Store, open_store
from antiphon.store.schema import FAMILIARITIES, FILES, LISTENS, LOG_ENTRIES, TRACKS, USERS

KILLS = 50
FOLDERS, FILES_EACH = 40, 8
RATE_HZ = 8000


@pytest.mark.slow
def test_fifty_kills_during_scans_and_listens_lose_and_damage_nothing(tmp_path: Path) -> None:
    begin(tmp_path)
    chance = random.Random(50)
    left, heard = set(), set()
    with nursery(tmp_path) as born:
        for number in range(KILLS):
            kill_all_after(chance.randrange(60), tmp_path, number, born)
            with closing(sqlite3.connect(tmp_path / "antiphon.db")) as raw:
                assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert acknowledged(tmp_path) <= logged(tmp_path)
            left.add(left_to_scan(tmp_path))
            heard.add(len(acknowledged(tmp_path)))
    assert len(left) > KILLS / 10, "hardly a scan was killed half way"
    assert len(heard) > KILLS / 2, "hardly a listen was acknowledged before a kill"

    store, log = killed.opened(tmp_path)
    assert store.check() == []
    scan.scan(store, LocalCompute(1), [tmp_path / "music"])
    assert_the_catalogue_is_right(store, tmp_path / "music")

    with log.consumer(Topic.LISTENS, worker.GROUP) as consumer:
        while batch := consumer.poll(0.01):
            worker.handle(store, log, Models(store), batch)
            consumer.commit(batch)
    listens = {listen.id for listen in store.find(LISTENS)}
    assert {f"{killed.USER}:{id}" for id in acknowledged(tmp_path)} <= listens
    familiarity = store.get(FAMILIARITIES, familiarity_id(killed.USER, killed.HEARD))
    assert familiarity is not None
    assert familiarity.plays == len(listens)
    assert store.count(LOG_ENTRIES, {"topic": Topic.DEAD_LETTERS}) == 0


def begin(data: Path) -> None:
    """Make the music, and somebody to listen to it."""
    chance = np.random.default_rng(1)
    for folder in range(FOLDERS):
        (data / "music" / f"{folder}").mkdir(parents=True)
        for number in range(FILES_EACH):
            path = data / "music" / f"{folder}" / f"{number}.wav"
            soundfile.write(path, chance.uniform(-0.5, 0.5, RATE_HZ // 8), RATE_HZ)
    store = open_store(f"sqlite:///{data / 'antiphon.db'}")
    store.put(USERS, User(id=killed.USER, name="Ann", key="ann"))
    store.put(TRACKS, Track(id=killed.HEARD, title="Heard", sort="heard", duration_ms=200_000))
    store.close()


@contextmanager
def nursery(data: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run the program that starts what is to be killed."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.killed", str(data)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def kill_all_after(listens: int, data: Path, seed: int, born: "subprocess.Popen[str]") -> None:
    """Kill them when so many more listens are acknowledged, however long a slow machine takes."""
    assert born.stdin is not None
    assert born.stdout is not None
    before = len(acknowledged(data))
    print(seed, file=born.stdin, flush=True)
    pids = born.stdout.readline().split()
    give_up_at = time.monotonic() + 30
    while len(acknowledged(data)) < before + listens and time.monotonic() < give_up_at:
        time.sleep(0.002)
    for pid in pids:
        os.kill(int(pid), signal.SIGKILL)
    assert born.stdout.readline().split() == ["9", "9", "9"]


def acknowledged(data: Path) -> set[str]:
    noted = data / "acknowledged"
    return set(noted.read_text().split()) if noted.exists() else set()


def logged(data: Path) -> set[str]:
    """Return the ids of the events in the log, each of which is there once."""
    with closing(open_store(f"sqlite:///{data / 'antiphon.db'}")) as store:
        entries = store.find(LOG_ENTRIES, {"topic": Topic.LISTENS})
    ids = Counter(decode(entry.value, ListenerEvent).id for entry in entries)
    assert set(ids.values()) <= {1}
    return set(ids)


def left_to_scan(data: Path) -> int:
    """Return how many files the catalogue does not know as they are now."""
    with closing(open_store(f"sqlite:///{data / 'antiphon.db'}")) as store:
        known = {file.id: file.mtime_ns for file in store.find(FILES)}
    files = (data / "music").rglob("*.wav")
    return sum(known.get(str(path)) != path.stat().st_mtime_ns for path in files)


def assert_the_catalogue_is_right(store: Store, music: Path) -> None:
    files = store.find(FILES)
    assert {file.id for file in files} == {str(path) for path in music.rglob("*.wav")}
    assert not any(file.missing for file in files)
    tracks = {track.id for track in store.find(TRACKS, {"missing": False})} - {killed.HEARD}
    assert {file.track_id for file in files} == tracks
    assert len(tracks) == FOLDERS * FILES_EACH
