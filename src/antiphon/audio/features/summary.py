"""`summary/1`: numbers on the timbre, loudness, harmony and rhythm of an excerpt, from one pass.

Every part keeps statistics over time of curves of one spectrogram (`audio/curves.py`: 22.05 kHz,
n_fft 2048, hop 1024). A column's name begins with its part; `change` is the mean absolute
difference from one frame (46 ms) to the next, `p10` the tenth percentile over time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from antiphon.audio.curves import BANDS, FRAMES_HZ, MELS, Curves, curves
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features.port import FeatureSet
from antiphon.audio.plan import Plan
from antiphon.audio.spectra import Matrix
from antiphon.audio.tempo import periodicity

_MFCCS = 20
_OCTAVES_HZ = (0, 200, 400, 800, 1600, 3200, 6400)
_PACES_HZ = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.75)
_TEMPI_BPM = (20, 40, 80, 160, 320)
# How far apart chords are compared, in frames: about 50, 200 and 750 ms, and 2 s.
_APART = (1, 4, 16, 43)
_LONGEST = round(3 * FRAMES_HZ)
_FAINTEST = np.float32(1e-5)
_TINY = np.float32(1e-6)


@dataclass(frozen=True)
class _Part:
    """Some columns: their names, and what gives them in this order."""

    name: str
    labels: tuple[str, ...]
    measure: Callable[[Curves], NDArray[np.float32]]


def _extract(excerpt: Excerpt, _: Plan) -> NDArray[np.float32]:
    heard = excerpt.once(curves)
    return np.concatenate([part.measure(heard) for part in _PARTS], dtype=np.float32)


def _mfcc(heard: Curves) -> Matrix:
    """Return how the timbre lies and moves, by 20 cepstral coefficients (librosa's)."""
    return _over_time(heard.mel_db @ _cosines())


def _contrast(heard: Curves) -> Matrix:
    """Return how far peaks stand above valleys in each octave (Jiang et al. 2002), in dB."""
    return _over_time(heard.contrast_db)


def _valley(heard: Curves) -> Matrix:
    """Return how loud it is between the peaks of each octave: noise, reverberation, density."""
    deciles = np.quantile(heard.valley_db, (0.1, 0.5, 0.9), axis=0)
    return np.concatenate([deciles.ravel(), _change(heard.valley_db)], dtype=np.float32)


def _loudness(heard: Curves) -> Matrix:
    """Return the level of the frames in dB of full scale: how loud, and how dynamic."""
    level = 20 * np.log10(np.maximum(heard.rms, _FAINTEST))[:, np.newaxis]
    quantiles = np.quantile(level[:, 0], (0.05, 0.25, 0.5, 0.75, 0.95))
    return np.concatenate([quantiles, level.std(axis=0), _change(level)], dtype=np.float32)


def _shape(heard: Curves) -> Matrix:
    """Return the spectrum's mean, width and 85 % point in Hz, its flatness, crossings of zero."""
    return _over_time(heard.shape)


def _onset(heard: Curves) -> Matrix:
    """Return how strongly sounds begin in eighths of the mel scale, low first, and in all, dB."""
    bands = np.column_stack([heard.rise_db, heard.onset])
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])


def _chroma(heard: Curves) -> Matrix:
    """Return harmony in whatever key.

    The twelve pitch classes by strength, the loudest first; how far two pitch classes a number of
    semitones apart sound at once; how alike the chords are some time apart (cosine).
    """
    energy = np.maximum((heard.chroma**2).sum(axis=1, keepdims=True), _TINY)
    products = (heard.chroma / energy).T @ heard.chroma / len(energy)
    together = [np.roll(products, -semitones, axis=1).trace() for semitones in range(1, 7)]
    unit = heard.chroma / np.sqrt(energy)
    later = [min(frames, len(unit) - 1) for frames in _APART]
    alike = [
        np.vdot(unit[after:], unit[: len(unit) - after]) / (len(unit) - after) for after in later
    ]
    ranked = np.sort(heard.chroma.mean(axis=0))[::-1]
    return np.concatenate([ranked, together, alike], dtype=np.float32)


