"""The short-time Fourier transform, from which all that is spectral is computed.

Matrices are frame-major: (frames, rows).
"""

from collections.abc import Iterator
from functools import lru_cache
from math import log
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

# So many samples are transformed at a time: what one step makes stays in the processor's cache.
_BLOCK = 1 << 16
# Neighbouring mel bands are computed together from the few bins that they cover.
_BANDS = 16
_QUIETEST = 1e-10
_TOP_DB = 80.0


def power_spectrogram(
    samples: Matrix, n_fft: int, hop_length: int, precision: type[np.floating[Any]] = np.float32
) -> Matrix:
    """Return |STFT|² of shape (frames, 1 + n_fft // 2), float32.

    A periodic Hann window, frames centred on multiples of `hop_length`, zeros beyond both ends:
    `abs(librosa.stft(y, n_fft, hop_length)) ** 2`, transposed. Transformed in float32 it is right
    to 1e-7 of the loudest bin of a frame; in float64, which takes twice the time, of every bin.
    """
    power = np.empty((1 + samples.size // hop_length, 1 + n_fft // 2), np.float32)
    for start, block in power_blocks(samples, n_fft, hop_length, precision):
        power[start : start + len(block)] = block
    return power


def power_blocks(
    samples: Matrix, n_fft: int, hop_length: int, precision: type[np.floating[Any]] = np.float32
) -> Iterator[tuple[int, Matrix]]:
    """Yield the power spectrogram a few frames at a time, each with the number of its first."""
    padded = np.pad(samples, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(precision)
    together = max(_BLOCK // n_fft, 1)
    for start in range(0, len(frames), together):
        spectrum = scipy.fft.rfft(frames[start : start + together] * window, axis=1)
        squares = spectrum.view(precision)
        np.square(squares, out=squares)
        yield start, (squares[:, ::2] + squares[:, 1::2]).astype(np.float32, copy=False)


def mel(power: Matrix, rate_hz: float, n_mels: int = 128) -> Matrix:
    """Return the mel spectrogram, of shape (frames, n_mels), of one or more frames of power.

    Slaney's mel scale and area normalisation from 0 Hz to half the rate:
    `librosa.feature.melspectrogram(S=power.T, sr=rate_hz, n_mels=n_mels).T`.
    """
    bands = _mel_bands(rate_hz, 2 * (power.shape[1] - 1), n_mels)
    mel: Matrix = np.concatenate([power[:, bins] @ weights for bins, weights in bands], axis=1)
    return mel


def mfcc(mel: Matrix, count: int) -> Matrix:
    """Return the first `count` cepstral coefficients, (frames, count), of a whole mel spectrogram.

    The orthonormal DCT-II of its decibels, none more than 80 below the loudest of all frames:
    `librosa.feature.mfcc(S=librosa.power_to_db(mel.T), n_mfcc=count).T`.
    """
    cepstrum: Matrix = scipy.fft.dct(decibels(mel), type=2, norm="ortho", axis=1)
    return cepstrum[:, :count]


def decibels(power: Matrix) -> Matrix:
    """Return 10 log10 of power, none more than 80 below its greatest: `librosa.power_to_db`."""
    db: Matrix = np.maximum(power, np.float32(_QUIETEST))
    np.log10(db, out=db)
    db *= np.float32(10)
    np.maximum(db, db.max() - np.float32(_TOP_DB), out=db)
    return db


@lru_cache(maxsize=16)
def _mel_bands(rate_hz: float, n_fft: int, n_mels: int) -> list[tuple[slice, Matrix]]:
    """Return the bins that a few neighbouring bands cover, and their weights there."""
    weights = mel_filters(rate_hz, n_fft, n_mels)
    bands = []
    for first in range(0, n_mels, _BANDS):
        group = weights[:, first : first + _BANDS]
        # At high rates some bands lie between two bins, and stay empty.
        used = np.flatnonzero(group.any(axis=1))
        bins = slice(used[0], used[-1] + 1) if used.size else slice(0, 0)
        bands.append((bins, np.ascontiguousarray(group[bins])))
    return bands


def mel_filters(rate_hz: float, n_fft: int, n_mels: int) -> Matrix:
    """Return Slaney's triangles of equal area, (bins, n_mels): `librosa.filters.mel().T`."""
    edges_hz = _mel_to_hz(np.linspace(0, _hz_to_mel(rate_hz / 2), n_mels + 2))
    bins_hz = np.linspace(0, rate_hz / 2, 1 + n_fft // 2)[:, np.newaxis]
    widths_hz = np.diff(edges_hz)
    rising = (bins_hz - edges_hz[:-2]) / widths_hz[:-1]
    falling = (edges_hz[2:] - bins_hz) / widths_hz[1:]
    triangles = np.maximum(np.minimum(rising, falling), 0)
    return (triangles * 2 / (edges_hz[2:] - edges_hz[:-2])).astype(np.float32)


def _hz_to_mel(hz: float) -> float:
    """Return Slaney's mel: linear to 1000 Hz, which is 15, then 27 to a factor of 6.4."""
    return 15 + 27 * log(hz / 1000) / log(6.4) if hz > 1000 else hz * 3 / 200


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel > 15, 1000 * 6.4 ** ((mel - 15) / 27), mel * 200 / 3)
