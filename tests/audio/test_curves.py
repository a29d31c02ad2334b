"""The curves are librosa's of the same names."""

from collections.abc import Callable

import librosa
import numpy as np
import pytest

import signals
from antiphon.audio.curves import HOP, N_FFT, RATE_HZ, Curves, Matrix, curves
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.spectra import power_spectrogram
from tones import excerpt, hits, tone

KINDS = [signals.music, signals.noise, signals.knocks, signals.clicks, signals.sweep]
# A contrast or an onset of less than a decibel is none: a click's spectrum is flat.
LEAST = {"contrast_db": 1.0, "onset": 1.0}


def by_librosa(samples: Matrix) -> dict[str, Matrix]:
    """Librosa's curves of the same spectrogram: float32 transforms differ where it is silent."""
    power = power_spectrogram(samples, N_FFT, HOP).T
    given = {"S": np.sqrt(power), "sr": RATE_HZ}
    mel_db = librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=RATE_HZ))
    shape = [
        librosa.feature.spectral_centroid(**given),
        librosa.feature.spectral_bandwidth(**given),
        librosa.feature.spectral_rolloff(**given),
        librosa.feature.spectral_flatness(S=given["S"]),
        librosa.feature.zero_crossing_rate(samples, hop_length=HOP),
    ]
    return {
        "mel_db": mel_db.T,
        "onset": librosa.onset.onset_strength(S=mel_db, sr=RATE_HZ, hop_length=HOP),
        "chroma": librosa.feature.chroma_stft(S=power, sr=RATE_HZ, tuning=0.0).T,
        "contrast_db": librosa.feature.spectral_contrast(**given).T,
        "shape": np.concatenate(shape).T,
        "rms": librosa.feature.rms(y=samples, hop_length=HOP)[0],
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seconds", [0.1, 5.01])
def test_the_curves_are_librosas(kind: Callable[[float, int], Matrix], seconds: float) -> None:
    samples = kind(seconds, RATE_HZ)
    ours = curves(Excerpt(samples, RATE_HZ))
    for name, expected in by_librosa(samples).items():
        curve = getattr(ours, name)
        assert curve.dtype == np.float32
        assert curve.shape == expected.shape
        scale = np.maximum(np.abs(expected).max(axis=0), LEAST.get(name, 0))
        wrong = ~np.isclose(curve, expected, rtol=1e-3, atol=1e-3 * scale)
        # Sums in another order put the rolloff one bin further, now and then.
        assert wrong.mean() <= (0.001 if name == "shape" else 0), name


def test_silence_is_the_same_as_librosas() -> None:
    samples = np.zeros(RATE_HZ, np.float32)
    ours = curves(Excerpt(samples, RATE_HZ))
    for name, expected in by_librosa(samples).items():
        assert np.allclose(getattr(ours, name), expected, rtol=1e-3), name


def test_every_curve_has_a_row_for_each_frame() -> None:
    for count in (1, HOP - 1, HOP, 200 * HOP + 5):
        heard = curves(Excerpt(np.zeros(count, np.float32), RATE_HZ))
        assert {len(getattr(heard, name)) for name in Curves.__annotations__} == {1 + count // HOP}


def test_the_rise_is_where_and_in_which_part_of_the_spectrum_it_becomes_louder() -> None:
    low = np.concatenate([np.zeros(RATE_HZ), tone(100, 1)])
    rise = curves(excerpt(low + 1e-4)).rise_db
    loudest = np.unravel_index(rise.argmax(), rise.shape)
    assert loudest[0] == pytest.approx(RATE_HZ / HOP, abs=1.5)
    assert loudest[1] == 0


def test_a_valley_is_deep_between_tones_and_shallow_in_noise() -> None:
    quiet, hiss = curves(excerpt(tone(1000))), curves(excerpt(hits(600, 3)))
    assert quiet.contrast_db[:, 3].mean() > hiss.contrast_db[:, 3].mean() + 10
