"""`musicnn/1` and `tags/1`: what the pretrained nets make of an excerpt."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.audio.musicnn import plain

from antiphon.audio.errors import ModelError
from antiphon.audio.excerpt import Excerpt
from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.features.embedding import SETS
from antiphon.audio.musicnn import FILE, export
from antiphon.audio.plan import ALL, Plan

RATE_HZ = 22_050
TIMES = np.arange(10 * RATE_HZ) / RATE_HZ


def excerpt(samples: np.ndarray) -> Excerpt:
    return Excerpt((samples / np.abs(samples).max() / 2).astype(np.float32), RATE_HZ)


def a_beat_for_dancing() -> Excerpt:
    """A drum on each beat of 128 a minute, hats between them, a saw-tooth bass that pumps."""
    beat = TIMES % (60 / 128)
    off_beat = (TIMES + 30 / 128) % (60 / 128)
    drum = np.sin(2 * np.pi * (45 * beat - 6 * np.exp(-30 * beat))) * np.exp(-9 * beat)
    hat = np.random.default_rng(1).standard_normal(TIMES.size) * np.exp(-40 * off_beat)
    bass = sum(np.sin(2 * np.pi * 55 * k * TIMES) / k for k in range(1, 20))
    return excerpt(drum + 0.2 * np.diff(hat, prepend=0) + 0.25 * np.minimum(1, 6 * beat) * bass)


def a_slow_chord() -> Excerpt:
    """Five tones of a minor seventh that swell and waver, none with the others."""
    tones = (110.0, 164.8, 220.0, 261.6, 329.6)
    return excerpt(
        sum(
            (1 + np.sin(2 * np.pi * 0.07 * k * TIMES))
            * np.sin(2 * np.pi * tone * TIMES + np.sin(2 * np.pi * 0.1 * k * TIMES))
            for k, tone in enumerate(tones, 1)
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_each_column_has_a_finite_number_that_can_be_kept(models: Path, name: str) -> None:
    kind = FEATURE_SETS[name]
    vector = kind.extract(a_slow_chord(), Plan(models=str(models)))
    assert vector.dtype == np.float32
    assert vector.shape == (len(kind.columns),)
    assert np.isfinite(vector).all()
    np.testing.assert_allclose(vector.astype(kind.dtype), vector, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sound", "likely", "unlikely"),
    [
        (a_beat_for_dancing, {"electronic", "dance", "House"}, {"ambient", "folk", "jazz"}),
        (a_slow_chord, {"ambient", "chillout"}, {"dance", "punk", "Hip-Hop"}),
    ],
)
def test_the_tags_say_what_anybody_would(models, sound, likely, unlikely) -> None:
    tags = dict(
        zip(FEATURE_SETS["tags/1"].columns, _vector("tags/1", sound(), models), strict=True)
    )
    assert min(tags[tag] for tag in likely) > max(tags[tag] for tag in unlikely)


@pytest.mark.slow
def test_another_loudness_or_rate_sounds_more_alike_than_another_piece(models: Path) -> None:
    beat = a_beat_for_dancing()
    softer = Excerpt(beat.samples / 2, RATE_HZ)
    finer = Excerpt(beat.at(48_000), 48_000)
    piece, again, resampled, other = (
        _vector("musicnn/1", sound, models) for sound in (beat, softer, finer, a_slow_chord())
    )
    assert _cosine(piece, other) < _cosine(piece, again) < _cosine(piece, resampled)
    assert _cosine(piece, resampled) > 0.99


def test_both_sets_are_means_over_the_patches_that_the_plan_asks_for(small_nets: Plan) -> None:
    sound = a_beat_for_dancing()
    few = FEATURE_SETS["tags/1"].extract(sound, Plan(models=small_nets.models, patches=1))
    every = FEATURE_SETS["tags/1"].extract(sound, Plan(models=small_nets.models, patches=ALL))
    assert few.shape == every.shape
    assert not np.array_equal(few, every)


def test_sounds_shorter_than_a_patch_are_heard(small_nets: Plan) -> None:
    short = Excerpt(a_slow_chord().samples[:2000], RATE_HZ)
    assert np.isfinite(FEATURE_SETS["musicnn/1"].extract(short, small_nets)).all()


def test_where_the_nets_are_not_there_that_is_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=str(tmp_path)):
        FEATURE_SETS["musicnn/1"].extract(a_slow_chord(), Plan(models=str(tmp_path)))


@pytest.fixture
def small_nets(tmp_path: Path) -> Plan:
    onnx.save(export.graph([plain.random_weights(1), plain.random_weights(2)]), tmp_path / FILE)
    return Plan(models=str(tmp_path))


def _vector(name: str, sound: Excerpt, models: Path) -> np.ndarray:
    return FEATURE_SETS[name].extract(sound, Plan(models=str(models)))


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))
