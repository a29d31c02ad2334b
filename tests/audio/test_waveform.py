"""The outline of a track has the same size and needs the same memory for any duration."""

import numpy as np
import pytest

from antiphon.audio.waveform import BINS, Outline


def outline(peaks: list[float] | np.ndarray, at_once: int = 100) -> Outline:
    of_a_track, all_of_them = Outline(), np.asarray(peaks, np.float32)
    for start in range(0, len(all_of_them), at_once):
        of_a_track.add(all_of_them[start : start + at_once])
    return of_a_track


@pytest.mark.parametrize("stretches", [1, 10, 799, 800, 801, 3000, 8192, 8193, 500_000])
def test_there_are_always_800_peaks_from_start_to_end(stretches: int) -> None:
    drawn = outline(np.linspace(0.001, 0.5, stretches)).waveform()
    assert len(drawn) == BINS
    assert drawn[-1] == 255
    assert list(drawn) == sorted(drawn)
    if stretches >= 800:
        expected = 255 * np.linspace(0, 1, BINS)
        assert np.abs(np.frombuffer(drawn, np.uint8) - expected).max() <= 2


@pytest.mark.parametrize("stretches", [801, 20_000, 500_000])
def test_no_peak_is_lost(stretches: int) -> None:
    for place in (0, 1, stretches // 3, stretches - 1):
        peaks = np.full(stretches, 0.1)
        peaks[place] = 0.9
        drawn = outline(peaks).waveform()
        assert drawn.count(255) == 1
        assert drawn.index(255) == pytest.approx(place * BINS // stretches, abs=1)


@pytest.mark.parametrize("at_once", [1, 7, 100, 3000])
def test_the_way_it_is_cut_does_not_matter(at_once: int) -> None:
    peaks = np.random.default_rng(1).random(20_000)
    assert outline(peaks, at_once).waveform() == outline(peaks, 20_000).waveform()


def test_peaks_are_in_proportion_to_the_loudest() -> None:
    drawn = outline([0.05] * 400 + [0.1] * 400).waveform()
    assert drawn == bytes([128] * 400 + [255] * 400)


def test_digital_zero_draws_nothing() -> None:
    assert outline(np.zeros(1000)).waveform() == bytes(BINS)
    assert Outline().waveform() == bytes(BINS)


def test_silence_is_counted_at_both_ends() -> None:
    track = outline([0.0, 0.0009, *[0.5] * 500, 0, 0.5, *[0.0009] * 300])
    assert (track.silent_at_start, track.silent_at_end) == (2, 300)


def test_a_silent_track_is_silent_from_both_ends() -> None:
    track = outline(np.full(1234, 0.0009))
    assert (track.silent_at_start, track.silent_at_end) == (1234, 1234)
