"""The pitched instruments: from a frequency and a length to mono samples at `RATE`.

Every instrument is a function (frequency in Hz, samples held, brightness around 1) -> float32
samples, released at the end and so a little longer than held; all about equally loud.
"""

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

RATE = 44_100
Samples = npt.NDArray[np.float32]
Instrument = Callable[[float, int, float], Samples]

_CYCLE = 8192
_WAVES: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    "sine": lambda k: (k == 1) * 1.0,
    "saw": lambda k: 1 / k,
    "square": lambda k: (k % 2) / k,
    "pulse": lambda k: np.sin(np.pi * k / 4) / k,
    "triangle": lambda k: (k % 2) * np.sin(np.pi * k / 2) / k**2,
    "organ": lambda k: np.isin(k, (1, 2, 3, 4, 8)) / np.sqrt(k),
    "flute": lambda k: np.where(k <= 5, np.exp(-1.3 * (k - 1)), 0),
    "choir": lambda k: np.exp(-(((k - 3.5) / 2.2) ** 2)) + (k == 1),
}


@lru_cache(maxsize=512)
def _cycle(wave: str, partials: int, tilt: float) -> Samples:
    """Return one band-limited period, RMS 0.5; `tilt` lets partial k fall with k to that power."""
    k = np.arange(1, partials + 1, dtype=np.float64)
    spectrum = np.zeros(_CYCLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : partials + 1] = -1j * _WAVES[wave](k) * k**-tilt
    period = np.fft.irfft(spectrum)
    return np.asarray(period / (2 * period.std()), dtype=np.float32)


def seconds(samples: int) -> Samples:
    """Return the moments of `samples` samples."""
    return np.arange(samples, dtype=np.float32) / np.float32(RATE)


def swell(held: int, attack_s: float, release_s: float) -> Samples:
    """Return an envelope that rises, stays at 1 while held, and falls without a corner."""
    attack = max(1, min(int(attack_s * RATE), held))
    release = max(1, int(release_s * RATE))
    envelope = np.ones(held + release, dtype=np.float32)
    envelope[:attack] = np.sin(np.linspace(0, np.pi / 2, attack, dtype=np.float32)) ** 2
    envelope[held:] = (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, release))) ** 2
    return envelope


