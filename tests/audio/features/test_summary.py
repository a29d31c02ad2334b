"""An excerpt is described by numbers that mean what their names say, whatever it sounds like."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.audio.excerpt import Excerpt, Samples
from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.plan import Plan
from tones import RATE_HZ, cadence, chord, excerpt, hits, noise, times, tone

SUMMARY = FEATURE_SETS["summary/1"]


def described(samples: Samples) -> dict[str, float]:
    vector = SUMMARY.extract(excerpt(samples), Plan())
    return dict(zip(SUMMARY.columns, map(float, vector), strict=True))


def part(name: str, numbers: dict[str, float]) -> np.ndarray:
    return np.array([value for column, value in numbers.items() if column.startswith(name + "_")])


def test_every_number_has_a_name_of_its_own() -> None:
    assert len(set(SUMMARY.columns)) == len(SUMMARY.columns) == 265


def test_an_excerpt_becomes_a_float32_vector() -> None:
    vector = SUMMARY.extract(excerpt(cadence(60, "major")), Plan())
    assert vector.shape == (265,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()


def test_the_numbers_fit_into_the_half_precision_in_which_they_are_kept() -> None:
    assert SUMMARY.dtype == "<f2"
    for samples in (tone(10_000), noise(3), np.zeros(RATE_HZ), 8 * np.sign(tone(440))):
        vector = SUMMARY.extract(excerpt(samples), Plan())
        assert np.isfinite(vector.astype(SUMMARY.dtype)).all()


def test_the_same_sound_gives_the_same_numbers() -> None:
    first, again = (SUMMARY.extract(excerpt(noise(3)), Plan()) for _ in range(2))
    assert (first == again).all()


def test_another_rate_of_the_same_sound_gives_nearly_the_same_numbers() -> None:
    seconds = np.arange(3 * 2 * RATE_HZ) / (2 * RATE_HZ)
    sound = [np.sin(2 * np.pi * hz * seconds) for hz in (220, 277, 330, 2000)]
    hiss = np.repeat(noise(3), 2)
    fine = (0.1 * np.add.reduce(sound) + 0.1 * hiss).astype(np.float32)
    doubled = Excerpt(fine, 2 * RATE_HZ)
    native = Excerpt(doubled.at(RATE_HZ), RATE_HZ)
    assert np.allclose(SUMMARY.extract(doubled, Plan()), SUMMARY.extract(native, Plan()))


def test_brightness_is_where_the_tone_is() -> None:
    low, high = described(tone(220)), described(tone(3520))
    assert low["shape_centroid_hz_mean"] == pytest.approx(220, rel=0.3)
    assert high["shape_centroid_hz_mean"] == pytest.approx(3520, rel=0.1)
    assert high["shape_rolloff_hz_mean"] == pytest.approx(3520, rel=0.1)
    assert high["shape_zero_crossings_mean"] == pytest.approx(2 * 3520 / RATE_HZ, rel=0.05)
    assert high["shape_bandwidth_hz_mean"] < described(noise(3))["shape_bandwidth_hz_mean"]


def test_noise_is_flat_and_a_tone_is_not() -> None:
    hiss, pure = described(noise(3)), described(tone(3520))
    assert hiss["shape_flatness_mean"] > 0.3 > pure["shape_flatness_mean"]
    assert hiss["contrast_3200_hz_mean"] < pure["contrast_3200_hz_mean"]


def test_twenty_decibels_quieter_is_only_that() -> None:
    sound = cadence(60, "major") + 0.1 * noise(8)
    loud, quiet = described(sound), described(0.1 * sound)
    assert quiet["loudness_p50"] == pytest.approx(loud["loudness_p50"] - 20, abs=0.01)
    for name in ("contrast", "chroma", "rhythm", "modulation", "onset"):
        assert part(name, quiet) == pytest.approx(part(name, loud), rel=1e-3, abs=2e-3), name


def test_the_level_of_a_tone_is_given_in_decibels() -> None:
    assert described(tone(440))["loudness_p50"] == pytest.approx(-13.5, abs=0.1)


def test_dynamics_are_seen_in_the_levels() -> None:
    sudden = described(np.concatenate([0.01 * noise(3), noise(3)]))
    assert sudden["loudness_p95"] - sudden["loudness_p5"] == pytest.approx(40, abs=1)
    assert sudden["loudness_std"] > 10 * described(noise(6))["loudness_std"]


def test_harmony_is_the_same_in_another_key() -> None:
    here, there, otherwise = (
        part("chroma", described(samples))
        for samples in (cadence(57, "minor"), cadence(60, "minor"), noise(8))
    )
    assert np.abs(here - there).max() < 0.12
    assert np.abs(here - otherwise).max() > 0.4


def test_a_fifth_is_heard_as_seven_semitones_and_a_third_as_four() -> None:
    fifth, third = described(chord((57, 64), 3)), described(chord((57, 61), 3))
    assert fifth["chroma_interval_5"] > third["chroma_interval_5"] + 0.2
    assert third["chroma_interval_4"] > fifth["chroma_interval_4"] + 0.2


def test_chords_that_change_are_less_alike_later() -> None:
    held, changing = described(chord((57, 61, 64), 8)), described(cadence(57, "major"))
    assert held["chroma_alike_after_43"] > 0.95 > changing["chroma_alike_after_43"] + 0.1


def test_a_steady_beat_repeats_within_its_octave_of_tempo() -> None:
    steady, hiss = described(hits(100)), described(noise(15))
    assert steady["rhythm_80_bpm"] > 0.5
    assert hiss["rhythm_80_bpm"] < 0.3


def test_swelling_is_seen_at_its_pace_and_in_its_part_of_the_spectrum() -> None:
    swell = 1 + 0.9 * np.sin(2 * np.pi * 3 * times(10))
    numbers = described(tone(110, 10) * swell + 0.1 * noise(10))
    paces = {pace: numbers[f"modulation_0_{pace}_hz"] for pace in ("0.25", "0.5", "1", "2", "4")}
    assert max(paces, key=paces.__getitem__) == "2"
    assert numbers["modulation_0_2_hz"] > numbers["modulation_7_2_hz"] + 2


def test_hits_rise_in_all_of_the_spectrum_and_a_tone_in_one_part() -> None:
    beat = part("onset", described(hits(120)))
    bass = part("onset", described(np.tile(np.concatenate([tone(80, 0.2), np.zeros(9000)]), 10)))
    assert beat[:8].min() > 1
    assert bass[0] == bass[:8].max()


KINDS = {
    "noise": lambda rng, count: rng.standard_normal(count),
    "silence": lambda _, count: np.zeros(count),
    "a constant": lambda _, count: np.ones(count),
    "clicks": lambda rng, count: (rng.random(count) < 1e-4).astype(float),
    "one sample": lambda _, count: (np.arange(count) == count // 2).astype(float),
    "a square": lambda _, count: np.sign(np.sin(np.arange(count) / 20)),
    "noise, then silence": lambda rng, count: (
        rng.standard_normal(count) * (np.arange(count) < count / 2)
    ),
}


@settings(max_examples=20, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    level=st.sampled_from([1e-30, 1e-10, 1e-5, 1e-3, 1.0, 8.0]),
    rate_hz=st.sampled_from([8_000, 22_050, 44_100, 96_000, 192_000]),
    seconds=st.floats(0.1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_sound_gives_finite_numbers(
    kind: str, level: float, rate_hz: int, seconds: float, seed: int
) -> None:
    count = round(seconds * rate_hz)
    samples = level * KINDS[kind](np.random.default_rng(seed), count)
    vector = SUMMARY.extract(Excerpt(samples.astype(np.float32), rate_hz), Plan())
    assert np.isfinite(vector).all()
    assert np.isfinite(vector.astype(SUMMARY.dtype)).all()


@pytest.mark.parametrize(("rate_hz", "seconds"), [(8_000, 60), (192_000, 60), (44_100, 0.01)])
def test_long_and_short_excerpts_of_any_rate_are_described(rate_hz: int, seconds: float) -> None:
    samples = np.random.default_rng(1).standard_normal(round(seconds * rate_hz), np.float32)
    assert np.isfinite(SUMMARY.extract(Excerpt(samples, rate_hz), Plan())).all()


def test_describing_does_not_load_librosa() -> None:
    script = """if True:
        import sys, numpy
        from antiphon.audio.excerpt import Excerpt
        from antiphon.audio.features import FEATURE_SETS
        from antiphon.audio.plan import Plan
        FEATURE_SETS["summary/1"].extract(Excerpt(numpy.ones(9999, "f4"), 22050), Plan())
        sys.exit("librosa" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
