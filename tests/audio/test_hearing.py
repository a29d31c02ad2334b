"""One pass over a file tells everything about its sound, whatever the file is like."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from antiphon.audio import hearing
from antiphon.audio.errors import SoundError, UndecodableError
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features import FEATURE_SETS, FeatureSet
from antiphon.audio.hearing import Heard, hear
from antiphon.audio.plan import WHOLE, Plan
from antiphon.audio.waveform import BINS
from sounds import Sound, decoded, staircase, write

SUMMARY = Plan(sets=("summary/1",))


@pytest.fixture
def excerpts(monkeypatch: pytest.MonkeyPatch) -> list[Excerpt]:
    """What a feature set, `seen/1`, is given to describe."""
    given: list[Excerpt] = []

    def extract(excerpt: Excerpt, plan: Plan) -> Sound:
        given.append(excerpt)
        return np.zeros(1, np.float32)

    monkeypatch.setitem(FEATURE_SETS, "seen/1", FeatureSet("seen/1", ("zero",), extract))
    return given


def seen(excerpt_s: float) -> Plan:
    return Plan(sets=("seen/1",), excerpt_s=excerpt_s)


def between(samples: Sound, start_s: float, end_s: float, rate_hz: int = 44_100) -> Sound:
    return samples[round(start_s * rate_hz) : round(end_s * rate_hz)]


@pytest.mark.parametrize(
    "name", ["a.wav", "a.flac", "a.mp3", "a.ogg", "a.m4a", "a.aac", "a.wma", "a.wv", "a.webm"]
)
def test_every_format_is_heard_alike(tmp_path: Path, name: str) -> None:
    samples = staircase(3, 48_000)
    exact = hear(write(tmp_path / "exact.wav", samples, 48_000), SUMMARY)
    heard = hear(write(tmp_path / name, samples, 48_000), SUMMARY)
    assert heard.duration_ms == pytest.approx(3000, abs=100)
    assert heard.loudness_lufs == pytest.approx(exact.loudness_lufs, abs=0.5)
    assert heard.peak == pytest.approx(exact.peak, rel=0.15)
    assert heard.vectors["summary/1"].shape == exact.vectors["summary/1"].shape
    assert not heard.silent


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_channels_will_do(tmp_path: Path, rate_hz: int, channels: int) -> None:
    heard = hear(write(tmp_path / "a.wav", staircase(2, rate_hz, channels), rate_hz), SUMMARY)
    assert heard.duration_ms == 2000
    assert heard.peak == pytest.approx(0.3, abs=0.02)
    assert np.isfinite(heard.vectors["summary/1"]).all()
    assert len(heard.waveform) == BINS


@pytest.mark.parametrize("milliseconds", [51, 100, 399, 500])
def test_a_short_track_gets_what_is_defined(tmp_path: Path, milliseconds: int) -> None:
    heard = hear(write(tmp_path / "a.wav", staircase(milliseconds / 1000)), SUMMARY)
    assert heard.duration_ms == milliseconds
    assert not heard.silent
    assert (heard.loudness_lufs is None) == (milliseconds < 400)
    assert np.isfinite(heard.vectors["summary/1"]).all()
    assert heard.waveform[0] == 255


@pytest.mark.parametrize("name", ["mfcc100/1", "fma518/1", "fma518/2", "summary/1"])
def test_every_set_without_nets_describes_the_shortest_sound(tmp_path: Path, name: str) -> None:
    click = np.zeros((2205 + 1, 1), np.float32)
    click[1000] = 0.9
    heard = hear(write(tmp_path / "a.wav", click), Plan(sets=(name,)))
    assert heard.vectors[name].shape == (len(FEATURE_SETS[name].columns),)


def test_the_excerpt_is_of_five_places_of_the_averaged_channels(
    tmp_path: Path, excerpts: list[Excerpt]
) -> None:
    left_only = staircase(10, channels=6)
    left_only[:, 1:] = 0
    hear(write(tmp_path / "a.wav", left_only, subtype="FLOAT"), seen(5))
    assert excerpts[0].rate_hz == 44_100
    places = [between(left_only[:, 0], 2 * n + 0.5, 2 * n + 1.5) for n in range(5)]
    assert np.allclose(excerpts[0].samples, np.concatenate(places) / 6, atol=1e-6)


def test_tempo_and_key_are_those_of_the_middle_without_a_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Excerpt] = []
    monkeypatch.setattr(hearing, "tempo_bpm", lambda excerpt: given.append(excerpt) or 0.0)
    plan = Plan(sets=("summary/1",), excerpt_s=4)
    hear(write(tmp_path / "a.wav", staircase(10), subtype="FLOAT"), plan)
    assert np.allclose(given[0].samples, between(staircase(10)[:, 0], 3, 7), atol=1e-6)


@pytest.mark.parametrize("excerpt_s", [WHOLE, 5.0, 30.0])
def test_where_the_track_is_no_longer_it_is_described_whole(
    tmp_path: Path, excerpts: list[Excerpt], excerpt_s: float
) -> None:
    hear(write(tmp_path / "a.wav", staircase(5), subtype="FLOAT"), seen(excerpt_s))
    assert np.allclose(excerpts[0].samples, staircase(5)[:, 0], atol=1e-6)


@pytest.mark.parametrize(("limit", "value"), [("MOST_S", 1.0), ("MOST_SAMPLES", 44_100)])
def test_whole_is_an_hour_at_most_and_so_many_samples(
    tmp_path: Path,
    excerpts: list[Excerpt],
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: float,
) -> None:
    monkeypatch.setattr(hearing, limit, value)
    path = write(tmp_path / "a.wav", staircase(5), subtype="FLOAT")
    hear(path, seen(WHOLE))
    assert np.allclose(excerpts[0].samples, between(staircase(5)[:, 0], 2, 3), atol=1e-6)
    hear(path, seen(4.0))
    assert len(excerpts[1].samples) == 44_100


@pytest.mark.parametrize("name", ["a.flac", "a.wv", "a.mp3"])
def test_a_file_that_ends_before_its_middle_is_described_by_its_beginning(
    tmp_path: Path, excerpts: list[Excerpt], name: str
) -> None:
    path = write(tmp_path / name, staircase(20))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 5])
    left = len(decoded(path)) / 22_050
    heard = hear(path, seen(1))
    assert heard.duration_ms == pytest.approx(1000 * left, abs=2)
    assert len(excerpts[0].samples) == 44_100
    if name != "a.mp3":  # libsndfile finds out how long an MP3 truly is.
        assert np.abs(excerpts[0].samples - staircase(1)[:, 0]).max() < 1e-3


def test_an_mp3_of_variable_bit_rate_without_a_header_is_heard_whole(
    tmp_path: Path, excerpts: list[Excerpt]
) -> None:
    quiet_then_busy = np.concatenate([1e-3 * staircase(10), staircase(10)])
    quiet_then_busy[441_000:] += np.random.default_rng(1).normal(0, 0.1, (441_000, 2))
    path = tmp_path / "a.mp3"
    content = write(path, quiet_then_busy).read_bytes()
    assert b"Xing" in content
    path.write_bytes(content.replace(b"Xing", bytes(4)))
    heard = hear(path, seen(2))
    assert heard.duration_ms == pytest.approx(20_000, abs=200)
    assert len(excerpts[0].samples) == 2 * 44_100


def test_silent_places_are_left_out(tmp_path: Path, excerpts: list[Excerpt]) -> None:
    hidden_track = staircase(10)
    hidden_track[2 * 44_100 : 6 * 44_100] = 0
    heard = hear(write(tmp_path / "a.wav", hidden_track, subtype="FLOAT"), seen(5))
    assert not heard.silent
    places = [between(hidden_track[:, 0], 2 * n + 0.5, 2 * n + 1.5) for n in (0, 3, 4)]
    assert np.allclose(excerpts[0].samples, np.concatenate(places), atol=1e-6)


def test_where_most_is_silent_the_beginning_stands_for_all(
    tmp_path: Path, excerpts: list[Excerpt]
) -> None:
    intro = staircase(10)
    intro[2 * 44_100 :] = 0
    hear(write(tmp_path / "a.wav", intro, subtype="FLOAT"), seen(2))
    assert np.allclose(excerpts[0].samples, staircase(2)[:, 0], atol=1e-6)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((88_200, 2)),
        np.full((88_200, 2), np.nan),
        np.full((88_200, 2), np.inf),
        1e-5 * staircase(2),
        staircase(0.01),
    ],
    ids=["digital zero", "NaN", "infinity", "below -80 dB", "10 ms"],
)
def test_where_there_is_nothing_to_describe_it_is_silent(tmp_path: Path, samples: Sound) -> None:
    heard = hear(write(tmp_path / "a.wav", samples, subtype="FLOAT"), SUMMARY)
    assert heard.silent
    assert heard.vectors == {}
    assert (heard.tempo_bpm, heard.key, heard.fingerprint) == (0, "", "")
    assert heard.loudness_lufs is None
    assert np.isfinite(heard.peak)


def test_a_constant_is_no_sound(tmp_path: Path) -> None:
    heard = hear(write(tmp_path / "a.wav", np.full((88_200, 2), 0.1), subtype="FLOAT"), SUMMARY)
    assert heard.silent
    assert heard.vectors == {}


def test_a_silent_track_is_silence_from_end_to_end(tmp_path: Path) -> None:
    heard = hear(write(tmp_path / "a.wav", np.zeros((44_100, 2))), Plan())
    assert heard == Heard(
        duration_ms=1000,
        silent=True,
        loudness_lufs=None,
        peak=0,
        silence_start_ms=1000,
        silence_end_ms=1000,
        waveform=bytes(BINS),
    )


def test_nan_in_a_file_reaches_no_number(tmp_path: Path) -> None:
    samples = staircase(3)
    samples[::1000] = np.nan
    samples[5::1000] = np.inf
    heard = hear(write(tmp_path / "a.wav", samples, subtype="FLOAT"), SUMMARY)
    assert np.isfinite([heard.loudness_lufs, heard.peak, heard.tempo_bpm]).all()
    assert np.isfinite(heard.vectors["summary/1"]).all()
    assert heard.peak < 1


def test_silence_at_both_ends_is_measured_to_10_ms(tmp_path: Path) -> None:
    samples = np.zeros((4 * 44_100, 2), np.float32)
    samples[round(0.755 * 44_100) : round(2.345 * 44_100)] = 0.5
    heard = hear(write(tmp_path / "a.wav", samples), Plan())
    assert heard.silence_start_ms == pytest.approx(755, abs=10)
    assert heard.silence_end_ms == pytest.approx(4000 - 2345, abs=10)


def test_the_waveform_follows_the_music(tmp_path: Path) -> None:
    samples = staircase(8) * np.linspace(0, 1, 8 * 44_100, dtype=np.float32)[:, np.newaxis]
    waveform = np.frombuffer(hear(write(tmp_path / "a.wav", samples), Plan()).waveform, np.uint8)
    steps = waveform.reshape(32, 25).max(axis=1)
    assert np.abs(steps - 255 * np.linspace(1 / 32, 1, 32)).max() < 16


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_a_vector_that_cannot_be_kept_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    wild = FeatureSet("wild/1", ("x",), lambda *_: np.float32([value]), dtype="<f2")
    monkeypatch.setitem(FEATURE_SETS, "wild/1", wild)
    with pytest.raises(SoundError, match="wild/1"):
        hear(write(tmp_path / "a.wav", staircase(1)), Plan(sets=("wild/1",)))


@pytest.mark.parametrize("content", [b"", b"some text\n" * 1000, bytes(50_000)])
def test_what_is_not_music_says_why(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    with pytest.raises(UndecodableError, match="cannot be decoded"):
        hear(path, Plan())


def test_a_file_that_is_gone_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hear(tmp_path / "gone.flac", Plan())


def test_a_corrupt_mp3_is_heard_around_the_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", staircase(10))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 5000] = np.random.default_rng(5).bytes(5000)
    path.write_bytes(content)
    heard = hear(path, SUMMARY)
    assert heard.duration_ms > 8000
    assert np.isfinite(heard.vectors["summary/1"]).all()


def test_the_same_file_is_heard_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", staircase(4))
    first, second = hear(path, SUMMARY), hear(path, SUMMARY)
    assert np.array_equal(first.vectors["summary/1"], second.vectors["summary/1"])
    assert replace(first, vectors={}) == replace(second, vectors={})


def test_where_numba_may_write_nowhere_the_machine_is_to_blame(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", staircase(1))
    nowhere = {
        "NUMBA_CACHE_DIR": str(path / "nowhere"),
        "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator",
    }
    code = f"""
