"""Spectra, against librosa's."""

import warnings

import librosa
import numpy as np
import pytest

import signals
from antiphon.audio import spectra


@pytest.mark.parametrize(
    ("n_fft", "hop_length", "samples"),
    [(2048, 512, 30_000), (512, 256, 30_001), (512, 160, 5_119), (2048, 512, 700), (2048, 512, 1)],
)
def test_the_power_spectrogram_is_librosas(n_fft, hop_length, samples):
    sound = signals.music(1, 44_100)[:samples]

    power = spectra.power_spectrogram(sound, n_fft, hop_length)

    expected = reference(sound, n_fft, hop_length)
    np.testing.assert_allclose(power, expected, rtol=1e-4, atol=1e-10 * expected.max())


def test_in_float64_even_what_is_nearly_silent_is_exact():
    sound = signals.sweep(1, 44_100)

    power = spectra.power_spectrogram(sound, 2048, 512, np.float64)

    expected = reference(sound, 2048, 512)
    assert expected.min() < 1e-9 * expected.max()
    np.testing.assert_allclose(power, expected, rtol=1e-5, atol=1e-20 * expected.max())


def test_blocks_are_the_spectrogram_in_pieces():
    sound = signals.music(2, 22_050)
    whole = spectra.power_spectrogram(sound, 2048, 512)

    pieces = list(spectra.power_blocks(sound, 2048, 512))

    assert len(pieces) > 1
    for start, block in pieces:
        np.testing.assert_array_equal(block, whole[start : start + len(block)])
    assert sum(len(block) for _, block in pieces) == len(whole)


@pytest.mark.parametrize(
    "rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000]
)
def test_mel_bands_and_their_cepstrum_are_librosas(rate_hz):
    sound = signals.music(1, rate_hz)
    power = spectra.power_spectrogram(sound, 2048, 512)
    with warnings.catch_warnings():
        # At high rates some bands lie between two bins.
        warnings.filterwarnings("ignore", "Empty filters", UserWarning)
        expected = librosa.feature.melspectrogram(S=power.T, sr=rate_hz, n_mels=96)

    mel = spectra.mel(power, rate_hz, n_mels=96)

    np.testing.assert_allclose(mel.T, expected, rtol=1e-5, atol=1e-7)
    decibels = librosa.power_to_db(expected)
    np.testing.assert_allclose(spectra.decibels(mel).T, decibels, rtol=1e-5, atol=1e-5)
    cepstrum = librosa.feature.mfcc(S=decibels, n_mfcc=13)
    np.testing.assert_allclose(spectra.mfcc(mel, 13).T, cepstrum, rtol=1e-4, atol=1e-3)


def reference(sound, n_fft, hop_length):
    with warnings.catch_warnings():
        # The sound may be shorter than a frame.
        warnings.filterwarnings("ignore", "n_fft=", UserWarning)
        return np.abs(librosa.stft(sound, n_fft=n_fft, hop_length=hop_length)).T ** 2
