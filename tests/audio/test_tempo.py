"""The tempo of music with a pulse is found; what has none is given none."""

import numpy as np
import pytest

from antiphon.audio.excerpt import Excerpt
from antiphon.audio.tempo import periodicity, tempo_bpm
from antiphon.library.demo.compose import Sound, compose
from antiphon.library.demo.instruments import RATE
from antiphon.library.demo.render import render
from antiphon.library.demo.styles import STYLES
from tones import excerpt, hits, noise, tone


@pytest.mark.parametrize("bpm", [60, 75, 90, 100, 120, 133, 150, 160])
def test_a_steady_beat_has_its_tempo(bpm: float) -> None:
    assert tempo_bpm(excerpt(hits(bpm))) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("bpm", [45, 190, 240])
def test_a_very_slow_or_fast_beat_may_be_counted_in_twos(bpm: float) -> None:
    counted = tempo_bpm(excerpt(hits(bpm, 30)))
    assert any(counted == pytest.approx(bpm * times, rel=0.01) for times in (0.5, 1, 2))


def test_the_accented_hits_are_the_beat_where_they_come_at_a_walking_pace() -> None:
    beat = 0.05 * hits(240, 20) + hits(120, 20)
    assert tempo_bpm(excerpt(beat)) == pytest.approx(120, rel=0.01)


def test_quiet_music_has_the_same_tempo() -> None:
    assert tempo_bpm(excerpt(0.001 * hits(100))) == tempo_bpm(excerpt(hits(100)))


@pytest.mark.parametrize(
    "samples",
    [noise(20), tone(440, 10), np.zeros(200_000), np.full(200_000, 0.5), np.zeros(0), hits(120, 1)],
    ids=["noise", "a tone", "silence", "a constant", "nothing", "a second"],
)
def test_what_has_no_pulse_has_no_tempo(samples: np.ndarray) -> None:
    assert tempo_bpm(excerpt(samples)) == 0.0


def test_what_repeats_exactly_repeats_with_strength_one() -> None:
    onsets = np.tile(np.array([[1], [0], [0], [0]], np.float32), (100, 1))
    repeats = periodicity(onsets, 9)
    assert repeats[[0, 4, 8]] == pytest.approx(1, abs=0.01)
    assert repeats[[1, 2, 3, 5, 6, 7]] == pytest.approx(-1 / 3, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["House", "Folk", "Lo-Fi Hip Hop", "Jazz"])
def test_the_tempo_of_a_piece_of_the_demo_library_is_that_of_its_score(style: str) -> None:
    score = compose(STYLES[style], Sound(), np.random.default_rng(5))
    samples = render(score, np.random.default_rng(5)).mean(axis=0)
    heard = tempo_bpm(Excerpt(samples[: 30 * RATE], RATE))
    assert heard == pytest.approx(60 / score.beat_s, rel=0.04)
