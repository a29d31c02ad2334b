"""`mfcc100/1`, against librosa's."""

import tracemalloc
import warnings

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import signals
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features.mfcc import MFCC100
from antiphon.audio.plan import Plan


@pytest.mark.parametrize(
    ("kind", "rate_hz", "seconds"),
    [
        (signals.music, 44_100, 10),
        (signals.music, 8_000, 60),
        (signals.music, 192_000, 0.1),
        (signals.noise, 48_000, 3),
        (signals.noise, 8_000, 0.1),
        (signals.knocks, 22_050, 3),
        (signals.clicks, 96_000, 3),
        (signals.sweep, 16_000, 5),
        (signals.sweep, 11_025, 3),
    ],
)
def test_it_is_the_mean_of_librosas_coefficients(kind, rate_hz, seconds):
    sound = kind(seconds, rate_hz)

    assert_close(described(sound, rate_hz), reference(sound, rate_hz))


@pytest.mark.slow
def test_an_hour_is_described_without_keeping_its_spectrum():
    sound = np.tile(signals.music(60, 8_000), 60)
    tracemalloc.start()

    vector = described(sound, 8_000)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    spectrum_bytes = len(sound) / 512 * 1025 * 8
    assert peak_bytes < sound.nbytes + 0.4 * spectrum_bytes
    assert_close(vector, reference(sound, 8_000))


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.float32, st.integers(0, 6_000), elements=st.floats(-8, 8, width=32)),
    st.sampled_from([8_000, 44_100, 192_000]),
)
def test_any_finite_sound_gives_finite_numbers(sound, rate_hz):
    vector = described(sound, rate_hz)

    assert vector.dtype == np.float32
    assert vector.shape == (100,) == (len(MFCC100.columns),)
    assert np.isfinite(vector).all()


def described(sound, rate_hz):
    return MFCC100.extract(Excerpt(sound, rate_hz), Plan())


def reference(sound, rate_hz):
    with warnings.catch_warnings():
        # Shorter than a frame, or with mel bands between two bins: librosa goes on.
        warnings.simplefilter("ignore", UserWarning)
        return librosa.feature.mfcc(y=sound, sr=rate_hz, n_mfcc=100).mean(axis=1)


def assert_close(vector, expected):
    """To 1e-3, or a thousandth of a decibel."""
    np.testing.assert_allclose(vector, expected, rtol=1e-3, atol=1e-3)
