"""The key of music is found, whatever it is tuned to; what is not tonal has none."""

import numpy as np
import pytest

from antiphon.audio.excerpt import Excerpt
from antiphon.audio.key import NOTES, key
from antiphon.library.demo.compose import Score, Sound, compose
from antiphon.library.demo.instruments import RATE
from antiphon.library.demo.render import render
from antiphon.library.demo.styles import STYLES
from tones import cadence, excerpt, hits, noise


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_a_cadence_is_heard_in_its_key(tonic: int, mode: str) -> None:
    assert key(excerpt(cadence(60 + tonic, mode))) == f"{NOTES[mode][tonic]} {mode}"


@pytest.mark.parametrize("cents", [-40, 30])
def test_musicians_may_tune_higher_or_lower(cents: float) -> None:
    assert key(excerpt(cadence(62, "minor", cents=cents))) == "D minor"


def test_quiet_music_has_the_same_key() -> None:
    assert key(excerpt(0.001 * cadence(60, "major"))) == "C major"


def test_keys_are_spelled_with_few_accidentals() -> None:
    assert key(excerpt(cadence(66, "minor"))) == "F♯ minor"
    assert key(excerpt(cadence(63, "major"))) == "E♭ major"


@pytest.mark.parametrize(
    "samples",
    [noise(10), hits(120), np.zeros(100_000), np.full(100_000, 0.5), np.zeros(0), noise(0.1)],
    ids=["noise", "drums", "silence", "a constant", "nothing", "an instant"],
)
def test_what_is_not_tonal_has_no_key(samples: np.ndarray) -> None:
    assert key(excerpt(samples)) == ""


@pytest.mark.slow
def test_most_pieces_of_the_demo_library_end_on_the_tonic_that_is_found() -> None:
    found = right = 0
    for seed, style in enumerate(STYLES):
        score = compose(STYLES[style], Sound(), np.random.default_rng(seed))
        samples = render(score, np.random.default_rng(seed)).mean(axis=0)
        heard = key(Excerpt(samples[: 30 * RATE], RATE))
        found += 1
        right += heard.split()[0] in {NOTES[mode][_last_root(score)] for mode in NOTES}
    assert right / found > 0.7


def _last_root(score: Score) -> int:
    """The pitch class of the lowest note of the last chord."""
    end = max(note.start for part in score.parts for note in part.notes)
    last = [
        note.pitch
        for part in score.parts
        if part.voice.role != "beat"
        for note in part.notes
        if note.start > end - 1
    ]
    return round(min(last)) % 12
