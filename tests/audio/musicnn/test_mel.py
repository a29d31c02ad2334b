"""The net hears what it was taught with: librosa's mel bands, in patches spread over the sound."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.audio.musicnn.mel import BANDS, FRAMES, RATE_HZ, log_mel, patches
from antiphon.audio.plan import ALL


def noise(seconds: float) -> np.ndarray:
    samples = np.random.default_rng(4).standard_normal(round(seconds * RATE_HZ)) / 5
    return samples.astype(np.float32)


def rising(seconds: float) -> np.ndarray:
    """Noise whose loudness tells where in the sound one is."""
    samples = noise(seconds)
    return samples * np.linspace(0.01, 1, samples.size, dtype=np.float32)


@pytest.mark.parametrize("seconds", [0.1, 3, 10.01])
def test_the_spectrogram_is_librosas(seconds: float) -> None:
    power = librosa.feature.melspectrogram(
        y=noise(seconds), sr=RATE_HZ, n_fft=512, hop_length=256, n_mels=BANDS
    )
    expected = np.log10(1 + 10_000 * power.T)
    np.testing.assert_allclose(log_mel(noise(seconds)), expected, rtol=1e-4, atol=1e-4)


def test_digital_silence_is_zero() -> None:
    assert not patches(np.zeros(4 * RATE_HZ, np.float32)).any()


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 40), st.integers(0, 12))
def test_there_are_as_many_patches_as_asked_for_or_as_there_is_room_for(
    seconds: float, count: int
) -> None:
    room = max(1, (1 + round(seconds * RATE_HZ) // 256) // FRAMES)
    heard = patches(noise(seconds), count)
    assert heard.shape == (min(count or room, room), FRAMES, BANDS)
    assert np.isfinite(heard).all()


def test_a_few_patches_are_spread_evenly() -> None:
    sound = rising(30)
    whole = log_mel(sound)
    starts = [_place(patch, whole) for patch in patches(sound, 3)]
    # The middles of the three thirds of 1876 frames, less half a patch.
    assert starts == [219, 844, 1469]


def test_all_patches_leave_out_less_than_one() -> None:
    sound = rising(10)
    whole = log_mel(sound)
    starts = [_place(patch, whole) for patch in patches(sound, ALL)]
    assert len(starts) == 3
    assert min(np.diff([*starts, len(whole)])) >= FRAMES
    assert len(whole) - 3 * FRAMES < FRAMES


def test_a_short_sound_is_repeated() -> None:
    (patch,) = patches(noise(0.5))
    repeats = log_mel(noise(0.5))
    np.testing.assert_array_equal(patch, np.concatenate([repeats] * 6)[:FRAMES])


def _place(patch: np.ndarray, whole: np.ndarray) -> int:
    (starts,) = np.nonzero((whole == patch[0]).all(axis=1))
    np.testing.assert_array_equal(patch, whole[starts[0] : starts[0] + FRAMES])
    return int(starts[0])
