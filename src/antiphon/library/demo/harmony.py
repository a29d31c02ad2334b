"""Scales, chords and voice leading: which pitches belong together, and how they move.

Pitches are MIDI numbers (60 is middle C, one step a semitone). Chord symbols are written in C and
moved to the key of the piece.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
}
QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "add9": (0, 4, 7, 14),
    "madd9": (0, 3, 7, 14),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "9": (0, 4, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "m9": (0, 3, 7, 10, 14),
    "13": (0, 4, 10, 14, 21),
}
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Chord(NamedTuple):
    """A root (pitch class, 0 is C) and the intervals above it in semitones."""

    root: int
    intervals: tuple[int, ...]

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The chord's tones without their octaves."""
        return frozenset((self.root + interval) % 12 for interval in self.intervals)


def chord(symbol: str, key: int = 0) -> Chord:
    """Read a chord symbol such as `Bbmaj9`, moved up by `key` semitones.

    Raises:
        ValueError: the symbol is not one of this module's.
    """
    letter, rest = symbol[:1], symbol[1:]
    accidental = {"b": -1, "#": 1}.get(rest[:1], 0)
    quality = rest[1:] if accidental else rest
    if letter not in _LETTERS or quality not in QUALITIES:
        raise ValueError(f"{symbol!r} is no chord symbol known here.")
    return Chord((_LETTERS[letter] + accidental + key) % 12, QUALITIES[quality])


def chords(symbols: str, key: int = 0) -> tuple[Chord, ...]:
    """Read chord symbols separated by spaces, one for each bar."""
    return tuple(chord(symbol, key) for symbol in symbols.split())


def nearest(pitch_class: int, centre: float) -> int:
    """Return the pitch of that class which lies nearest to `centre`."""
    return round((centre - pitch_class) / 12) * 12 + pitch_class


def voicing(chord: Chord, centre: float, previous: Sequence[int] = ()) -> tuple[int, ...]:
    """Spread a chord around `centre`, moving each voice of `previous` as little as possible."""
    classes = [(chord.root + interval) % 12 for interval in chord.intervals]
    return min(
        (
            _stack(classes[turn:] + classes[:turn], centre + shift)
            for turn in range(len(classes))
            for shift in (-6, 0)
        ),
        key=lambda pitches: _effort(pitches, centre, previous),
    )


def _stack(classes: Sequence[int], lowest: float) -> tuple[int, ...]:
    pitches = [nearest(classes[0], lowest)]
    for pitch_class in classes[1:]:
        pitches.append(pitches[-1] + (pitch_class - pitches[-1]) % 12)
    return tuple(pitches)


def _effort(pitches: Sequence[int], centre: float, previous: Sequence[int]) -> float:
    travel = sum(abs(a - b) for a, b in zip(pitches, previous, strict=False))
    drift = abs(sum(pitches) / len(pitches) - centre)
    muddy = sum(1 for low, high in pairwise(pitches) if high - low < 2)
    return travel + 1.5 * drift + 4 * muddy


def ladder(scale: str, key: int, chord: Chord, centre: int, reach: int = 10) -> tuple[int, ...]:
    """Return the pitches within `reach` of `centre` that sing well over the chord.

    They are the chord's tones and those tones of the scale that do not rub against one of them by
    a semitone.
    """
    tones = chord.pitch_classes
    rubbing = {(tone + step) % 12 for tone in tones for step in (-1, 1)}
    in_scale = {(key + step) % 12 for step in SCALES[scale]}
    allowed = tones | (in_scale - rubbing)
    return tuple(p for p in range(centre - reach, centre + reach + 1) if p % 12 in allowed)