def _rhythm(heard: Curves) -> Matrix:
    """Return how regularly onsets repeat within each octave of tempo: 1 is like a clock."""
    repeats = periodicity(heard.onset[:, np.newaxis], _LONGEST)[1:]
    bpm = 60 * FRAMES_HZ / np.arange(1, len(repeats) + 1)
    octave = np.searchsorted(_TEMPI_BPM, bpm, side="right")
    return np.array(
        [repeats[octave == each].max(initial=0) for each in range(1, len(_TEMPI_BPM))], np.float32
    )


def _modulation(heard: Curves) -> Matrix:
    """Return how strongly eighths of the mel scale swell at each pace, in log10 of dB²."""
    bands = heard.mel_db.reshape(len(heard.mel_db), BANDS, -1).mean(axis=2)
    return _swell(bands)


def _contrast_modulation(heard: Curves) -> Matrix:
    """Return how strongly the contrast of each octave swells at each pace, in log10 of dB²."""
    return _swell(heard.contrast_db)


@lru_cache(maxsize=1)
def _cosines() -> Matrix:
    """Return the orthonormal DCT-II as a matrix, (mels, coefficients)."""
    cosines: Matrix = scipy.fft.dct(np.eye(MELS, dtype=np.float32), norm="ortho")[:, :_MFCCS]
    return cosines


def _over_time(curve: Matrix) -> Matrix:
    """Return mean, standard deviation and change of each column, in this order."""
    return np.concatenate([curve.mean(axis=0), curve.std(axis=0), _change(curve)])


def _change(curve: Matrix) -> Matrix:
    """Return the mean absolute difference between neighbours, of each column; 0 of one frame."""
    difference: Matrix = np.abs(curve[1:] - curve[:-1]).sum(axis=0) / max(len(curve) - 1, 1)
    return difference


def _swell(curve: Matrix) -> Matrix:
    """Return the power of each column at each pace, (paces * columns,), by Fourier transform."""
    length = scipy.fft.next_fast_len(len(curve), real=True)
    spectrum = scipy.fft.rfft(curve - curve.mean(axis=0), length, axis=0)
    power = (spectrum.real**2 + spectrum.imag**2) / np.float32(len(curve)) ** 2
    edges = np.searchsorted(np.arange(len(power)) * FRAMES_HZ / length, _PACES_HZ)
    paces = [power[low:high].sum(axis=0) for low, high in pairwise(edges)]
    return np.log10(np.concatenate(paces) + _TINY)


def _labels(rows: tuple[str, ...], statistics: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{row}_{statistic}" for statistic in statistics for row in rows)


_OVER_TIME = ("mean", "std", "change")
_OCTAVES = tuple(f"{low}_hz" for low in _OCTAVES_HZ)
_BAND = tuple(str(band) for band in range(BANDS))
_PACES = tuple(f"{pace:g}_hz" for pace in _PACES_HZ[:-1])

_PARTS = (
    _Part("mfcc", _labels(tuple(map(str, range(_MFCCS))), _OVER_TIME), _mfcc),
    _Part("contrast", _labels(_OCTAVES, _OVER_TIME), _contrast),
    _Part("valley", _labels(_OCTAVES, ("p10", "p50", "p90", "change")), _valley),
    _Part("loudness", ("p5", "p25", "p50", "p75", "p95", "std", "change"), _loudness),
    _Part(
        "shape",
        _labels(
            ("centroid_hz", "bandwidth_hz", "rolloff_hz", "flatness", "zero_crossings"), _OVER_TIME
        ),
        _shape,
    ),
    _Part("onset", _labels((*_BAND, "all"), ("mean", "std")), _onset),
    _Part(
        "chroma",
        (
            *(f"rank_{rank}" for rank in range(1, 13)),
            *(f"interval_{semitones}" for semitones in range(1, 7)),
            *(f"alike_after_{frames}" for frames in _APART),
        ),
        _chroma,
    ),
    _Part("rhythm", tuple(f"{bpm}_bpm" for bpm in _TEMPI_BPM[:-1]), _rhythm),
    _Part("modulation", _labels(_BAND, _PACES), _modulation),
    _Part("contrast_modulation", _labels(_OCTAVES, _PACES), _contrast_modulation),
)

SUMMARY = FeatureSet(
    name="summary/1",
    columns=tuple(f"{part.name}_{label}" for part in _PARTS for label in part.labels),
    extract=_extract,
    dtype="<f2",
)
