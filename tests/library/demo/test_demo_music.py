"""The demo library's music: harmony that fits, styles that differ, sound without flaws."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.library.demo import harmony
from antiphon.library.demo.compose import Score, Sound, compose
from antiphon.library.demo.instruments import INSTRUMENTS, RATE, Samples
from antiphon.library.demo.names import ARTISTS, RELEASES, TITLES
from antiphon.library.demo.render import CEILING, master, render
from antiphon.library.demo.spectral import convolved, loudness
from antiphon.library.demo.styles import STYLES

pytestmark = pytest.mark.slow


def score(style: str, seed: int) -> Score:
    return compose(STYLES[style], Sound(taste=seed), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def recordings() -> dict[tuple[str, int], Samples]:
    """Three pieces in each style by artists with different sounds."""
    return {
        (style, seed): render(score(style, seed), np.random.default_rng(seed))
        for style in STYLES
        for seed in range(3)
    }


def test_a_chord_symbol_is_read_and_moved_to_the_key() -> None:
    assert harmony.chord("Bbmaj7").pitch_classes == {10, 2, 5, 9}
    assert harmony.chord("C", key=2).pitch_classes == {2, 6, 9}
    with pytest.raises(ValueError, match="Hm7"):
        harmony.chord("Hm7")


@given(
    symbol=st.sampled_from(["C", "Am7", "Dm9", "G13", "Ebmaj9", "Dm7b5"]),
    following=st.sampled_from(["F", "Cmaj7", "Gsus4", "Abmaj7"]),
    key=st.integers(-5, 6),
    centre=st.integers(50, 76),
)
def test_voices_keep_the_chord_s_tones_and_move_little(
    symbol: str, following: str, key: int, centre: int
) -> None:
    first = harmony.chord(symbol, key)
    pitches = harmony.voicing(first, centre)
    assert {pitch % 12 for pitch in pitches} == first.pitch_classes
    assert list(pitches) == sorted(pitches)
    led = harmony.voicing(harmony.chord(following, key), centre, pitches)
    assert max(abs(a - b) for a, b in zip(pitches, led, strict=False)) <= 12


@given(key=st.integers(-5, 6), scale=st.sampled_from(sorted(harmony.SCALES)))
def test_a_melody_s_ladder_never_rubs_against_the_chord(key: int, scale: str) -> None:
    chord = harmony.chord("Cmaj9" if "m" not in scale[:1] else "Cm9", key)
    for pitch in harmony.ladder(scale, key, chord, 70):
        near = {(pitch - 1) % 12, (pitch + 1) % 12} & chord.pitch_classes
        assert pitch % 12 in chord.pitch_classes or not near


@pytest.mark.parametrize("style", STYLES)
def test_a_piece_lasts_about_half_a_minute_at_its_style_s_tempo(style: str) -> None:
    slow, fast = STYLES[style].tempo
    for seed in range(20):
        piece = score(style, seed)
        assert 25 <= piece.length_s <= 45
        assert slow <= 60 / piece.beat_s <= fast
        assert all(part.notes for part in piece.parts)


@pytest.mark.parametrize("style", STYLES)
def test_pieces_of_a_style_differ(style: str) -> None:
    pieces = {tuple(part.notes[:40] for part in score(style, seed).parts) for seed in range(12)}
    assert len(pieces) == 12


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_plays_in_tune_and_fades_to_nothing(name: str) -> None:
    sound = INSTRUMENTS[name](440.0, RATE, 1.0)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    around = (hz > 415) & (hz < 466)
    cents = 1200 * np.log2(hz[around][spectrum[around].argmax()] / 440)
    assert abs(cents) < 12
    assert spectrum[around].max() > 0.05 * spectrum.max()
    assert np.isfinite(sound).all()
    assert abs(sound[-1]) < 0.01


def test_recordings_are_even_in_loudness_and_never_clip(
    recordings: dict[tuple[str, int], Samples],
) -> None:
    for (style, _), sound in recordings.items():
        assert sound.dtype == np.float32
        assert np.abs(sound).max() <= CEILING + 1e-6
        assert abs(loudness(sound) - STYLES[style].finish.loudness) < 1.0


def test_recordings_have_no_dc_no_clicks_at_the_ends_and_no_gaps(
    recordings: dict[tuple[str, int], Samples],
) -> None:
    for sound in recordings.values():
        assert np.abs(sound.mean(axis=1)).max() < 1e-3
        assert np.abs(sound[:, [0, -1]]).max() < 1e-3
        seconds = sound[:, : sound.shape[1] // RATE * RATE].reshape(2, -1, RATE)
        assert np.sqrt((seconds**2).mean(axis=(0, 2)))[:-2].min() > 0.003


def test_most_of_what_sounds_belongs_to_the_scale(
    recordings: dict[tuple[str, int], Samples],
) -> None:
    for style in ("Ambient", "Folk", "Neoclassical"):
        mono = recordings[style, 0].mean(axis=0)[: 20 * RATE]
        chroma = librosa.feature.chroma_stft(y=mono, sr=RATE, n_fft=8192, hop_length=4096)
        shares = np.sort(chroma.mean(axis=1) / chroma.mean(axis=1).sum())
        assert shares[-7:].sum() > 0.75


def test_a_nearest_centroid_tells_the_styles_apart(
    recordings: dict[tuple[str, int], Samples],
) -> None:
    vectors = {
        key: librosa.feature.mfcc(y=sound.mean(axis=0)[8 * RATE : 22 * RATE], sr=RATE).mean(axis=1)
        for key, sound in recordings.items()
    }
    right = 0
    for (style, seed), vector in vectors.items():
        centroids = {
            other: np.mean([vectors[other, s] for s in range(3) if (other, s) != (style, seed)], 0)
            for other in STYLES
        }
        nearest = min(centroids, key=lambda other: np.linalg.norm(centroids[other] - vector))
        right += nearest == style
    assert right >= 0.75 * len(vectors)  # chance is one in eight


def test_mastering_meets_the_loudness_of_a_reference_tone() -> None:
    # BS.1770: a 997 Hz sine at 0 dBFS in one channel reads -3.01 LUFS.
    tone = np.sin(2 * np.pi * 997 * np.arange(10 * RATE) / RATE).astype(np.float32)
    assert loudness(np.stack([tone, np.zeros_like(tone)])) == pytest.approx(-3.01, abs=0.05)
    mastered = master(np.stack([tone, tone]) * np.float32(0.01), -15.0)
    assert loudness(mastered) == pytest.approx(-15.0, abs=0.1)


def test_convolution_agrees_with_the_direct_sum() -> None:
    rng = np.random.default_rng(1)
    sound = rng.standard_normal((1, 150_000)).astype(np.float32)
    response = rng.standard_normal((2, 300)).astype(np.float32)
    expected = [np.convolve(sound[0], channel)[:150_000] for channel in response]
    assert np.allclose(convolved(sound, response), expected, atol=1e-3)


def test_every_name_is_invented_once() -> None:
    assert {r.artist for r in RELEASES} - {"Various Artists"} == set(ARTISTS)
    assert len({r.title for r in RELEASES}) == len(RELEASES)
    for style, titles in TITLES.items():
        needed = sum(r.tracks for r in RELEASES if r.style == style) + 1
        assert len(set(titles)) == len(titles) >= needed
