"""How fast the music goes, in beats per minute, from the moments at which sounds begin."""

from collections.abc import Iterator

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from antiphon.audio.excerpt import Excerpt, Samples
from antiphon.audio.spectra import Matrix, decibels, mel, power_blocks

_RATE_HZ = 22_050
_N_FFT = 512
_HOP = 256
_FRAMES_HZ = _RATE_HZ / _HOP
_MELS = 40
_BANDS = 8
# A beat comes again after two, three and four beats; a coincidence does not.
_BEATS = 4
_LONGEST_S = 6.0
_SHORTEST_S = 3.0
# Slowest and fastest; in between so finely that a step is a third of a percent.
_TEMPI_BPM = np.geomspace(40, 220, 500)
# People tap most readily at two beats a second, and within an octave of it.
_TYPICAL_BPM = 120.0
_OCTAVES = 1.0
# Noise reaches 0.03, random clicks 0.04.
_FAINTEST = 0.05


def tempo_bpm(excerpt: Excerpt) -> float:
    """Return the tempo, 40 to 220 beats per minute; 0.0 where there is no pulse.

    The onset strength of eight bands is compared with itself later on (autocorrelation); tempi near
    120 are preferred (Ellis 2007, "Beat tracking by dynamic programming", section 3.2). Music that
    can be counted at two speeds may be given half or twice the tempo that was meant; less than
    three seconds have none.
    """
    samples = excerpt.at(_RATE_HZ)
    if samples.size < _SHORTEST_S * _RATE_HZ:
        return 0.0
    repeats = periodicity(_onsets(samples), round(_LONGEST_S * _FRAMES_HZ))
    lags = 60 * _FRAMES_HZ / _TEMPI_BPM
    steady = _comb(repeats, lags)
    prior = np.exp(-0.5 * (np.log2(_TEMPI_BPM / _TYPICAL_BPM) / _OCTAVES) ** 2)
    best = int((steady * prior).argmax())
    return float(_TEMPI_BPM[best]) if steady[best] > _FAINTEST else 0.0


def periodicity(onsets: Matrix, longest: int) -> NDArray[np.float64]:
    """Return how much onsets repeat after 0, 1, ... frames, of shape (longest,): 1 is exactly.

    The mean of the autocorrelations of all columns of `onsets`, shape (frames, columns); each is
    divided by what is left of it after the lag, so that late repeats count like early ones.
    """
    frames = len(onsets)
    length = scipy.fft.next_fast_len(frames + longest, real=True)
    spectrum = scipy.fft.rfft(onsets - onsets.mean(axis=0), length, axis=0)
    products = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, length, axis=0)[:longest]
    left = np.maximum(1 - np.arange(longest) / frames, 0)
    energy = np.maximum(products[0], 1e-6)
    repeats: NDArray[np.float64] = (products / energy).mean(axis=1)
    scaled: NDArray[np.float64] = np.divide(repeats, left, out=np.zeros(longest), where=left > 0.25)
    return scaled


def _comb(repeats: NDArray[np.float64], lags: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted mean of what repeats after one, two, ... times each lag."""
    weights = 1 / np.arange(1, _BEATS + 1)
    after = np.arange(1, _BEATS + 1)[:, np.newaxis] * lags
    again = np.interp(after, np.arange(len(repeats)), repeats)
    mean: NDArray[np.float64] = weights @ again / weights.sum()
    return mean


def _onsets(samples: Samples) -> Matrix:
    """Return by how many dB each of eight bands grows louder, of shape (frames, 8)."""
    level = decibels(np.concatenate(list(_mels(samples))))
    rise = np.maximum(np.diff(level, axis=0, prepend=level[:1]), 0)
    bands: Matrix = rise.reshape(len(rise), _BANDS, -1).mean(axis=2)
    return bands


def _mels(samples: Samples) -> Iterator[Matrix]:
    for _, power in power_blocks(samples, _N_FFT, _HOP):
        yield mel(power, _RATE_HZ, _MELS)
