"""A track is described by the same finite numbers whatever it sounds like."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.audio.errors import SilentError, UndecodableError
from antiphon.audio.features import DIMENSIONS, NAMES, extract
from sounds import Sound, staircase, write

RATE_HZ = 22_050


def noise(seconds: float) -> Sound:
    samples = np.random.default_rng(7).standard_normal((round(seconds * RATE_HZ), 1))
    return (0.1 * samples).astype(np.float32)


def tone(hz: float, seconds: float = 3) -> Sound:
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * hz * times))[:, np.newaxis].astype(np.float32)


def clicks(per_minute: float, seconds: float = 15) -> Sound:
    samples = np.zeros((round(seconds * RATE_HZ), 1), np.float32)
    for at_s in np.arange(0, seconds, 60 / per_minute):
        samples[round(at_s * RATE_HZ) :][:400] = 0.8
    return samples


def described(path: Path) -> dict[str, float]:
    return dict(zip(NAMES, map(float, extract(path)), strict=True))


def test_every_number_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES) == DIMENSIONS == 101


def test_a_track_becomes_a_float32_vector(tmp_path: Path) -> None:
    vector = extract(write(tmp_path / "a.wav", staircase(3)))
    assert vector.shape == (DIMENSIONS,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()


def test_the_same_sound_gives_the_same_numbers(tmp_path: Path) -> None:
    first = extract(write(tmp_path / "a.wav", noise(3)))
    again = extract(write(tmp_path / "b.aiff", noise(3)))
    assert np.allclose(first, again, rtol=0.01, atol=0.02)


def test_the_numbers_mean_what_their_names_say(tmp_path: Path) -> None:
    low, high = (described(write(tmp_path / f"{hz}.wav", tone(hz), RATE_HZ)) for hz in (220, 3520))
    hiss = described(write(tmp_path / "hiss.wav", noise(3), RATE_HZ))
    assert low["centroid_hz_mean"] == pytest.approx(220, rel=0.3)
    assert high["centroid_hz_mean"] == pytest.approx(3520, rel=0.1)
    assert high["zero_crossings_mean"] == pytest.approx(2 * 3520 / RATE_HZ, rel=0.05)
    assert low["rms_mean"] == pytest.approx(0.3 / np.sqrt(2), rel=0.1)
    assert hiss["flatness_mean"] > 0.3 > low["flatness_mean"]
    # An A in any octave is an A: the tenth of the twelve pitch classes from C.
    assert max(range(12), key=lambda pitch: high[f"chroma_{pitch}_mean"]) == 9


def test_the_tempo_is_found(tmp_path: Path) -> None:
    steady = described(write(tmp_path / "a.wav", clicks(120), RATE_HZ))
    assert steady["tempo_bpm_mean"] == pytest.approx(120, rel=0.03)


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_is_said_to_be_silent(tmp_path: Path, level: float) -> None:
    path = write(tmp_path / "a.flac", staircase(2) * np.float32(level))
    with pytest.raises(SilentError, match="silent"):
        extract(path)


def test_less_than_half_a_second_is_too_short(tmp_path: Path) -> None:
    with pytest.raises(SilentError, match=r"0\.20 s"):
        extract(write(tmp_path / "a.wav", staircase(0.2)))


def test_half_a_second_is_enough(tmp_path: Path) -> None:
    assert np.isfinite(extract(write(tmp_path / "a.wav", staircase(0.6)))).all()


def test_what_is_not_music_says_why(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"no music" * 1000)
    with pytest.raises(UndecodableError):
        extract(path)


def test_only_the_middle_is_listened_to(tmp_path: Path) -> None:
    quiet, loud = 0.01 * noise(25), noise(30)
    whole = extract(write(tmp_path / "a.wav", np.concatenate([quiet, loud, quiet]), RATE_HZ))
    middle = extract(write(tmp_path / "b.wav", loud, RATE_HZ))
    assert np.allclose(whole, middle, rtol=1e-3, atol=1e-3)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    level=st.floats(1e-4, 10),
    seed=st.integers(0, 2**32 - 1),
    spikes=st.lists(st.integers(0, RATE_HZ - 1), max_size=5),
)
def test_no_sound_gives_numbers_that_are_not_finite(
    tmp_path: Path, level: float, seed: int, spikes: list[int]
) -> None:
    samples = level * np.random.default_rng(seed).standard_normal((RATE_HZ, 1)).astype(np.float32)
    samples[RATE_HZ // 2 :] = 0
    samples[spikes] = np.nan
    try:
        vector = extract(write(tmp_path / "a.wav", samples, RATE_HZ, "FLOAT"))
    except SilentError:
        return
    assert np.isfinite(vector).all()


def test_importing_the_door_does_not_load_librosa() -> None:
    script = "import sys, antiphon.audio.features; sys.exit('librosa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