from antiphon.audio.errors import ModelError
from antiphon.audio.hearing import hear
from antiphon.audio.plan import Plan
try:
    hear({str(path)!r}, Plan())
except ModelError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "let NUMBA_CACHE_DIR be a folder" in done.stdout


def test_loading_the_room_loads_nothing_heavy() -> None:
    heavy = "{'numba', 'librosa', 'onnxruntime', 'sklearn', 'scipy.signal'}"
    code = f"import sys, antiphon.audio.hearing; sys.exit(str({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "set()"


@pytest.mark.slow
def test_an_hour_takes_no_more_memory_than_a_minute(tmp_path: Path) -> None:
    sound = staircase(60, 16_000)
    minute, hour = write(tmp_path / "minute.flac", sound, 16_000), tmp_path / "hour.flac"
    with soundfile.SoundFile(hour, "w", 16_000, 2) as file:
        for _ in range(60):
            file.write(sound)
    code = f"""
from pathlib import Path
from antiphon.audio.hearing import hear
from antiphon.audio.plan import Plan
for path in ({str(minute)!r}, {str(hour)!r}):
    heard = hear(path, Plan(sets=("summary/1",)))
    status = Path("/proc/self/status").read_text()
    print(heard.duration_ms, status.split("VmHWM:")[1].split()[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (short_ms, short_kb), (long_ms, long_kb) = (
        map(int, line.split()) for line in done.stdout.splitlines()
    )
    assert (short_ms, long_ms) == (60_000, 3_600_000)
    # Decoded to float32, the hour would be 440 MB.
    assert long_kb - short_kb < 12_000
