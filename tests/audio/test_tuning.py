"""The tuning of music, estimated from its spectrum."""

import numpy as np
import pytest

from antiphon.audio import spectra, tuning


@pytest.mark.parametrize("semitones", [-0.4, 0, 0.3])
def test_notes_between_the_keys_tell_the_tuning(semitones):
    times = np.arange(44_100) / 22_050
    notes = 69 + np.array([[0], [4], [7], [12]]) + semitones
    chord = np.sin(2 * np.pi * 440 * 2 ** ((notes - 69) / 12) * times).sum(axis=0)

    assert tuning.estimate(power(chord), 22_050) == pytest.approx(semitones, abs=0.05)


def test_silence_is_in_tune():
    assert tuning.estimate(power(np.zeros(22_050)), 22_050) == 0


def power(samples):
    return spectra.power_spectrogram(samples.astype(np.float32), 2048, 512)
