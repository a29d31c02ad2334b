"""Excerpts to describe: tones, chords, noise and clicks, at 22.05 kHz."""

import numpy as np

from antiphon.audio.excerpt import Excerpt, Samples

RATE_HZ = 22_050


def excerpt(samples: Samples) -> Excerpt:
    return Excerpt(samples.astype(np.float32), RATE_HZ)


def times(seconds: float) -> Samples:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def tone(hz: float, seconds: float = 3) -> Samples:
    return 0.3 * np.sin(2 * np.pi * hz * times(seconds))


def noise(seconds: float, seed: int = 7) -> Samples:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))


def hits(per_minute: float, seconds: float = 15) -> Samples:
    """Short bursts of noise at a steady pace, as of a drum, over a faint hiss."""
    decay = np.exp(-times(0.1) * 60)
    samples = 0.001 * noise(seconds, seed=8)
    for number, at_s in enumerate(np.arange(0, seconds - 0.1, 60 / per_minute)):
        burst = 5 * noise(0.1, seed=number) * decay
        samples[round(at_s * RATE_HZ) :][: burst.size] += burst
    return samples


def chord(pitches: tuple[int, ...], seconds: float = 1, *, cents: float = 0) -> Samples:
    """A chord of MIDI pitches that dies away, each tone with five overtones."""
    sound = sum(
        tone(overtone * 440 * 2 ** ((pitch - 69 + cents / 100) / 12), seconds) / overtone**1.5
        for pitch in pitches
        for overtone in range(1, 7)
    )
    return 0.2 * sound * np.exp(-times(seconds))


def cadence(tonic: int, mode: str, *, cents: float = 0) -> Samples:
    """The chords I IV V I, or i iv V i in minor, twice; `tonic` is a MIDI pitch."""
    third = 4 if mode == "major" else 3
    degrees = ((0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7, 12))
    return np.concatenate(
        [chord(tuple(tonic + step for step in degree), cents=cents) for degree in degrees * 2]
    )
