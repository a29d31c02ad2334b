"""The analysis: every track gets its features once, whatever its file is, however often stopped."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import mutagen.flac
import numpy as np
import pytest
import soundfile
from msgspec.structs import replace

from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.plan import Plan
from antiphon.compute import ComputeError
from antiphon.compute.local import LocalCompute
from antiphon.events.lease import LASTS_S
from antiphon.library import scan
from antiphon.library.catalogue import purge
from antiphon.model import ReplayGain, Track
from antiphon.ops import doctor, pausing
from antiphon.ops.analysis import RECORDED, analyse
from antiphon.ops.pausing import NotNowError
from antiphon.ops.progress import ANALYSIS
from antiphon.store import Store
from antiphon.store.schema import ALBUMS, FEATURES, FILES, PROBLEMS, PROGRESS, SOUNDS, TRACKS

pytestmark = pytest.mark.slow

PLAN = Plan(sets=("summary/1",))
NAME, FAILED = PLAN.name, f"failed:{PLAN.name}"
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


def test_whatever_the_files_are_each_track_is_heard_or_has_a_reason(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    write_tone(music / "low.flac", 110)
    write_tone(music / "high.wav", 3000)
    write_tone(music / "silent.flac", 0)
    gone = write_tone(music / "gone.flac", 550)
    broken = write_tone(music / "broken.flac", 660)
    broken.write_bytes(broken.read_bytes()[:200])
    catalogue(store, music)
    gone.unlink()

    assert analyse(store, compute, PLAN, never) == 5
    heard = dict.fromkeys(("low", "high", "silent"), NAME)
    assert states(store) == heard | {"broken": FAILED, "gone": ""}
    assert store.count(PROGRESS) == 0

    kept = store.find(FEATURES, {"name": "summary/1"})
    low, high = (np.frombuffer(doc.vector, FEATURE_SETS["summary/1"].dtype) for doc in kept)
    assert low.shape == high.shape == (len(FEATURE_SETS["summary/1"].columns),)
    assert np.isfinite([low, high]).all()
    assert not np.allclose(low, high)
    assert {doc.id for doc in kept} == {f"{doc.track_id}:summary/1" for doc in kept}

    said = {problem.id: problem.stage for problem in doctor.problems(store)}
    assert said == {str(broken): "analysis", str(gone): "analysis"}
    reasons = [problem.reason for problem in doctor.problems(store)]
    assert "it vanished before it was read" in reasons
    assert all(reason.startswith("it ") for reason in reasons), reasons


def test_a_silent_track_is_silent_and_nothing_else(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    write_tone(music / "silent.flac", 0)
    catalogue(store, music)
    analyse(store, compute, PLAN, never)
    (sound,) = store.find(SOUNDS)
    assert (sound.silent, sound.loudness_lufs, sound.tempo_bpm, sound.key) == (True, None, 0.0, "")
    assert sound.duration_ms == 1000
    assert store.count(FEATURES) == store.count(PROBLEMS) == 0
    (track,) = store.find(TRACKS)
    assert track.measured_gain is None


def test_a_disk_that_goes_away_and_comes_back_costs_no_features(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone, tmp_path: Path
) -> None:
    write_tone(music / "low.flac", 110)
    write_tone(music / "high.flac", 3000)
    catalogue(store, music)
    away = music.rename(tmp_path / "away")
    assert analyse(store, compute, PLAN, never) == 2
    assert states(store) == {"low": "", "high": ""}
    assert store.count(PROBLEMS, {"stage": "analysis"}) == 2

    away.rename(music)
    assert analyse(store, compute, PLAN, never) == 2
    assert states(store) == {"low": NAME, "high": NAME}
    assert store.count(PROBLEMS) == 0
    assert analyse(store, compute, PLAN, never) == 0


def test_a_track_is_listened_to_again_for_what_the_plan_has_and_it_has_not(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    lacking = {"a": "other/1", "b": "failed:other/1", "c": f"{NAME}@60s,3p", "d": ""}
    done = {"e": NAME, "f": FAILED, "g": f"{NAME}+more/1", "h": f"failed:more/1+{NAME}"}
    before = lacking | done
    for number, name in enumerate(before):
        write_tone(music / f"{name}.flac", 300 + 50 * number)
    catalogue(store, music)
    ids = {Path(file.id).stem: file.track_id for file in store.find(FILES)}
    tracks = store.get_many(TRACKS, ids.values())
    store.put_many(TRACKS, [replace(tracks[ids[n]], features=was) for n, was in before.items()])

    assert analyse(store, compute, PLAN, never) == len(lacking)
    assert states(store) == dict.fromkeys(lacking, NAME) | done


def test_stopped_in_the_middle_it_carries_on_where_it_was(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    for number in range(6):
        write_tone(music / f"{number}.flac", 200 + number, seconds=0.2)
    catalogue(store, music)
    noted: list[tuple[int, int]] = []

    assert analyse(store, compute, PLAN, lambda: True) == 1
    assert sorted(states(store).values()) == ["", "", "", "", "", NAME]
    assert store.count(PROGRESS) == 0

    told = analyse(store, compute, PLAN, never, lambda done, total: noted.append((done, total)))
    assert told == 5
    assert set(states(store).values()) == {NAME}
    assert noted[0] == (0, 5)
    assert noted[-1] == (5, 5)


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
        analyse(store, failing, PLAN, never)
    failing.close()
    assert sorted(states(store).values()) == ["", "", NAME, NAME]
    assert store.count(PROGRESS) == 0
    assert analyse(store, compute, PLAN, never) == 2


def test_paused_meanwhile_it_ends_and_goes_on_only_when_it_is_resumed(
    store: Store,
    compute: LocalCompute,
    music: Path,
    write_tone: WriteTone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("antiphon.ops.analysis.RECORDED", 1)
    for number in range(6):
        write_tone(music / f"{number}.flac", 200 + number, seconds=0.2)
    catalogue(store, music)

    def pause_after_two(done: int, _total: int) -> None:
        if done == 2:
            pausing.pause(store, ANALYSIS)

    assert analyse(store, compute, PLAN, never, pause_after_two) == 2
    assert sorted(states(store).values()) == ["", "", "", "", NAME, NAME]
    with pytest.raises(NotNowError, match="antiphon analyse --resume"):
        analyse(store, compute, PLAN, never)
    pausing.resume(store, ANALYSIS)
    assert analyse(store, compute, PLAN, never) == 4


def test_killed_it_has_lost_no_more_than_the_last_second_and_goes_on(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone, tmp_path: Path
) -> None:
    count = 300
    for number in range(count):
        write_tone(music / f"{number}.flac", 200 + number, seconds=0.2)
    catalogue(store, music)
    settings = {"ANTIPHON_DATA": str(tmp_path), "ANTIPHON_FEATURES": "summary/1"}
    command = [sys.executable, "-m", "antiphon", "analyse"]
    with subprocess.Popen(command, env=os.environ | settings, stdout=subprocess.PIPE) as process:
        while not 20 <= store.count(SOUNDS) < count:
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    recorded, shown = store.count(SOUNDS), store.get(PROGRESS, ANALYSIS)
    assert recorded == store.count(FEATURES) == store.count(TRACKS, {"features": NAME}) < count
    assert shown is not None
    assert shown.done - recorded <= RECORDED

    time.sleep(LASTS_S)
    assert analyse(store, compute, PLAN, never) == count - recorded
    assert store.count(SOUNDS) == count


def test_two_processes_never_listen_to_the_same_music_at_once(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    for number in range(3):
        write_tone(music / f"{number}.flac", 200 + number, seconds=0.2)
    catalogue(store, music)
    refused: list[str] = []

    def also_here(done: int, _total: int) -> None:
        if done == 1:
            with pytest.raises(NotNowError) as error:
                analyse(store, LocalCompute(1), PLAN, never)
            refused.append(str(error.value))

    assert analyse(store, compute, PLAN, never, also_here) == 3
    assert refused == ["Another process listens to this music already."]
    assert analyse(store, compute, PLAN, never) == 0


def test_a_track_without_replay_gain_gets_one_and_its_album_once_all_of_it_is_heard(
    store: Store, compute: LocalCompute, music: Path
) -> None:
    times = np.arange(22_050 * 3) / 22_050
    for name, level in (("loud", 0.5), ("soft", 0.05)):
        tone = level * np.sin(2 * np.pi * 997 * times)
        soundfile.write(music / f"{name}.flac", tone, 22_050)
        tags = mutagen.flac.FLAC(music / f"{name}.flac")
        tags["title"], tags["artist"], tags["album"] = name, "Ann", "Both"
        tags.save()
    catalogue(store, music)
    assert analyse(store, compute, PLAN, lambda: True) == 1
    assert {gain and gain.album_gain_db for gain in gains(store).values()} == {None}
    analyse(store, compute, PLAN, never)

    # BS.1770: a sine of 997 Hz in one channel has 3.01 LUFS less than its level in dBFS.
    loud, soft = gains(store)["loud"], gains(store)["soft"]
    assert loud.track_gain_db == pytest.approx(-18 + 3.01 + 6.02, abs=0.1)
    assert soft.track_gain_db == pytest.approx(-18 + 3.01 + 26.02, abs=0.1)
    assert loud.track_peak == pytest.approx(0.5, abs=0.005)
    mean_energy_db = 10 * np.log10((0.5**2 + 0.05**2) / 2)
    for gain in (loud, soft):
        assert gain.album_gain_db == pytest.approx(-18 + 3.01 - mean_energy_db, abs=0.1)
        assert gain.album_peak == loud.track_peak


def gains(store: Store) -> dict[str, Any]:
    return {track.title: track.measured_gain for track in store.find(TRACKS)}


def test_what_was_measured_outlives_another_reading_of_the_file(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    path = write_tone(music / "tone.flac", 440, seconds=2.0)
    catalogue(store, music)
    analyse(store, compute, PLAN, never)
    (heard,) = store.find(TRACKS)
    assert heard.replay_gain is None
    assert heard.measured_gain is not None

    tags = mutagen.flac.FLAC(path)
    tags["title"], tags["replaygain_track_gain"] = "Retagged", "-3.5 dB"
    tags.save()
    catalogue(store, music)
    (track,) = store.find(TRACKS)
    assert (track.id, track.title) == (heard.id, "Retagged")
    assert track.replay_gain == ReplayGain(track_gain_db=-3.5)
    assert track.measured_gain == heard.measured_gain
    assert track.features == NAME
    assert analyse(store, compute, PLAN, never) == 0


def test_a_wrong_duration_is_set_right_for_track_and_album_and_stays_so(
    store: Store, compute: LocalCompute, music: Path
) -> None:
    times = np.arange(22_050 * 4) / 22_050
    path = music / "tone.flac"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 440 * times), 22_050)
    tags = mutagen.flac.FLAC(path)
    tags["title"], tags["album"], tags["albumartist"] = "Tone", "Tones", "Ann"
    tags.save()
    catalogue(store, music)
    (track,) = store.find(TRACKS)
    assert track.duration_ms == 4000
    store.put(TRACKS, replace(track, duration_ms=60_000))

    analyse(store, compute, PLAN, never)
    assert store.find(TRACKS)[0].duration_ms == store.find(ALBUMS)[0].duration_ms == 4000


def test_purging_what_is_missing_forgets_what_was_heard_of_it(
    store: Store, compute: LocalCompute, music: Path, write_tone: WriteTone
) -> None:
    write_tone(music / "stays.flac", 440)
    gone = write_tone(music / "goes.flac", 550)
    catalogue(store, music)
    analyse(store, compute, PLAN, never)
    gone.unlink()
    catalogue(store, music)
    assert store.count(FEATURES) == store.count(SOUNDS) == 2
    assert purge(store) == 1
    (left,) = store.find(TRACKS)
    assert [doc.track_id for doc in store.find(FEATURES)] == [left.id]
    assert [doc.id for doc in store.find(SOUNDS)] == [left.id]


def test_who_listens_for_it_needs_no_store() -> None:
    loaded = "import sys, antiphon.ops.listening, antiphon.compute.local; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    modules = set(run.stdout.split())
    assert "antiphon.audio.features" in modules
    assert modules.isdisjoint({"antiphon.store", "sqlite3", "antiphon.library.scan"})
    assert modules.isdisjoint({"librosa", "numba", "onnxruntime", "sklearn", "scipy.signal"})


def test_a_missing_track_waits_for_its_file(store: Store, compute: LocalCompute) -> None:
    store.put(TRACKS, Track(id="tr-1", title="T", sort="t", missing=True))
    assert analyse(store, compute, PLAN, never) == 0
    assert store.get(TRACKS, "tr-1") == Track(id="tr-1", title="T", sort="t", missing=True)
