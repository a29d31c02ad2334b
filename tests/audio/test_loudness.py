"""Loudness as broadcasters measure it: the signals of EBU Tech 3341, and FFmpeg's own meter."""

from collections.abc import Sequence

import av
import numpy as np
import pytest

from antiphon.audio.decode import frames_per_block
from antiphon.audio.loudness import Meter, album_loudness, replaygain_db
from sounds import Sound

LAYOUTS = {1: "mono", 2: "stereo", 4: "quad", 5: "5.0", 6: "5.1", 8: "7.1"}


def tones(*parts: tuple[float, float], channels: int = 2, hz: float = 997) -> Sound:
    """A tone at 48 kHz: for each part its level (dB of full scale) and its seconds."""
    levels = np.concatenate([np.full(round(s * 48_000), 10 ** (db / 20)) for db, s in parts])
    tone = levels * np.sin(2 * np.pi * hz / 48_000 * np.arange(len(levels)))
    return np.repeat(tone[:, np.newaxis], channels, axis=1).astype(np.float32)


def noise(seconds: float, rate_hz: int, channels: int) -> Sound:
    random = np.random.default_rng(rate_hz + channels)
    swell = 0.1 + 0.1 * np.sin(np.linspace(0, 12, round(seconds * rate_hz)))[:, np.newaxis]
    white = random.standard_normal((len(swell) + 2, channels))
    # Like music, little at the highest frequencies, where filters that interpolate differ.
    return ((white[:-2] + 2 * white[1:-1] + white[2:]) / 4 * swell).astype(np.float32)


def metered(samples: Sound, rate_hz: int = 48_000) -> Meter:
    meter = Meter(rate_hz, samples.shape[1])
    step = frames_per_block(rate_hz)
    for start in range(0, len(samples), step):
        meter.add(np.ascontiguousarray(samples[start : start + step]))
    return meter


def lufs(samples: Sound, rate_hz: int = 48_000) -> float:
    loudness = metered(samples, rate_hz).integrated_lufs()
    assert loudness is not None
    return loudness


def ffmpegs(samples: Sound, rate_hz: int) -> tuple[float, float]:
    """What FFmpeg's ebur128 filter says: LUFS, and true peak."""
    graph, layout = av.filter.Graph(), LAYOUTS[samples.shape[1]]
    source = graph.add_abuffer(sample_rate=rate_hz, format="flt", layout=layout)
    meter = graph.add("ebur128", "framelog=quiet:metadata=1:peak=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "flt", layout)
    frame.sample_rate = rate_hz
    graph.push(frame)
    said: dict[str, str] = {}
    while True:
        try:
            said = dict(graph.pull().metadata)
        except BlockingIOError:
            return float(said["lavfi.r128.I"]), float(said["lavfi.r128.true_peak"])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
)
def test_the_ebus_signals_measure_as_they_must(
    parts: Sequence[tuple[float, float]], expected: float
) -> None:
    assert lufs(tones(*parts)) == pytest.approx(expected, abs=0.1)


def test_the_ebus_five_channels_measure_as_they_must() -> None:
    levels_db = [-28, -28, -24, -30, -30]
    five = tones((0, 20), channels=5) * np.float32([10 ** (db / 20) for db in levels_db])
    assert lufs(five) == pytest.approx(-23, abs=0.1)


def test_the_subwoofer_does_not_count_and_the_surround_counts_more() -> None:
    def only(channel: int) -> Sound:
        six = tones((-23, 5), channels=6)
        six[:, [each for each in range(6) if each != channel]] = 0
        return six

    assert metered(only(3)).integrated_lufs() is None
    assert lufs(only(4)) - lufs(only(0)) == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_at_every_rate_it_is_what_ffmpeg_says(rate_hz: int) -> None:
    samples = noise(6, rate_hz, 2)
    loudness, peak = ffmpegs(samples, rate_hz)
    assert lufs(samples, rate_hz) == pytest.approx(loudness, abs=0.05)
    assert metered(samples, rate_hz).peak == pytest.approx(peak, rel=0.03)


@pytest.mark.parametrize("channels", [1, 2, 4, 5, 6])
def test_with_any_channels_it_is_what_ffmpeg_says(channels: int) -> None:
    samples = noise(6, 48_000, channels)
    assert lufs(samples) == pytest.approx(ffmpegs(samples, 48_000)[0], abs=0.05)


@pytest.mark.parametrize(
    ("divisor", "degrees", "amplitude", "expected_db"),
    # EBU Tech 3341, cases 15 to 19: between -0.4 and +0.2 dB.
    [(4, 0, 0.5, -6), (4, 45, 0.5, -6), (6, 60, 0.5, -6), (8, 67.5, 0.5, -6), (4, 45, 1.41, 3)],
)
def test_a_peak_between_samples_is_found(
    divisor: int, degrees: float, amplitude: float, expected_db: float
) -> None:
    phase = 2 * np.pi * np.arange(48_000) / divisor + np.radians(degrees)
    fade = np.minimum(1, np.minimum(np.arange(48_000), np.arange(48_000)[::-1]) / 4800)
    tone = (amplitude * fade * np.sin(phase)).astype(np.float32)
    peak_db = 20 * np.log10(metered(np.stack([tone, tone], axis=1)).peak)
    assert expected_db - 0.4 <= peak_db <= expected_db + 0.2


def test_a_peak_on_the_border_of_blocks_is_found() -> None:
    whole = tones((-6, 2), hz=12_000)
    phase = 2 * np.pi * np.arange(len(whole)) / 4 + np.radians(45)
    pulse = np.exp(-(((np.arange(len(whole)) - 47_999.5) / 20) ** 2))
    whole[:] = (0.5 * pulse * np.sin(phase))[:, np.newaxis]
    assert 20 * np.log10(metered(whole).peak) == pytest.approx(-6, abs=0.2)


def test_the_way_it_is_cut_does_not_matter() -> None:
    samples = noise(3, 44_100, 2)
    at_once, in_blocks = Meter(44_100, 2), metered(samples, 44_100)
    at_once.add(samples)
    assert at_once.integrated_lufs() == pytest.approx(in_blocks.integrated_lufs(), abs=1e-9)
    assert at_once.peak == in_blocks.peak


@pytest.mark.parametrize("samples", [tones((-23, 0.3)), tones((-75, 3)), np.zeros((48_000, 2))])
def test_what_is_too_short_or_too_quiet_has_no_loudness(samples: Sound) -> None:
    assert metered(samples.astype(np.float32)).integrated_lufs() is None


def test_replaygain_brings_everything_to_minus_18() -> None:
    assert replaygain_db(-23) == 5


def test_an_albums_loudness_is_that_of_its_tracks_in_a_row() -> None:
    tracks = [tones((-20, 10)), tones((-24, 20)), tones((-21, 5))]
    loudness = album_loudness([lufs(track) for track in tracks], [10, 20, 5])
    assert loudness == pytest.approx(lufs(np.concatenate(tracks)), abs=0.1)


def test_silent_tracks_say_nothing_about_an_albums_loudness() -> None:
    assert album_loudness([-20, None], [10, 300]) == pytest.approx(-20)
    assert album_loudness([None], [10]) is None
    assert album_loudness([], []) is None