def synth(
    frequency: float,
    held: int,
    brightness: float,
    *,
    wave: str = "saw",
    tilt: float = 0.0,
    attack_s: float = 0.01,
    release_s: float = 0.1,
    decay_s: float = 0.0,
    glow_s: float = 0.0,
    vibrato: float = 0.0,
    breath: float = 0.0,
) -> Samples:
    """Play a wavetable.

    Args:
        frequency: in Hz.
        held: samples until the release.
        brightness: around 1; higher is brighter.
        wave: the name of the waveform.
        tilt: how much darker than the waveform it is.
        attack_s: time to rise.
        release_s: time to fall after being held.
        decay_s: the sound falls to 1/e in this time while held; 0: it does not.
        glow_s: it begins bright and darkens in this time; 0: it does not.
        vibrato: its depth in semitones.
        breath: the level of the noise in it.
    """
    envelope = swell(held, attack_s, release_s)
    time = seconds(len(envelope))
    turns = time.astype(np.float64) * frequency
    if vibrato:
        depth = frequency * vibrato * 0.0578 / (2 * np.pi * 5.2)
        turns += depth * np.minimum(time / 0.6, 1) * np.sin(2 * np.pi * 5.2 * time)
    place = (turns * _CYCLE).astype(np.int64) & (_CYCLE - 1)
    partials = int(min(64, max(1, 15_000 // frequency)))
    steepness = round(tilt + 1.2 * (1 / brightness - 1), 2)
    sound = _cycle(wave, partials, steepness)[place]
    if glow_s:
        dark = _cycle(wave, partials, steepness + 1.6)[place]
        sound = dark + (sound - dark) * np.exp(-time / np.float32(glow_s))
    if breath:
        sound = sound + breath * _hiss(len(sound))
    if decay_s:
        envelope *= np.exp(-time / np.float32(decay_s))
    return np.asarray(sound * envelope, dtype=np.float32)


@lru_cache(maxsize=4)
def _long_hiss(seed: int) -> Samples:
    noise = np.random.default_rng(seed).standard_normal(RATE * 12, dtype=np.float32)
    return np.asarray(noise[1:] + noise[:-1], dtype=np.float32)


def _hiss(samples: int) -> Samples:
    return np.resize(_long_hiss(7), samples)


@lru_cache(maxsize=256)
def pluck(
    frequency: float, held: int, brightness: float, *, decay_s: float = 1.6, damping: float = 0.5
) -> Samples:
    """Pluck a string: Karplus and Strong 1983, computed period by period in the spectrum.

    A burst of noise goes round a string of one period; each round multiplies harmonic k by the
    averaging filter's response, so round r is the burst's spectrum times that to the power r.
    """
    points = 256
    length = min(held + RATE // 5, int(decay_s * 2.5 * RATE))
    rounds = int(length / RATE * frequency) + 2
    k = np.arange(points // 2 + 1)
    rng = np.random.default_rng(round(frequency * 10))
    burst = np.exp(2j * np.pi * rng.random(len(k))) / (1 + k / (6 * brightness)) ** 1.5
    burst *= np.abs(np.sin(np.pi * k * 0.19)) * (k * frequency < 15_000)
    loss = np.cos(np.pi * np.minimum(k * frequency / RATE * 2, 0.5)) ** (damping * 2)
    keep = loss * np.exp(-1 / (decay_s * frequency))
    periods = np.fft.irfft(burst * keep ** np.arange(rounds)[:, None], axis=1).ravel()
    places = np.arange(length) * (frequency * points / RATE)
    sound = np.interp(places, np.arange(len(periods)), periods)
    sound *= swell(max(1, length - RATE // 10), 0.002, 0.1)[:length]
    return np.asarray(sound / (3 * sound[: RATE // 10].std()), dtype=np.float32)


@lru_cache(maxsize=96)
def _strike(frequency: float, brightness: float) -> Samples:
    """Return three seconds of a struck string with stiff, separately fading partials.

    A partial is exp(ct) with a complex c; t is split into coarse and fine so that the sum over all
    partials at all moments is one matrix product.
    """
    k = np.arange(1, int(min(14, 9_000 // frequency)) + 1)
    partial_hz = frequency * k * np.sqrt(1 + 0.0004 * k * k)
    fading = 0.7 + 0.35 * k * np.sqrt(frequency / 260)
    c = (2j * np.pi * partial_hz - fading) / RATE
    coarse = np.exp(-0.55 * (k - 1) / brightness) * np.exp(np.outer(np.arange(0, 3 * RATE, 300), c))
    sound = (coarse @ np.exp(np.outer(c, np.arange(300)))).imag.ravel()
    hammer = 0.08 * _hiss(len(sound)) * np.exp(-seconds(len(sound)) * 90)
    return np.asarray((sound + hammer) * 0.5, dtype=np.float32)


def piano(frequency: float, held: int, brightness: float, *, release_s: float = 0.25) -> Samples:
    """Strike a piano string and let the damper fall after `held`."""
    string = _strike(frequency, brightness)
    held = min(held, len(string) - int(release_s * RATE) - 1)
    envelope = swell(held, 0.003, release_s)
    sound: Samples = string[: len(envelope)] * envelope
    return sound


def fm(
    frequency: float,
    held: int,
    brightness: float,
    *,
    ratio: float,
    index: float,
    decay_s: float,
    index_decay_s: float,
    release_s: float = 0.2,
) -> Samples:
    """Play two-operator frequency modulation (Chowning 1973): electric pianos and bells."""
    envelope = swell(held, 0.003, release_s)
    time = seconds(len(envelope))
    angle = 2 * np.pi * frequency * time
    bend = index * brightness * np.exp(-time / index_decay_s) * np.sin(ratio * angle)
    sound = np.sin(angle + bend) * np.exp(-time / decay_s) * envelope
    return np.asarray(sound, dtype=np.float32)


INSTRUMENTS: dict[str, Instrument] = {
    "pad": partial(synth, tilt=0.7, attack_s=1.2, release_s=1.6, vibrato=0.04),
    "choir": partial(synth, wave="choir", attack_s=0.9, release_s=1.4, vibrato=0.12, breath=0.02),
    "strings": partial(synth, tilt=0.4, attack_s=0.35, release_s=0.7, vibrato=0.1),
    "organ": partial(synth, wave="organ", attack_s=0.02, release_s=0.12, vibrato=0.05),
    "stab": partial(synth, attack_s=0.004, release_s=0.16, decay_s=0.35, glow_s=0.09),
    "lead": partial(synth, tilt=0.2, attack_s=0.02, release_s=0.15, vibrato=0.15, glow_s=0.4),
    "flute": partial(synth, wave="flute", attack_s=0.06, release_s=0.15, vibrato=0.18, breath=0.03),
    "reed": partial(
        synth, wave="square", tilt=0.5, attack_s=0.05, release_s=0.12, vibrato=0.2, breath=0.015
    ),
    "square": partial(synth, wave="square", attack_s=0.002, release_s=0.02, vibrato=0.12),
    "pulse": partial(synth, wave="pulse", attack_s=0.002, release_s=0.02, decay_s=0.5),
    "triangle": partial(synth, wave="triangle", attack_s=0.002, release_s=0.02),
    "sub": partial(synth, wave="triangle", tilt=1.2, attack_s=0.008, release_s=0.08),
    "reese": partial(synth, tilt=0.25, attack_s=0.01, release_s=0.1),
    "rubber": partial(
        synth, wave="saw", tilt=0.3, attack_s=0.004, release_s=0.06, decay_s=0.4, glow_s=0.07
    ),
    "guitar": partial(pluck, decay_s=1.5, damping=0.45),
    "nylon": partial(pluck, decay_s=1.0, damping=0.8),
    "harp": partial(pluck, decay_s=2.2, damping=0.3),
    "upright": partial(pluck, decay_s=0.55, damping=1.6),
    "piano": piano,
    "felt": lambda frequency, held, brightness: piano(frequency, held, 0.5 * brightness),
    "rhodes": partial(fm, ratio=1.0, index=1.1, decay_s=1.4, index_decay_s=0.5),
    "wurli": partial(fm, ratio=2.0, index=0.9, decay_s=0.9, index_decay_s=0.3),
    "vibes": partial(fm, ratio=4.0, index=0.5, decay_s=1.1, index_decay_s=0.15, release_s=0.5),
    "bell": partial(fm, ratio=3.5, index=0.9, decay_s=1.6, index_decay_s=0.8, release_s=1.5),
}
