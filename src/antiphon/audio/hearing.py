"""Hear a track: one pass over its file, and everything that is told of its sound."""

import os
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.decode import Samples, Sound, decode, frames_per_bin
from antiphon.audio.errors import SoundError
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.fingerprint import fingerprint
from antiphon.audio.key import key
from antiphon.audio.loudness import Meter
from antiphon.audio.plan import WHOLE, Plan
from antiphon.audio.tempo import tempo_bpm
from antiphon.audio.waveform import Outline

# The most that WHOLE means, and that at 48 kHz: 691 MB. With what describes it a process takes 2 GB
# by default, 3.8 for every set: within what compute/processes.py allows it.
MOST_S = 3600.0
MOST_SAMPLES = 3600 * 48_000
# A track that is longer than its excerpt is heard in so many places: it does not sound like its
# middle alone (docs/features.md has the figures).
PLACES = 5
# Which embedding duplicates are found by.
EMBEDDING = "musicnn/1"

# How much is kept of the middle, for tempo and key, and of the beginning, to stand for a middle
# that is missing or silent.
_STRETCH_S = 30.0
# Standard deviation of a second's samples, about -80 dB: below it there is nothing to describe.
_QUIETEST = 1e-4
# Shorter than this is no sound.
_SHORTEST_S = 0.05


@dataclass(frozen=True)
class Heard:
    """What one pass over a track's file tells.

    `loudness_lufs` is the integrated loudness of EBU R 128 (None: nothing is louder than -70 LUFS),
    `peak` the true peak, 1.0 being full scale. Silence at both ends is what stays below -60 dBFS,
    to 10 ms. `waveform` has 800 bytes (see waveform.py). `vectors` holds a finite vector for each
    feature set; of a `silent` track it is empty, the tempo 0 and the key "". Silent is also what
    has nothing to describe: a constant, or channels that cancel each other out.
    """

    duration_ms: int
    silent: bool
    loudness_lufs: float | None
    peak: float
    silence_start_ms: int
    silence_end_ms: int
    waveform: bytes
    tempo_bpm: float = 0.0
    key: str = ""
    fingerprint: str = ""
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)


def hear(path: str | os.PathLike[str], plan: Plan) -> Heard:
    """Decode a file once, block by block, and tell what it sounds like as the plan asks.

    Loudness, peak, silence and waveform are those of the whole track, all channels. The features
    describe `plan.excerpt_s` seconds of its averaged channels, from PLACES places spread evenly
    (WHOLE: all of it, at most an hour from the middle), silent ones left out; tempo and key 30 s
    from the middle, without a cut. Where the file breaks off before the middle, or is silent there,
    its beginning stands for that, and where most places are missing, for them too.
    Memory does not depend on the duration, but on the excerpt: 35 MB for each minute of it at
    44.1 kHz with the default sets, 60 with fma518.

    Raises:
        UndecodableError: no decoder gets sound out of it.
        SoundError: a feature set gave values that are no numbers.
        ModelError: the machine lacks what is computed with.
        OSError: the file is not there or may not be read.
    """
    passed = decode(path, lambda sound: _pass_over(sound, plan.excerpt_s))
    measured, stretch, spread = passed.measured(), passed.stretch(), passed.spread()
    excerpt = spread or stretch
    return measured if excerpt is None else _described(measured, excerpt, stretch or excerpt, plan)


def _described(heard: Heard, excerpt: Excerpt, stretch: Excerpt, plan: Plan) -> Heard:
    vectors = {name: _vector(name, excerpt, plan) for name in plan.sets}
    return replace(
        heard,
        silent=False,
        tempo_bpm=tempo_bpm(stretch),
        key=key(stretch),
        fingerprint=fingerprint(vectors.get(EMBEDDING), heard.duration_ms / 1000),
        vectors=vectors,
    )


def _vector(name: str, excerpt: Excerpt, plan: Plan) -> NDArray[np.float32]:
    kind = FEATURE_SETS[name]
    vector = kind.extract(excerpt, plan)
    with np.errstate(over="ignore"):
        kept = vector.astype(kind.dtype)
    if not np.isfinite(kept).all():
        raise SoundError(f"{name} gives values that are no numbers")
    return vector


