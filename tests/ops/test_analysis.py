"""The analysis: every track gets its features once, whatever its file is, however often stopped."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from antiphon.audio.features import DIMENSIONS, NAME
from antiphon.compute import ComputeError
from antiphon.compute.local import LocalCompute
from antiphon.library import scan
from antiphon.model import Track
from antiphon.ops import doctor
from antiphon.ops.analysis import FAILED, analyse
from antiphon.store import Store
from antiphon.store.schema import FEATURES, FILES, PROBLEMS, PROGRESS, TRACKS

pytestmark = pytest.mark.slow

Analyse = Callable[..., int]
WriteTone = Callable[..., Path]


@pytest.fixture(scope="module")
def compute() -> Iterator[LocalCompute]:
    compute = LocalCompute(1)
    yield compute
    compute.close()


def catalogue(store: Store, music: Path) -> None:
    scan.scan(store, LocalCompute(1), [music])


def states(store: Store) -> dict[str, str]:
    """The state of the track of each file, by the file's name."""
    tracks = store.get_many(TRACKS, [file.track_id for file in store.find(FILES)])
    files = [file for file in store.find(FILES) if file.track_id]
    return {Path(file.id).stem: tracks[file.track_id].features for file in files}


def never() -> bool:
    return False


def test_whatever_the_files_are_each_track_ends_with_features_or_a_reason(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    write_tone(music / "low.flac", 110)
    write_tone(music / "high.wav", 3000)
    silent = write_tone(music / "silent.flac", 0)
    gone = write_tone(music / "gone.flac", 550)
    catalogue(store, music)
    gone.unlink()

    assert analyse(store, compute, never) == 4
    assert states(store) == {"low": NAME, "high": NAME, "silent": FAILED, "gone": ""}
    assert store.count(PROGRESS) == 0

    low, high = (np.frombuffer(doc.vector, "<f4") for doc in store.find(FEATURES))
    assert low.shape == high.shape == (DIMENSIONS,) == (101,)
    assert np.isfinite([low, high]).all()
    assert not np.allclose(low, high)

    said = {problem.id: (problem.stage, problem.reason) for problem in doctor.problems(store)}
    assert said == {
        str(silent): ("analysis", "it is silent"),
        str(gone): ("analysis", "it vanished before it was read"),
    }


def test_a_disk_that_goes_away_and_comes_back_costs_no_features(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone, tmp_path: Path
) -> None:
    write_tone(music / "low.flac", 110)
    write_tone(music / "high.flac", 3000)
    catalogue(store, music)
    away = music.rename(tmp_path / "away")
    assert analyse(store, compute, never) == 2
    assert states(store) == {"low": "", "high": ""}
    assert store.count(PROBLEMS, {"stage": "analysis"}) == 2

    away.rename(music)
    assert analyse(store, compute, never) == 2
    assert states(store) == {"low": NAME, "high": NAME}
    assert store.count(PROBLEMS) == 0
    assert analyse(store, compute, never) == 0


def test_every_track_is_listened_to_again_for_another_feature_set(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    former = {"a": "a/1", "b": "failed:a/1", "c": "z/1", "d": "failed:z/1", "e": ""}
    for number, name in enumerate((*former, "known", "failed")):
        write_tone(music / f"{name}.flac", 300 + 50 * number)
    catalogue(store, music)
    before = former | {"known": NAME, "failed": FAILED}
    ids = {Path(file.id).stem: file.track_id for file in store.find(FILES)}
    tracks = store.get_many(TRACKS, ids.values())
    store.put_many(TRACKS, [replace(tracks[ids[n]], features=was) for n, was in before.items()])

    assert analyse(store, compute, never) == len(former)
    assert states(store) == dict.fromkeys(former, NAME) | {"known": NAME, "failed": FAILED}


def test_stopped_in_the_middle_it_carries_on_where_it_was(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    for number in range(6):
        write_tone(music / f"{number}.flac", 200 + number, seconds=0.2)
    catalogue(store, music)

    assert analyse(store, compute, lambda: True) == 1
    assert sorted(states(store).values()) == ["", "", "", "", "", FAILED]
    assert store.count(PROGRESS) == 0

    assert analyse(store, compute, never) == 5
    assert set(states(store).values()) == {FAILED}
    assert {problem.reason for problem in doctor.problems(store)} == {"it is only 0.20 s long"}


class _FailingAfterTwo(LocalCompute):
    """An engine that goes away in the middle."""

    def map(self, *arguments: Any) -> Iterator[Any]:
        yield from islice(super().map(*arguments), 2)
        raise ComputeError("no executor takes the work")


def test_an_engine_that_fails_in_the_middle_costs_nothing_that_was_done(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    for number in range(4):
        write_tone(music / f"{number}.flac", 200 + number, seconds=0.2)
    catalogue(store, music)
    failing = _FailingAfterTwo(1)
    with pytest.raises(ComputeError, match="no executor"):
        analyse(store, failing, never)
    failing.close()
    assert sorted(states(store).values()) == ["", "", FAILED, FAILED]
    assert store.count(PROGRESS) == 0
    assert analyse(store, compute, never) == 2


def test_who_listens_for_it_needs_no_store() -> None:
    loaded = "import sys, antiphon.ops.listening, antiphon.compute.local; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    modules = set(run.stdout.split())
    assert "antiphon.audio.features" in modules
    assert modules.isdisjoint({"antiphon.store", "sqlite3", "antiphon.library.scan"})


def test_a_missing_track_waits_for_its_file(store: Store, compute: LocalCompute) -> None:
    store.put(TRACKS, Track(id="tr-1", title="T", sort="t", missing=True))
    assert analyse(store, compute, never) == 0
    assert store.get(TRACKS, "tr-1") == Track(id="tr-1", title="T", sort="t", missing=True)
