"""Compose a piece: from a style and an artist's sound to a score of timed notes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from antiphon.library.demo import harmony
from antiphon.library.demo.harmony import Chord
from antiphon.library.demo.styles import Finish, Progression, Style, Voice

BEATS = 4


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What makes an artist recognisable within a style.

    `taste` picks among each voice's sounds; `pace`, 0 to 1, is a place in the style's range of
    tempo; `brightness` and `room` are around 1.
    """

    taste: int = 0
    pace: float = 0.5
    brightness: float = 1.0
    room: float = 1.0


class Note(NamedTuple):
    """A note: start and length in seconds, MIDI pitch, loudness from 0 to 1."""

    start: float
    length: float
    pitch: float
    velocity: float


@dataclass(frozen=True)
class Part:
    """What one voice plays, and the sound it plays it with."""

    voice: Voice
    sound: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, kw_only=True)
class Score:
    """A whole piece; `length_s` includes the last chord's ringing."""

    parts: tuple[Part, ...]
    finish: Finish
    brightness: float
    room: float
    beat_s: float
    length_s: float


class _Bar(NamedTuple):
    number: int
    section: str
    chord: Chord
    following: Chord
    start: float


class _Piece(NamedTuple):
    style: Style
    progression: Progression
    key: int
    beat_s: float
    bars: tuple[_Bar, ...]


RING_S = 2.4  # how long the last chord is held


def compose(style: Style, sound: Sound, rng: np.random.Generator) -> Score:
    """Compose a piece in a style, as this artist would play it."""
    piece = _outline(style, sound, rng)
    parts = tuple(
        Part(
            voice,
            voice.sounds[sound.taste % len(voice.sounds)],
            tuple(_humanised(_play(voice, piece, rng), style.humanise_s, rng)),
        )
        for voice in style.voices
    )
    return Score(
        parts=parts,
        finish=style.finish,
        brightness=sound.brightness,
        room=sound.room,
        beat_s=piece.beat_s,
        length_s=piece.bars[-1].start + RING_S + 0.5 * style.finish.room_s,
    )


def _outline(style: Style, sound: Sound, rng: np.random.Generator) -> _Piece:
    low, high = style.tempo
    pace = float(np.clip(sound.pace + rng.uniform(-0.25, 0.25), 0, 1))
    beat_s = 60 / (low + (high - low) * pace)
    progression = style.progressions[rng.integers(len(style.progressions))]
    key = int(rng.integers(*style.keys))
    form = style.forms[rng.integers(len(style.forms))]
    bars = _bars(form, style.phrase_bars, progression, key, beat_s * BEATS)
    return _Piece(style, progression, key, beat_s, bars)


def _bars(
    form: str, phrase_bars: int, progression: Progression, key: int, bar_s: float
) -> tuple[_Bar, ...]:
    """Lay the chords under the form; the last bar, section `e`, is home."""
    verse = harmony.chords(progression.verse, key)
    bridge = harmony.chords(progression.bridge, key)
    sections = [section for section in form for _ in range(phrase_bars)]
    changes = [
        (bridge if section == "b" else verse)[index % phrase_bars % len(verse)]
        for index, section in enumerate(sections)
    ]
    sections.append("e")
    changes.append(harmony.chord(progression.home, key))
    return tuple(
        _Bar(index, section, chord, following, index * bar_s)
        for index, (section, chord, following) in enumerate(
            zip(sections, changes, [*changes[1:], changes[-1]], strict=True)
        )
    )


def _play(voice: Voice, piece: _Piece, rng: np.random.Generator) -> Iterator[Note]:
    patterns = voice.patterns[rng.integers(len(voice.patterns))].split("|")
    played = [bar for bar in piece.bars if bar.section in voice.sections or bar.section == "e"]
    match voice.role:
        case "beat":
            return _beat(voice, patterns, played, piece)
        case "chord":
            return _chords(voice, patterns, played, piece)
        case "bass":
            return _bass(voice, patterns, played, piece)
        case "arpeggio":
            return _arpeggio(voice, patterns, played, piece)
        case "melody":
            return _melody(voice, patterns, played, piece, rng)


def _beat(
    voice: Voice, patterns: Sequence[str], bars: Sequence[_Bar], piece: _Piece
) -> Iterator[Note]:
    for bar in bars:
        if bar.section == "e":
            if voice.sounds[0].endswith("kick"):
                yield Note(bar.start, 0.1, voice.centre, 0.9)
            continue
        for start, length, mark, _ in _steps(patterns, bar, piece):
            yield Note(start, length, voice.centre, int(mark) / 9)


