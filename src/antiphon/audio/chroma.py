"""Chroma: how much of each of the twelve pitch classes is heard, frame by frame.

Curves are (frames, 12), C first. Importing this loads librosa, which takes seconds.
"""

from functools import lru_cache

import librosa
import numpy as np
from scipy.ndimage import convolve1d
from scipy.signal.windows import hann

from antiphon.audio.spectra import Matrix

# A pitch class counts once for each of these shares of a frame that it passes.
_CENS_SHARES = np.array([0.4, 0.2, 0.1, 0.05], np.float32)
_CENS_FRAMES = 41


def from_spectrum(power: Matrix, rate_hz: float, tuning: float) -> Matrix:
    """Return the pitch classes of a power spectrogram, the greatest of each frame 1.

    `librosa.feature.chroma_stft(S=power.T, sr=rate_hz, tuning=tuning)` (Ellis 2007).
    """
    return normalised(power @ _bank(rate_hz, 2 * (power.shape[1] - 1), tuning), np.inf)


def energy_normalised(pitch_classes: Matrix) -> Matrix:
    """Return CENS, chroma that forgets dynamics and detail (Müller and Ewert 2011).

    Shares of a frame, quantised in logarithmic steps, smoothed over 41 frames by a Hann window,
    each frame of length 1: `librosa.feature.chroma_cens`.
    """
    shares = normalised(pitch_classes, 1)
    levels = np.add.reduce([(shares > share) for share in _CENS_SHARES], dtype=np.float32)
    window = hann(_CENS_FRAMES + 2)
    return normalised(convolve1d(levels, window / window.sum(), axis=0, mode="constant"), 2)


def tonal_centroids(chroma: Matrix) -> Matrix:
    """Return the tonal centroids of fifths, minor and major thirds; (frames, 6).

    The position in Harte, Sandler and Gasser's tonal space (2006): `librosa.feature.tonnetz`.
    """
    fifths, minor_thirds, major_thirds = (
        radius * np.exp(1j * np.pi * step * np.arange(12))
        for radius, step in ((1, 7 / 6), (1, 3 / 2), (0.5, 2 / 3))
    )
    axes = [
        part
        for circle in (fifths, minor_thirds, major_thirds)
        for part in (circle.imag, circle.real)
    ]
    return normalised(chroma, 1) @ np.array(axes, np.float32).T


def normalised(rows: Matrix, order: float) -> Matrix:
    """Return each row divided by its norm of this order, silent ones as they are."""
    norms = np.linalg.norm(rows, order, axis=1, keepdims=True)
    heard = norms >= np.finfo(np.float32).tiny
    unit: Matrix = np.divide(rows, norms, out=rows.copy(), where=heard)
    return unit


@lru_cache(maxsize=128)
def _bank(rate_hz: float, n_fft: int, tuning: float) -> Matrix:
    return np.ascontiguousarray(librosa.filters.chroma(sr=rate_hz, n_fft=n_fft, tuning=tuning).T)
