"""Single numbers that say how the sound and the spectrum of each frame are shaped.

Importing this loads numba, which takes a second.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from antiphon.audio.spectra import Matrix, decibels

# So many frames at a time: what is made of them stays in the processor's cache.
_FRAMES = 256

_ROLLOFF = np.float32(0.85)
_CONTRAST_HZ = 200.0
_CONTRAST_BANDS = 7
_CONTRAST_SHARE = 0.02
# Nearer to zero than this a sample is neither above nor below it.
_NOTHING = 1e-10


class Shape(NamedTuple):
    """Curves of shape (frames, 1), `contrast_db` (frames, 7); all 0 where there is no sound."""

    rms: Matrix
    centroid_hz: Matrix
    bandwidth_hz: Matrix
    rolloff_hz: Matrix
    contrast_db: Matrix


def shape(power: Matrix, rate_hz: float) -> Shape:
    """Return the curves of a power spectrogram (frames, bins).

    They are librosa's of the magnitudes: `rms` by Parseval's theorem; `spectral_centroid` and
    `spectral_bandwidth`, mean and standard deviation of the frequency; `spectral_rolloff`, below
    which 85 % of the magnitude lies; `spectral_contrast` (Jiang et al. 2002), how far the peaks,
    the greatest fiftieth, stand above the valleys, the smallest, below 200 Hz and in six octaves
    from there, the topmost to the end. Where that is too low for six, which librosa refuses, there
    are fewer, and the others are 0.
    """
    freqs_hz = np.linspace(0, rate_hz / 2, power.shape[1], dtype=np.float32)
    bands = contrast_bands(freqs_hz)
    blocks = [
        of_block(power[start : start + _FRAMES], freqs_hz, bands)
        for start in range(0, len(power), _FRAMES)
    ]
    curves, valleys, peaks = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    contrast = np.zeros((len(power), _CONTRAST_BANDS), np.float32)
    contrast[:, : len(bands)] = decibels(peaks) - decibels(valleys)
    rms, centroid_hz, bandwidth_hz, rolloff_hz = np.hsplit(curves, 4)
    return Shape(rms, centroid_hz, bandwidth_hz, rolloff_hz, contrast)


def zero_crossing_rate(samples: Matrix, frame_length: int = 2048, hop_length: int = 512) -> Matrix:
    """Return the share of samples that lie across zero from the one before; (frames, 1).

    Frames are centred on multiples of `hop_length`, which divides `frame_length`; the first and
    last sample go on beyond the ends: `librosa.feature.zero_crossing_rate`.
    """
    negative = np.pad(samples < -_NOTHING, frame_length // 2, mode="edge")
    crossings = np.append(negative[1:] != negative[:-1], False)
    hops = len(crossings) // hop_length
    by_hop = crossings[: hops * hop_length].reshape(hops, hop_length).view(np.uint8)
    per_hop = by_hop.sum(axis=1, dtype=np.uint32)
    per_frame = np.convolve(per_hop, np.ones(frame_length // hop_length, int), mode="valid")
    # The crossing from a frame's last sample to the next is not its own.
    per_frame -= crossings[frame_length - 1 :: hop_length][: len(per_frame)]
    return (per_frame[:, np.newaxis] / frame_length).astype(np.float32)


def of_block(
    power: Matrix, freqs_hz: Matrix, bands: list[tuple[slice, int]]
) -> tuple[Matrix, Matrix, Matrix]:
    """Return of some frames rms, centroid, bandwidth and rolloff, (frames, 4), valleys, peaks."""
    magnitude = np.sqrt(power)
    valleys, peaks = np.empty((2, len(magnitude), len(bands)), np.float32)
    for band, (bins, few) in enumerate(bands):
        ascending = np.sort(magnitude[:, bins], axis=1)
        valleys[:, band] = ascending[:, :few].mean(axis=1)
        peaks[:, band] = ascending[:, -few:].mean(axis=1)
    # Of a real signal's spectrum only half is there; its two ends are there once.
    energy = 2 * power.sum(axis=1) - power[:, 0] - power[:, -1]
    rms = np.sqrt(energy) / (2 * (power.shape[1] - 1))
    curves = [rms[:, np.newaxis], _moments(magnitude, freqs_hz), _rolloff(magnitude, freqs_hz)]
    return np.concatenate(curves, axis=1), valleys, peaks


def contrast_bands(freqs_hz: Matrix) -> list[tuple[slice, int]]:
    """Return the bins of each band that is there, and how many of them make a peak."""
    octaves_hz = [0.0, *(_CONTRAST_HZ * 2.0**octave for octave in range(_CONTRAST_BANDS - 1))]
    lows_hz = [low_hz for low_hz in octaves_hz if low_hz < freqs_hz[-1]]
    highs_hz = [*lows_hz[1:], np.inf]
    bands = []
    for low_hz, high_hz in zip(lows_hz, highs_hz, strict=True):
        first = max(int(np.searchsorted(freqs_hz, low_hz)) - 1, 0)
        last = int(np.searchsorted(freqs_hz, high_hz, side="right"))
        few = max(round(_CONTRAST_SHARE * (last - first)), 1)
        # Every band but the topmost leaves its last bin to the next, which begins with it.
        bands.append((slice(first, last - (high_hz < np.inf and last > first + 1)), few))
    return bands


# Sums may be taken in any order, which lets them run in parallel.
@njit("f4[:, ::1](f4[:, ::1], f4[::1])", cache=True, fastmath={"reassoc", "nsz", "contract"})
def _moments(magnitude: Matrix, freqs_hz: Matrix) -> Matrix:
    """Return the mean frequency of each frame and the standard deviation from it; (frames, 2)."""
    found = np.zeros((len(magnitude), 2), np.float32)
    for i in range(len(magnitude)):
        frame = magnitude[i]
        total, weighted, spread = np.float32(0), np.float32(0), np.float32(0)
        for k in range(frame.size):
            total += frame[k]
            weighted += freqs_hz[k] * frame[k]
        if total > 0:
            found[i, 0] = weighted / total
            for k in range(frame.size):
                deviation = freqs_hz[k] - found[i, 0]
                spread += frame[k] * deviation * deviation
            found[i, 1] = np.sqrt(spread / total)
    return found


@njit("f4[:, ::1](f4[:, ::1], f4[::1])", cache=True)
def _rolloff(magnitude: Matrix, freqs_hz: Matrix) -> Matrix:
    """Return the frequency below which 85 % of each frame's magnitude lies; (frames, 1).

    Summed in float32, bin after bin, as librosa does: else another bin is found now and then.
    """
    frames, bins = magnitude.shape
    found = np.zeros((frames, 1), np.float32)
    sums = np.empty((bins, 4), np.float32)
    # Four frames side by side: each sum has to wait for the one before, the four need not.
    for first in range(0, frames, 4):
        last = min(first + 4, frames) - 1
        second, third = min(first + 1, last), min(first + 2, last)
        a = b = c = d = np.float32(0)
        for k in range(bins):
            a += magnitude[first, k]
            b += magnitude[second, k]
            c += magnitude[third, k]
            d += magnitude[last, k]
            sums[k, 0], sums[k, 1], sums[k, 2], sums[k, 3] = a, b, c, d
        for i in range(first, last + 1):
            column = sums[:, 3 if i == last else i - first]
            found[i, 0] = freqs_hz[np.searchsorted(column, _ROLLOFF * column[-1])]
    return found
