"""`fma518/1` and `fma518/2`, against the archive's own script."""

import librosa
import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

import archive
import signals
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features.fma518 import COLUMNS, FMA518_1, FMA518_2
from antiphon.audio.plan import Plan

PITCHED = ("chroma", "tonnetz")


@pytest.mark.parametrize(
    ("kind", "rate_hz", "seconds"),
    [
        (signals.music, 44_100, 5),
        (signals.music, 16_000, 60),
        (signals.music, 11_025, 3),
        (signals.music, 192_000, 2),
        (signals.music, 44_100, 0.1),
        (signals.noise, 48_000, 4),
        (signals.noise, 22_050, 0.1),
        (signals.knocks, 22_050, 5),
        (signals.knocks, 96_000, 3),
    ],
)
def test_the_archives_columns_are_those_of_its_script(kind, rate_hz, seconds):
    sound = kind(seconds, rate_hz)

    assert_close(described(sound, rate_hz), archive.vector(archive.curves(sound, rate_hz)))


@pytest.mark.parametrize(
    ("kind", "rate_hz"),
    [(signals.music, 44_100), (signals.noise, 16_000), (signals.knocks, 88_200)],
)
def test_the_mended_columns_are_those_of_a_script_that_says_the_rate(kind, rate_hz):
    sound = kind(3, rate_hz)

    expected = archive.vector(archive.curves(sound, rate_hz, spectral_hz=rate_hz))

    assert_close(described(sound, rate_hz, FMA518_2), expected)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100])
@pytest.mark.parametrize("kind", [signals.clicks, signals.sweep])
def test_sounds_without_a_tuning_have_the_archives_columns_but_for_pitch(kind, rate_hz):
    # A click's spectrum is flat, a sweep's tone leaves the seven octaves: what remains there is
    # rounding, which differs.
    sound = kind(4, rate_hz)

    expected = archive.vector(archive.curves(sound, rate_hz))

    unpitched = np.array([not column.startswith(PITCHED) for column in COLUMNS])
    assert_close(described(sound, rate_hz), expected, where=unpitched)


def test_at_22_khz_the_archives_missing_rate_makes_no_difference():
    sound = signals.music(2, 22_050)

    np.testing.assert_array_equal(described(sound, 22_050), described(sound, 22_050, FMA518_2))


def test_at_another_rate_it_shifts_the_spectrum():
    sound = signals.music(2, 44_100)
    centroid = COLUMNS.index("spectral_centroid_mean_01")

    quirk, mended = described(sound, 44_100)[centroid], described(sound, 44_100, FMA518_2)[centroid]

    assert mended == pytest.approx(2 * quirk)


def test_a_rate_too_low_for_seven_octaves_is_doubled_for_them():
    sound = signals.music(3, 8_000)
    tuning = librosa.estimate_tuning(y=sound, sr=8_000)

    expected = archive.vector(
        archive.pitched(soxr.resample(sound, 1, 2), 16_000, hop_length=1024, tuning=tuning)
        | archive.spectral(sound, 8_000, assumed=22_050)
    )

    assert_close(described(sound, 8_000), expected)


def test_bands_above_half_the_rate_have_no_contrast():
    sound = signals.music(3, 8_000)
    fewer = archive.spectral(sound, 8_000, assumed=8_000, n_bands=5)["spectral_contrast"]
    mean = COLUMNS.index("spectral_contrast_mean_01")

    contrast = described(sound, 8_000, FMA518_2)[mean : mean + 7]

    np.testing.assert_allclose(contrast, [*fewer.mean(axis=1), 0], rtol=1e-3)


def test_digital_silence_is_described_by_finite_numbers():
    vector = described(np.zeros(44_100, np.float32), 44_100)

    assert_close(vector, archive.vector(archive.curves(np.zeros(44_100, np.float32), 44_100)))


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.float32, st.integers(1, 6_000), elements=st.floats(-8, 8, width=32)),
    st.sampled_from([4_000, 8_000, 44_100, 192_000]),
    st.sampled_from([FMA518_1, FMA518_2]),
)
def test_any_finite_sound_gives_finite_numbers(sound, rate_hz, which):
    vector = described(sound, rate_hz, which)

    assert vector.dtype == np.float32
    assert vector.shape == (518,)
    assert np.isfinite(vector).all()


def test_columns_are_named_and_sorted_as_in_the_archives_table():
    sizes = {
        **dict.fromkeys(("chroma_stft", "chroma_cqt", "chroma_cens"), 12),
        "tonnetz": 6,
        "mfcc": 20,
        "rmse": 1,
        "zcr": 1,
        "spectral_centroid": 1,
        "spectral_bandwidth": 1,
        "spectral_contrast": 7,
        "spectral_rolloff": 1,
    }
    table = sorted(
        (group, statistic, f"{row:02d}")
        for group, rows in sizes.items()
        for statistic in ("mean", "std", "skew", "kurtosis", "median", "min", "max")
        for row in range(1, rows + 1)
    )

    assert [tuple(column.rsplit("_", 2)) for column in COLUMNS] == table


def described(sound, rate_hz, which=FMA518_1) -> NDArray[np.float32]:
    return which.extract(Excerpt(sound, rate_hz), Plan())


def assert_close(vector, expected, where=True):
    """To 1e-3, or 1e-4 of a decibel, a hertz or the greatest a share can be.

    Skewness and kurtosis, whose unit is 1, to 1e-3 of that. Of constant curves scipy calls them
    NaN, and we 0.
    """
    ratios = np.array(["skew" in column or "kurtosis" in column for column in COLUMNS])
    defined = np.where(ratios & np.isnan(expected), 0, expected)
    slack = 1e-3 * np.abs(defined) + np.where(ratios, 1e-3, 1e-4)
    wrong = np.flatnonzero(~(np.abs(vector - defined) <= slack) & where)
    assert not [(COLUMNS[i], vector[i], defined[i]) for i in wrong]
