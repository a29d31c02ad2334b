"""Numbers that summarise how a track sounds: the one door to whatever engine computes them.

The feature set `summary/0` describes half a minute from the middle of a track by the common
short-time descriptors (timbre, brightness, harmony, loudness, rhythm; Tzanetakis and Cook 2002),
each curve reduced to a few statistics. Values are raw; whoever compares them standardises them.
"""

import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.decode import RATE_HZ, Samples, decode_middle
from antiphon.audio.errors import SilentError, SoundError

Curves = dict[str, NDArray[np.float32]]

NAME = "summary/0"
# How much of a track is listened to, from its middle.
EXCERPT_S = 30.0

_SHORTEST_S = 0.5
# Standard deviation of the samples, about -80 dB: below it there is nothing to describe.
_QUIETEST = 1e-4

_STATISTICS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "mean": lambda curve: curve.mean(axis=1),
    "std": lambda curve: curve.std(axis=1),
    "change": lambda curve: np.abs(np.diff(curve, axis=1)).mean(axis=1),
}
# Each curve's number of rows, and the statistics over time that are kept of each row.
_CURVES: dict[str, tuple[int, tuple[str, ...]]] = {
    "mfcc": (20, ("mean", "std", "change")),
    "contrast": (7, ("mean", "std")),
    "chroma": (12, ("mean",)),
    "centroid_hz": (1, ("mean", "std")),
    "bandwidth_hz": (1, ("mean", "std")),
    "rolloff_hz": (1, ("mean", "std")),
    "flatness": (1, ("mean", "std")),
    "zero_crossings": (1, ("mean", "std")),
    "rms": (1, ("mean", "std")),
    "onset": (1, ("mean", "std")),
    "tempo_bpm": (1, ("mean",)),
}
NAMES = tuple(
    f"{curve}_{row}_{statistic}" if rows > 1 else f"{curve}_{statistic}"
    for curve, (rows, statistics) in _CURVES.items()
    for statistic in statistics
    for row in range(rows)
)
DIMENSIONS = len(NAMES)


def extract(path: str | os.PathLike[str]) -> NDArray[np.float32]:
    """Describe a track by finite numbers, of shape (DIMENSIONS,), in the order of NAMES.

    Raises:
        SilentError: it is silent there, or shorter than half a second.
        UndecodableError: no decoder gets sound out of it.
        OSError: the file is not there or may not be read.
    """
    samples = decode_middle(path, seconds=EXCERPT_S)
    if samples.size < _SHORTEST_S * RATE_HZ:
        raise SilentError(f"it is only {samples.size / RATE_HZ:.2f} s long")
    if samples.std() < _QUIETEST:
        raise SilentError("it is silent")
    return _vector(_curves(samples))


def _vector(curves: Curves) -> NDArray[np.float32]:
    vector = np.concatenate(
        [
            _STATISTICS[statistic](curves[name])
            for name, (_, statistics) in _CURVES.items()
            for statistic in statistics
        ],
        dtype=np.float32,
    )
    if not np.isfinite(vector).all():
        raise SoundError("its features are not finite numbers")
    return vector


def _curves(samples: Samples) -> Curves:
    """Compute every curve, of shape (rows, frames), from one spectrogram."""
    import librosa  # noqa: PLC0415 - takes seconds, and processes that only import us never need it

    feature = librosa.feature
    magnitude = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512))
    power = magnitude**2
    mel_db = librosa.power_to_db(feature.melspectrogram(S=power, sr=RATE_HZ))
    centroid_hz = feature.spectral_centroid(S=magnitude, sr=RATE_HZ)
    onset = librosa.onset.onset_strength(S=mel_db, sr=RATE_HZ)
    return {
        "mfcc": feature.mfcc(S=mel_db, n_mfcc=20),
        "contrast": feature.spectral_contrast(S=magnitude, sr=RATE_HZ),
        # A given tuning: estimating it would take longer than everything else together.
        "chroma": feature.chroma_stft(S=power, sr=RATE_HZ, tuning=0.0),
        "centroid_hz": centroid_hz,
        "bandwidth_hz": feature.spectral_bandwidth(S=magnitude, sr=RATE_HZ, centroid=centroid_hz),
        "rolloff_hz": feature.spectral_rolloff(S=magnitude, sr=RATE_HZ),
        "flatness": feature.spectral_flatness(S=power, power=1.0),
        "zero_crossings": feature.zero_crossing_rate(samples),
        "rms": feature.rms(y=samples),
        "onset": onset[np.newaxis],
        "tempo_bpm": feature.tempo(onset_envelope=onset, sr=RATE_HZ)[np.newaxis],
    }