def _chords(
    voice: Voice, patterns: Sequence[str], bars: Sequence[_Bar], piece: _Piece
) -> Iterator[Note]:
    pitches: tuple[int, ...] = ()
    for bar in bars:
        pitches = harmony.voicing(bar.chord, voice.centre, pitches)
        for start, length, mark, _ in _steps(patterns, bar, piece, last="7"):
            for order, pitch in enumerate(pitches):
                yield Note(start + order * voice.strum_s, length, pitch, int(mark) / 9)


def _bass(
    voice: Voice, patterns: Sequence[str], bars: Sequence[_Bar], piece: _Piece
) -> Iterator[Note]:
    for bar in bars:
        root = harmony.nearest(bar.chord.root, voice.centre)
        following = harmony.nearest(bar.following.root, voice.centre)
        intervals = bar.chord.intervals
        pitches = {
            "1": root,
            "3": root + intervals[1],
            "5": root + intervals[2],
            "7": root + intervals[-1] % 12,
            "8": root + 12,
            "a": following + (-1 if following >= root else 1),
        }
        for start, length, mark, step in _steps(patterns, bar, piece, last="1"):
            yield Note(start, length, pitches[mark], 0.9 if step == 0 else 0.75)


def _arpeggio(
    voice: Voice, patterns: Sequence[str], bars: Sequence[_Bar], piece: _Piece
) -> Iterator[Note]:
    pitches: tuple[int, ...] = ()
    for bar in bars:
        pitches = harmony.voicing(bar.chord, voice.centre, pitches)
        for start, length, mark, step in _steps(patterns, bar, piece, last="0"):
            octave, tone = divmod(int(mark), len(pitches))
            rings = max(length, piece.beat_s) if voice.room >= 0.2 else length
            velocity = 0.85 if step == 0 else 0.6
            yield Note(start, rings, pitches[tone] + 12 * octave, velocity)


def _melody(
    voice: Voice,
    patterns: Sequence[str],
    bars: Sequence[_Bar],
    piece: _Piece,
    rng: np.random.Generator,
) -> Iterator[Note]:
    """Sing a motif of scale steps over each chord, varied in every fourth bar.

    Every bar starts on a chord tone near where the last one ended; the same steps over another
    chord make a sequence that the ear takes for a tune.
    """
    motifs = {section: rng.choice((-2, -1, -1, 0, 1, 1, 2), size=(2, 16)) for section in "iabe"}
    last = float(voice.centre)
    for bar in bars:
        rungs = harmony.ladder(piece.progression.scale, piece.key, bar.chord, voice.centre)
        chord_tones = [i for i, p in enumerate(rungs) if p % 12 in bar.chord.pitch_classes]
        aim = (last + voice.centre) / 2
        place = min(chord_tones, key=lambda i: abs(rungs[i] - aim))
        motif = motifs[bar.section][int(bar.number % 4 == 3)]
        for count, (start, length, _, step) in enumerate(_steps(patterns, bar, piece, last="x")):
            if count:
                place = _reflect(place + int(motif[count]), len(rungs))
                if length > piece.beat_s:
                    place = min(chord_tones, key=lambda i: abs(i - place))
            last = rungs[place]
            yield Note(start, length, last, 0.85 if step % 4 == 0 else 0.68)


def _reflect(place: int, size: int) -> int:
    if place < 0:
        return min(-place, size - 1)
    return max(2 * (size - 1) - place, 0) if place >= size else place


def _steps(
    patterns: Sequence[str], bar: _Bar, piece: _Piece, last: str = ""
) -> Iterator[tuple[float, float, str, int]]:
    """Read a bar's pattern: start and length in seconds, mark, step; the last bar is one note."""
    if bar.section == "e":
        yield bar.start, RING_S, last, 0
        return
    pattern = patterns[bar.number % len(patterns)]
    step_s = piece.beat_s * BEATS / len(pattern)
    for step, mark in enumerate(pattern):
        if mark not in ".-":
            held = len(pattern[step + 1 :]) - len(pattern[step + 1 :].lstrip("-"))
            late = piece.style.swing * step_s if step % 2 else 0.0
            yield bar.start + step * step_s + late, (held + 1) * step_s, mark, step


def _humanised(notes: Iterator[Note], spread_s: float, rng: np.random.Generator) -> Iterator[Note]:
    for note in notes:
        start = max(0.0, note.start + spread_s * float(rng.standard_normal()))
        velocity = note.velocity * float(rng.uniform(0.92, 1.04))
        yield note._replace(start=start, velocity=velocity)
