"""How far music is tuned from A = 440 Hz, estimated from the peaks of its spectrum.

Importing this loads numba and librosa, which takes seconds.
"""

import librosa
import numpy as np
from numba import njit
from numpy.typing import NDArray

from antiphon.audio.spectra import Matrix

LOWEST_HZ, HIGHEST_HZ = 150.0, 4000.0
# Of a frame's greatest value: what is lower is no peak.
_THRESHOLD = 0.1


def estimate(power: Matrix, rate_hz: float, *, of_magnitude: bool = False) -> float:
    """Return the deviation in semitones, -0.5 to 0.5 in steps of 0.01; 0 where nothing peaks.

    The most frequent deviation among the louder half of the peaks between 150 and 4000 Hz of a
    power spectrogram (frames, bins), or of its square root `of_magnitude`, each interpolated by a
    parabola (J. O. Smith, Spectral Audio Signal Processing):
    `librosa.estimate_tuning(S=power.T, sr=rate_hz)`.
    """
    freqs_hz = np.linspace(0, rate_hz / 2, power.shape[1])
    first, last = np.searchsorted(freqs_hz, [LOWEST_HZ, min(HIGHEST_HZ, rate_hz / 2)])
    floors = power.max(axis=1) * np.float32(_THRESHOLD ** (2 if of_magnitude else 1))
    bins, heights = _peaks(power, floors, max(first, 1), last, of_magnitude)
    if not bins.size:
        return 0.0
    loud = bins[heights >= np.median(heights)]
    return float(librosa.pitch_tuning((loud * freqs_hz[1]).astype(np.float32)))


@njit("Tuple((f8[::1], f4[::1]))(f4[:, ::1], f4[::1], i8, i8, b1)", cache=True)
def _peaks(
    power: Matrix, floors: Matrix, first: int, last: int, of_magnitude: bool
) -> tuple[NDArray[np.float64], Matrix]:
    """Return the place, in bins, and the height of each peak above its frame's floor."""
    places = np.empty(len(power) * ((last - first + 1) // 2 + 1))
    heights = np.empty(places.size, np.float32)
    found = 0
    for i in range(len(power)):
        for k in range(first, last):
            before, at, after = power[i, k - 1], power[i, k], power[i, k + 1]
            if at > floors[i] and at > before and at >= after:
                if of_magnitude:
                    before, at, after = np.sqrt(before), np.sqrt(at), np.sqrt(after)
                slope, bend = 0.5 * (after - before), 1.0 * after + before - 2.0 * at
                shift = 0.0 if abs(slope) >= abs(bend) else -slope / bend
                places[found] = k + shift
                heights[found] = at + 0.5 * slope * shift
                found += 1
    return places[:found], heights[:found]
