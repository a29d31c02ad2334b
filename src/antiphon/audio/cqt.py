"""The constant-Q transform, folded into the twelve pitch classes.

Importing this loads librosa, which takes seconds.
"""

from functools import lru_cache
from math import ceil, log2

import librosa
import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from antiphon.audio.spectra import Matrix

HOP_LENGTH = 512
OCTAVES = 7

_C1_HZ = 440 * 2 ** ((24 - 69) / 12)
_CLASSES = 12
# Frames are filtered so many at a time: they stay in the processor's cache.
_FRAMES = 256


def pitch_classes(samples: Matrix, rate_hz: int, tuning: float) -> Matrix:
    """Return the magnitude of each pitch class, C first, over seven octaves; (frames, 12).

    `abs(librosa.cqt(samples, sr=rate_hz, tuning=tuning))`, C1 to B7, a frame every 512 samples,
    summed over octaves, but for a factor. The octaves are taken from the top down, the sound
    halved in rate after each, so that one bank of twelve filters serves all (Schörkhuber and
    Klapuri 2010). Where librosa refuses a rate too low for B7, the rate is doubled first: what is
    above half the rate of a file is silence.
    """
    fitting_hz, hop, samples = _at_fitting_rate(samples, rate_hz, tuning)
    bank = _filters(fitting_hz, tuning)
    octaves = []
    for octave in range(OCTAVES):
        # Each halving of the rate would else halve the energy: resampling keeps the amplitude.
        octaves.append(np.float32(2 ** (octave / 2)) * _response(samples, hop, bank))
        samples, hop = _resampled(samples, 2, 1), hop // 2
    frames = min(map(len, octaves))
    classes: Matrix = np.add.reduce([octave[:frames] for octave in octaves])
    return classes


def _at_fitting_rate(samples: Matrix, rate_hz: float, tuning: float) -> tuple[float, int, Matrix]:
    """Return rate, hop and sound where B7 lies below half the rate, by an octave or two at most."""
    _, highest_hz = librosa.filters.wavelet_lengths(freqs=_top_octave_hz(tuning), sr=rate_hz)
    spare = ceil(log2(rate_hz / 2 / highest_hz)) - 1
    # As in librosa one octave stays spare, and the hop can still be halved six times.
    down, up = 2 ** min(max(spare - 1, 0), 3), 2 ** max(-spare, 0)
    return rate_hz * up / down, HOP_LENGTH * up // down, _resampled(samples, down, up)


def _resampled(samples: Matrix, down: int, up: int) -> Matrix:
    if down == up:
        return samples
    size = -(-samples.size * up // down)
    resampled = soxr.resample(samples, down, up)[:size]
    return np.pad(resampled, (0, size - resampled.size))


def _response(samples: Matrix, hop: int, bank: Matrix) -> Matrix:
    """Return the magnitudes of twelve filters; (frames, 12)."""
    length = len(bank)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, length // 2), length)[::hop]
    magnitudes = np.empty((len(frames), _CLASSES), np.float32)
    for start in range(0, len(frames), _FRAMES):
        response = np.ascontiguousarray(frames[start : start + _FRAMES]) @ bank
        response *= response
        real, imaginary = np.hsplit(response, 2)
        magnitudes[start : start + _FRAMES] = np.sqrt(real + imaginary)
    return magnitudes


@lru_cache(maxsize=128)
def _filters(rate_hz: float, tuning: float) -> Matrix:
    """Return the filters of the top octave; (length, 24), real parts first, then imaginary.

    librosa's: wavelets of unit gain, of which it drops the faintest frequencies (a hundredth in
    sum) and the negative ones. It multiplies spectra by them; we go back to filters in time,
    because at their few hundred samples a matrix product is faster than the transforms.
    """
    wavelets, lengths = librosa.filters.wavelet(freqs=_top_octave_hz(tuning), sr=rate_hz)
    size = wavelets.shape[1]
    spectrum = scipy.fft.fft(wavelets * (lengths[:, np.newaxis] / size), axis=1)[:, : size // 2 + 1]
    sparse = librosa.util.sparsify_rows(spectrum, quantile=0.01, dtype=np.complex64).toarray()
    filters = scipy.fft.fft(sparse, n=size, axis=1) / np.sqrt(lengths)[:, np.newaxis]
    return np.ascontiguousarray(np.concatenate([filters.real, filters.imag]).T, np.float32)


def _top_octave_hz(tuning: float) -> NDArray[np.float64]:
    semitones = _CLASSES * (OCTAVES - 1) + np.arange(_CLASSES)
    return _C1_HZ * 2.0 ** ((semitones + tuning) / 12)