class _Stretch:
    """Keeps one stretch of what passes; memory is taken as it fills."""

    def __init__(self, start: int, frames: int) -> None:
        self._kept = np.empty(frames, np.float32)
        self._start = start
        self._passed = 0
        self._count = 0

    def add(self, samples: Samples) -> None:
        """Keep what of the next samples, of shape (samples,), belongs to the stretch."""
        end = self._start + len(self._kept)
        wanted = samples[max(0, self._start - self._passed) : max(0, end - self._passed)]
        self._kept[self._count : self._count + len(wanted)] = wanted
        self._count += len(wanted)
        self._passed += len(samples)

    @property
    def samples(self) -> Samples:
        """What was kept."""
        return self._kept[: self._count]


@dataclass(frozen=True)
class _Passed:
    """What is left when a sound has passed."""

    sound: Sound
    meter: Meter
    outline: Outline
    places: tuple[_Stretch, ...]
    middle: _Stretch
    beginning: _Stretch

    def spread(self) -> Excerpt | None:
        """Return those of the places that have sound in them, one after another.

        None: there are no places, or all together they are less than half of the stretch.
        """
        rate_hz = self.sound.rate_hz
        sounding = [one.samples for one in self.places if _sounds(one.samples, rate_hz)]
        longest = max(len(self.middle.samples), len(self.beginning.samples))
        if not sounding or 2 * sum(map(len, sounding)) < longest:
            return None
        return Excerpt(np.concatenate(sounding), rate_hz)

    def stretch(self) -> Excerpt | None:
        """Return the middle, else the beginning, whichever has sound in it; None: neither."""
        rate_hz = self.sound.rate_hz
        stretches = sorted([self.middle.samples, self.beginning.samples], key=len, reverse=True)
        sounding = (samples for samples in stretches if _sounds(samples, rate_hz))
        samples = next(sounding, None)
        return None if samples is None else Excerpt(samples, rate_hz)

    def measured(self) -> Heard:
        """Return what is known without an excerpt."""
        bin_ms = 1000 * frames_per_bin(self.sound.rate_hz) / self.sound.rate_hz
        duration_ms = round(1000 * self.sound.seconds)
        return Heard(
            duration_ms=duration_ms,
            silent=True,
            loudness_lufs=self.meter.integrated_lufs(),
            peak=self.meter.peak,
            silence_start_ms=min(duration_ms, round(bin_ms * self.outline.silent_at_start)),
            silence_end_ms=min(duration_ms, round(bin_ms * self.outline.silent_at_end)),
            waveform=self.outline.waveform(),
        )


def _pass_over(sound: Sound, excerpt_s: float) -> _Passed:
    wanted_s = MOST_S if excerpt_s == WHOLE else min(excerpt_s, MOST_S)
    frames = min(round(wanted_s * sound.rate_hz), MOST_SAMPLES)
    total = round(sound.duration_s * sound.rate_hz)
    places = () if excerpt_s == WHOLE else _places(total, frames)
    stretch = min(frames, round(_STRETCH_S * sound.rate_hz))
    middle = stretch if places else frames
    passed = _Passed(
        sound,
        Meter(sound.rate_hz, sound.channels),
        Outline(),
        places,
        _Stretch(max(0, (total - middle) // 2), middle),
        _Stretch(0, stretch if total > frames else 0),
    )
    average = np.full(sound.channels, 1 / sound.channels, np.float32)
    for block in sound.blocks():
        passed.outline.add(passed.meter.add(block))
        mono = block @ average
        for kept in (*passed.places, passed.middle, passed.beginning):
            kept.add(mono)
    return passed


def _places(total: int, frames: int) -> tuple[_Stretch, ...]:
    """Return stretches that together are `frames` long, in the middles of equal parts of a track.

    None where the track is no longer than that.
    """
    if total <= frames:
        return ()
    length, part = frames // PLACES, total / PLACES
    starts = (round((place + 0.5) * part - length / 2) for place in range(PLACES))
    return tuple(_Stretch(max(0, start), length) for start in starts)


def _sounds(samples: Samples, rate_hz: int) -> bool:
    """Tell whether there is a second with sound in it."""
    seconds = (samples[start : start + rate_hz] for start in range(0, len(samples), rate_hz))
    enough = len(samples) >= _SHORTEST_S * rate_hz
    return enough and any(float(second.std()) >= _QUIETEST for second in seconds)
