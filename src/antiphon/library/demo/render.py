"""Render a score: notes to parts, parts into a room, the whole mastered to an even loudness."""

from functools import lru_cache

import numpy as np

from antiphon.library.demo import spectral
from antiphon.library.demo.compose import Part, Score
from antiphon.library.demo.drums import DRUMS
from antiphon.library.demo.instruments import INSTRUMENTS, RATE, Samples

CEILING = 0.78  # linear peak; lossy codecs overshoot it by up to 2 dB


def render(score: Score, rng: np.random.Generator) -> Samples:
    """Return the piece as stereo samples (2, n) at `RATE`, faded in and out."""
    length = int(score.length_s * RATE)
    mix = np.zeros((2, length), dtype=np.float32)
    send = np.zeros((1, length), dtype=np.float32)
    pump = _pump(score, length)
    for part in score.parts:
        dry = _part(part, score.brightness, length)
        if part.voice.role != "beat":
            dry *= pump
        mix += dry
        send += 0.5 * part.voice.room * score.room * (dry[:1] + dry[1:])
    mix += np.float32(score.finish.wet) * spectral.convolved(send, _tail(score.finish.room_s))
    return master(_coloured(mix, score, rng), score.finish.loudness)


def _part(part: Part, brightness: float, length: int) -> Samples:
    """Play a part in stereo; a `wide` one twice, a little lower left and a little higher right."""
    voice = part.voice
    out = np.zeros((2, length), dtype=np.float32)
    players = ((-1.0, -voice.wide / 2), (1.0, voice.wide / 2)) if voice.wide else ((0.0, 0.0),)
    heard: dict[tuple[float, int], Samples] = {}
    for side, detune in players:
        gains = _pan(voice.pan + 0.7 * side) * 10 ** (voice.gain_db / 20) / len(players)
        for note in part.notes:
            key = (note.pitch + detune, int(note.length * RATE))
            if key not in heard:
                heard[key] = _sound(part.sound, *key, brightness)
            start = int(note.start * RATE)
            sound = heard[key][: max(0, length - start)]
            for channel, gain in zip(out, gains * note.velocity, strict=True):
                channel[start : start + len(sound)] += np.float32(gain) * sound
    return out


def _sound(name: str, pitch: float, held: int, brightness: float) -> Samples:
    if name in DRUMS:
        return DRUMS[name](brightness)
    return INSTRUMENTS[name](440 * 2 ** ((pitch - 69) / 12), held, brightness)


def _pan(place: float) -> Samples:
    """Return the gains of left and right at equal power; `place` runs from -1 to 1."""
    angle = (np.clip(place, -1, 1) + 1) * np.pi / 4
    return np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)


def _pump(score: Score, length: int) -> Samples:
    """Return a gain that dips on every beat, as a compressor keyed by the kick does."""
    beats = np.arange(length, dtype=np.float32) / np.float32(score.beat_s * RATE)
    since = (beats % 1) * np.float32(score.beat_s)
    return np.asarray(1 - score.finish.pump * np.exp(-since / 0.09), dtype=np.float32)


@lru_cache(maxsize=16)
def _tail(room_s: float) -> Samples:
    """Return a room's impulse response: decaying noise, another for each ear, at unit energy."""
    length = int(room_s * RATE)
    noise = np.random.default_rng(11).standard_normal((2, length), dtype=np.float32)
    tail = spectral.banded(noise, 180, 4500) * np.exp(-6.9 * np.arange(length) / length)
    tail[:, : RATE // 80] = 0
    return np.asarray(tail / np.sqrt((tail**2).sum(axis=1, keepdims=True)), dtype=np.float32)


def _coloured(mix: Samples, score: Score, rng: np.random.Generator) -> Samples:
    finish = score.finish
    if finish.crackle:
        level = finish.crackle * float(np.sqrt(np.mean(mix**2))) * 10
        mix = mix + np.float32(level) * _crackle(mix.shape[1], rng)
    if finish.lowpass_hz:
        mix = spectral.convolved(mix, spectral.lowpass(finish.lowpass_hz * score.brightness))
    return mix


def _crackle(length: int, rng: np.random.Generator) -> Samples:
    """Return the surface of an old record: hiss, and about nine clicks a second."""
    hiss = 0.35 * rng.standard_normal(length, dtype=np.float32)
    clicks = np.zeros(length, dtype=np.float32)
    count = 9 * length // RATE
    clicks[rng.integers(length, size=count)] = rng.exponential(7.0, size=count)
    return np.asarray(hiss + clicks, dtype=np.float32)


def master(mix: Samples, loudness: float) -> Samples:
    """Bring a mix to a loudness in LUFS under `CEILING`, without DC, with faded ends."""
    mix = mix - mix.mean(axis=1, keepdims=True)
    mix = mix * _fades(mix.shape[1])
    return _limited(mix * np.float32(10 ** ((loudness - spectral.loudness(mix)) / 20)))


def _fades(length: int) -> Samples:
    gain = np.ones(length, dtype=np.float32)
    rise, fall = RATE // 100, 3 * RATE // 2
    gain[:rise] = np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    gain[-fall:] = np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    return gain


def _limited(mix: Samples) -> Samples:
    """Turn peaks down smoothly: each block's gain is straight between its two ends' gains.

    An end takes the lower of the gains that its two blocks need, so nothing passes the ceiling.
    """
    block, length = RATE // 200, mix.shape[1]
    padded = np.pad(np.abs(mix).max(axis=0), (0, -length % block))
    needed = np.minimum(1, CEILING / np.maximum(padded.reshape(-1, block).max(axis=1), 1e-9))
    ends = np.minimum(np.append(needed, 1), np.insert(needed, 0, 1))
    gain = np.interp(np.arange(length), np.arange(len(ends)) * block, ends)
    return np.asarray(mix * gain, dtype=np.float32)
