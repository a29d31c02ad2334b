"""Which key the music is in, from the pitches that sound."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.excerpt import Excerpt
from antiphon.audio.spectra import Matrix, power_blocks

# Spelled as musicians read them most readily: as many sharps or flats in the signature as needed.
NOTES = {
    "major": ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"),
    "minor": ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B"),
}
# How often each degree is heard in a piece, from its tonic up in semitones (Albrecht and Shanahan
# 2013, "The use of large corpora to train a new type of key-finding algorithm").
_PROFILES = {
    "major": (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    "minor": (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
}
_ALL = tuple((mode, tonic) for mode in NOTES for tonic in range(12))
_RATE_HZ = 22_050
_N_FFT = 4096
_HOP = 4096
_BIN_HZ = _RATE_HZ / _N_FFT
# Where fundamental tones lie: higher up, overtones outnumber them.
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 1000.0
_A4_HZ = 440.0
_A = 9
# In semitones: how far a tone may be from a key of the piano and still be meant.
_OFF = 0.2
# How closely pitches gather about the semitones of one tuning, 0 to 1: noise, drums and speech
# reach 0.04, music hardly ever less than 0.1.
_UNTUNED = 0.08


def key(excerpt: Excerpt) -> str:
    """Return the key, such as "A minor" or "E♭ major"; "" where nothing is tonal.

    The pitch class profile of the spectrum's peaks (Gómez 2006, simplified), at the music's own
    tuning, is correlated with those of the 24 keys (Krumhansl 1990).
    """
    frames, pitches, strengths = _peaks(_low_spectrum(excerpt))
    gathered = strengths @ np.exp(2j * np.pi * pitches)
    # Where there are few peaks, they lie together by chance.
    if np.abs(gathered) <= strengths.sum() * (_UNTUNED + 2 / np.sqrt(1 + pitches.size)):
        return ""
    tuning = np.angle(gathered) / (2 * np.pi)
    return _best_fit(_pitch_classes(frames, pitches - tuning, strengths))


def _best_fit(heard: NDArray[np.float64]) -> str:
    names, profiles = _keys()
    return names[int((profiles @ (heard - heard.mean())).argmax())]


@lru_cache(maxsize=1)
def _keys() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the names of the keys and their profiles, (24, 12), of mean 0 and length 1."""
    profiles = np.array([np.roll(_PROFILES[mode], tonic) for mode, tonic in _ALL])
    profiles -= profiles.mean(axis=1, keepdims=True)
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    return tuple(f"{NOTES[mode][tonic]} {mode}" for mode, tonic in _ALL), profiles


def _pitch_classes(
    frames: NDArray[np.intp], pitches: NDArray[np.float64], strengths: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how much each pitch class is heard, of shape (12,), C first; in each frame up to 1."""
    nearest = np.round(pitches)
    meant = strengths * np.exp(-0.5 * ((pitches - nearest) / _OFF) ** 2)
    count = 1 + frames.max()
    heard = np.bincount(frames * 12 + nearest.astype(int) % 12, meant, 12 * count)
    heard = heard.reshape(count, 12)
    loudest = np.maximum(heard.max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    mean: NDArray[np.float64] = (heard / loudest).mean(axis=0)
    return mean


def _low_spectrum(excerpt: Excerpt) -> Matrix:
    """Return magnitudes from one bin below the lowest tone to one above the highest."""
    first, last = round(_LOWEST_HZ / _BIN_HZ) - 1, round(_HIGHEST_HZ / _BIN_HZ) + 1
    blocks = power_blocks(excerpt.at(_RATE_HZ), _N_FFT, _HOP)
    low: Matrix = np.sqrt(np.concatenate([power[:, first : last + 1] for _, power in blocks]))
    return low


def _peaks(
    magnitude: Matrix,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return every peak's frame, pitch in semitones from a C, and height."""
    below, at, above = magnitude[:, :-2], magnitude[:, 1:-1], magnitude[:, 2:]
    frames, bins = np.nonzero((at > below) & (at >= above))
    low, top, high = (side[frames, bins].astype(np.float64) for side in (below, at, above))
    # The summit of a parabola through the three.
    place = bins + 0.5 * (low - high) / (low - 2 * top + high)
    hz = (place + round(_LOWEST_HZ / _BIN_HZ)) * _BIN_HZ
    return frames, 12 * np.log2(hz / _A4_HZ) + _A, top
