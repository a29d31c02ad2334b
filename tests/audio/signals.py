"""Synthetic sounds of every kind that features must describe: one channel, float32."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def music(seconds: float, rate_hz: int) -> Samples:
    """Three-note chords with overtones, slightly out of tune, and a burst of noise on each beat."""
    rng = np.random.default_rng(0)
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    beats = np.array_split(times, max(round(2 * seconds), 1))
    return np.concatenate([_beat(beat, rate_hz, rng) for beat in beats]).astype(np.float32)


def noise(seconds: float, rate_hz: int) -> Samples:
    """White noise."""
    return 0.1 * np.random.default_rng(1).standard_normal(round(seconds * rate_hz), np.float32)


def knocks(seconds: float, rate_hz: int) -> Samples:
    """Digital silence, and damped tones of 20 ms, about five a second."""
    rng = np.random.default_rng(2)
    age = np.arange(round(0.1 * rate_hz)) / rate_hz
    samples = np.zeros(round(seconds * rate_hz) + len(age))
    for start in rng.integers(0, len(samples) - len(age), max(round(5 * seconds), 1)):
        pitch_hz = 440 * 2 ** (rng.integers(-12, 12) / 12)
        samples[start : start + len(age)] += np.sin(2 * np.pi * pitch_hz * age) * np.exp(-50 * age)
    return (0.3 * samples[: len(samples) - len(age)]).astype(np.float32)


def clicks(seconds: float, rate_hz: int) -> Samples:
    """Digital silence, and single samples of full scale, about five a second."""
    rng = np.random.default_rng(3)
    samples = np.zeros(round(seconds * rate_hz), np.float32)
    samples[rng.integers(0, len(samples), max(round(5 * seconds), 1))] = 1
    return samples


def sweep(seconds: float, rate_hz: int) -> Samples:
    """One sine that rises from 50 Hz to just below half the rate."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    octaves = np.log2(0.45 * rate_hz / 50) / seconds
    phase = 50 * (2 ** (octaves * times) - 1) / (octaves * np.log(2))
    return (0.5 * np.sin(2 * np.pi * phase)).astype(np.float32)


def _beat(
    times: NDArray[np.float64], rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    age = times - times[:1]
    sound = 0.05 * rng.standard_normal(len(times)) * np.exp(-30 * age)
    root = rng.integers(40, 64)
    for note in root + np.array([0, rng.choice([3, 4]), 7]):
        pitch_hz = 440 * 2 ** ((note - 69 + 0.12) / 12)
        for overtone in range(1, 9):
            if overtone * pitch_hz < rate_hz / 2:
                tone = np.sin(2 * np.pi * overtone * pitch_hz * times + rng.uniform(0, 6))
                sound += 0.1 / overtone * tone * np.exp(-3 * age)
    return sound
