"""The Free Music Archive's own way to its 518 features, as librosa 0.11 spells it.

Written after `features.py` of Defferrard et al. 2017: the same calls in the same order, slow as
they are, but for what has since changed its name (`rmse`) or its default (12 bins per octave).
"""

import os
import warnings
from collections.abc import Mapping

import librosa
import numpy as np
from librosa import feature
from numpy.typing import NDArray
from scipy import stats

Curves = dict[str, NDArray[np.floating]]


def features(path: str | os.PathLike[str]) -> NDArray[np.float64]:
    """Decode a file and describe it by the archive's 518 columns, in its order."""
    samples, rate_hz = librosa.load(path, sr=None, mono=True)
    return vector(curves(samples, int(rate_hz)))


def curves(samples: NDArray[np.float32], rate_hz: int, spectral_hz: int = 22_050) -> Curves:
    """Return the eleven groups, (rows, frames); the script never told librosa `spectral_hz`."""
    return pitched(samples, rate_hz) | spectral(samples, rate_hz, spectral_hz)


def pitched(
    y: NDArray[np.float32], sr: int, hop_length: int = 512, tuning: float | None = None
) -> Curves:
    """Return the three groups that come from the constant-Q transform."""
    with warnings.catch_warnings():
        # Shorter than a filter, or silent: librosa goes on.
        warnings.simplefilter("ignore", UserWarning)
        cqt = librosa.cqt(y, sr=sr, hop_length=hop_length, n_bins=84, tuning=tuning)
    cens = feature.chroma_cens(C=np.abs(cqt), n_chroma=12, bins_per_octave=12)
    return {
        "chroma_cqt": feature.chroma_cqt(C=np.abs(cqt), n_chroma=12, bins_per_octave=12),
        "chroma_cens": cens,
        "tonnetz": feature.tonnetz(chroma=cens),
    }


def spectral(y: NDArray[np.float32], sr: int, assumed: int, n_bands: int = 6) -> Curves:
    """Return the eight groups that come from the samples and their spectrogram."""
    with warnings.catch_warnings():
        # Shorter than a frame, silent, or with mel bands between two bins: librosa goes on.
        warnings.simplefilter("ignore", UserWarning)
        stft = np.abs(librosa.stft(y, n_fft=2048, hop_length=512))
        mel = feature.melspectrogram(sr=sr, S=stft**2)
        return {
            "zcr": feature.zero_crossing_rate(y, frame_length=2048, hop_length=512),
            "chroma_stft": feature.chroma_stft(S=stft**2, sr=assumed, n_chroma=12),
            "rmse": feature.rms(S=stft),
            "spectral_centroid": feature.spectral_centroid(S=stft, sr=assumed),
            "spectral_bandwidth": feature.spectral_bandwidth(S=stft, sr=assumed),
            "spectral_contrast": feature.spectral_contrast(S=stft, sr=assumed, n_bands=n_bands),
            "spectral_rolloff": feature.spectral_rolloff(S=stft, sr=assumed),
            "mfcc": feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20),
        }


def vector(curves: Mapping[str, NDArray[np.floating]]) -> NDArray[np.float64]:
    """Reduce curves to their statistics, sorted by group, statistic and row.

    In float64: in float32, scipy loses the digits of curves that hardly change.
    """
    statistics = {
        "kurtosis": lambda values: stats.kurtosis(values, axis=1),
        "max": lambda values: np.max(values, axis=1),
        "mean": lambda values: np.mean(values, axis=1),
        "median": lambda values: np.median(values, axis=1),
        "min": lambda values: np.min(values, axis=1),
        "skew": lambda values: stats.skew(values, axis=1),
        "std": lambda values: np.std(values, axis=1),
    }
    with warnings.catch_warnings():
        # Of a constant curve: there skewness and kurtosis are NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.concatenate(
            [
                take(curves[group].astype(np.float64))
                for group in sorted(curves)
                for take in statistics.values()
            ]
        )
