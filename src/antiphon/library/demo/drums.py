"""The drums: every one a function of brightness alone, to mono samples at `RATE`."""

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np

from antiphon.library.demo import spectral
from antiphon.library.demo.instruments import RATE, Samples, seconds

Drum = Callable[[float], Samples]


@lru_cache(maxsize=64)
def _noise(length_s: float, low_hz: float, high_hz: float) -> Samples:
    rng = np.random.default_rng(int(low_hz + high_hz))
    white = rng.standard_normal((1, int(length_s * RATE)), dtype=np.float32)
    band = spectral.banded(white, low_hz, high_hz)[0]
    return np.asarray(band / (2 * band.std()), dtype=np.float32)


def drum(
    brightness: float,
    *,
    length_s: float,
    tone_hz: float = 0.0,
    drop_hz: float = 0.0,
    drop_s: float = 0.03,
    tone_s: float = 0.1,
    noise: float = 0.0,
    noise_s: float = 0.05,
    band: tuple[float, float] = (1000.0, 8000.0),
) -> Samples:
    """Strike a skin and a noise together.

    Args:
        brightness: around 1; moves the noise's band up or down.
        length_s: the whole length.
        tone_hz: the skin's pitch, 0: there is none.
        drop_hz: how far above it the pitch begins.
        drop_s: how fast the pitch falls.
        tone_s: how fast the skin fades.
        noise: the level of the noise.
        noise_s: how fast the noise fades.
        band: the noise's lowest and highest frequency in Hz.
    """
    time = seconds(int(length_s * RATE))
    sound = np.zeros_like(time)
    if tone_hz:
        turns = tone_hz * time + drop_hz * drop_s * (1 - np.exp(-time / drop_s))
        sound += np.sin(2 * np.pi * turns) * np.exp(-time / tone_s)
    if noise:
        low, high = band[0] * brightness, band[1] * brightness
        sound += noise * _noise(length_s, low, high) * np.exp(-time / noise_s)
    fade = np.minimum(1, (length_s - time) / (0.2 * length_s)) * np.minimum(1, time / 0.001)
    return np.asarray(sound * fade, dtype=np.float32)


def clap(brightness: float) -> Samples:
    """Clap: four short bursts of the same noise, the last one ringing."""
    hands = drum(brightness, length_s=0.3, noise=1.0, noise_s=0.07, band=(900, 3500))
    burst = drum(brightness, length_s=0.03, noise=0.8, noise_s=0.006, band=(900, 3500))
    sound = np.zeros(len(hands) + 1600, dtype=np.float32)
    for start in (0, 450, 950):
        sound[start : start + len(burst)] += burst
    sound[1500 : 1500 + len(hands)] += hands
    return sound


DRUMS: dict[str, Drum] = {
    "kick": partial(drum, length_s=0.45, tone_hz=48, drop_hz=220, tone_s=0.16, noise=0.08),
    "soft kick": partial(drum, length_s=0.35, tone_hz=55, drop_hz=70, tone_s=0.11),
    "snare": partial(
        drum, length_s=0.3, tone_hz=185, drop_hz=60, tone_s=0.07, noise=0.9, noise_s=0.09
    ),
    "rim": partial(
        drum, length_s=0.12, tone_hz=420, tone_s=0.02, noise=0.5, noise_s=0.02, band=(1500, 5000)
    ),
    "brush": partial(drum, length_s=0.3, noise=0.8, noise_s=0.11, band=(1800, 7000)),
    "clap": clap,
    "hat": partial(drum, length_s=0.09, noise=0.9, noise_s=0.022, band=(7000, 16000)),
    "open hat": partial(drum, length_s=0.35, noise=0.8, noise_s=0.12, band=(6500, 16000)),
    "ride": partial(drum, length_s=0.7, noise=0.9, noise_s=0.2, band=(5600, 11000)),
    "shaker": partial(drum, length_s=0.11, noise=0.7, noise_s=0.04, band=(5000, 11000)),
    "crash": partial(drum, length_s=1.8, noise=0.9, noise_s=0.5, band=(4000, 15000)),
    "chip kick": partial(drum, length_s=0.14, tone_hz=60, drop_hz=320, drop_s=0.02, tone_s=0.06),
    "chip snare": partial(drum, length_s=0.13, noise=0.9, noise_s=0.045, band=(1200, 12000)),
    "chip hat": partial(drum, length_s=0.05, noise=0.8, noise_s=0.012, band=(6000, 18000)),
}
