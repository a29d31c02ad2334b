"""Any music file becomes one clean channel, whatever is wrong with it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.audio import ffmpeg
from antiphon.audio.decode import RATE_HZ, decode, decode_middle
from antiphon.audio.errors import UndecodableError
from sounds import staircase, write

LOSSLESS = ["a.wav", "a.flac", "a.aiff", "a.m4a", "a.wv"]
LOSSY = ["a.mp3", "a.wma", "a.aac"]


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
def test_every_format_gives_the_same_sound(tmp_path: Path, name: str) -> None:
    samples = decode(write(tmp_path / name, staircase(2)), rate_hz=44_100)
    original = staircase(2)[:, 0]
    length = min(len(samples), len(original))
    assert samples.dtype == np.float32
    assert len(samples) / 44_100 == pytest.approx(2, abs=0.1)
    if name in LOSSLESS:
        assert np.abs(samples - original).max() < 1e-3
    else:
        spectra = [np.abs(np.fft.rfft(sound[:length])) for sound in (samples, original)]
        assert np.corrcoef(*spectra)[0, 1] > 0.9


def test_channels_are_averaged(tmp_path: Path) -> None:
    left_only = staircase(1)
    left_only[:, 1] = 0
    samples = decode(write(tmp_path / "a.wav", left_only), rate_hz=44_100)
    assert np.allclose(samples, left_only[:, 0] / 2, atol=1e-4)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000, 96_000])
def test_any_rate_becomes_the_one_asked_for(tmp_path: Path, rate_hz: int) -> None:
    samples = decode(write(tmp_path / "a.wav", staircase(1, rate_hz), rate_hz))
    assert len(samples) == pytest.approx(RATE_HZ, abs=2)


@pytest.mark.parametrize("name", LOSSLESS)
def test_an_offset_and_a_length_cut_out_exactly_that(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, staircase(3))
    samples = decode(path, rate_hz=44_100, offset_s=1.3, seconds=0.5)
    expected = staircase(3)[round(1.3 * 44_100) :, 0][: len(samples)]
    assert len(samples) == 22_050
    assert np.abs(samples - expected).max() < 1e-3


def test_the_middle_is_the_middle(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", staircase(5))
    assert np.array_equal(
        decode_middle(path, seconds=1), decode(path, offset_s=2, seconds=1), equal_nan=False
    )


def test_the_middle_of_a_short_file_is_all_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", staircase(1))
    assert np.array_equal(decode_middle(path, seconds=30), decode(path))


def test_values_that_are_no_sound_become_silence(tmp_path: Path) -> None:
    wild = staircase(1)
    wild[1000:2000] = np.nan
    wild[2000:3000] = np.inf
    wild[3000:4000] = 1e38
    samples = decode(write(tmp_path / "a.wav", wild, subtype="FLOAT"), rate_hz=44_100)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 8
    assert not samples[1000:3000].any()


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.wma", "a.wv"])
def test_a_truncated_file_gives_what_is_left(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, staircase(8))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 2 < len(decode(path)) / RATE_HZ < 6
    assert len(decode_middle(path, seconds=1)) == pytest.approx(RATE_HZ, abs=2)


def test_a_file_that_ends_before_its_middle_gives_its_beginning(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", staircase(20))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 10])
    assert len(decode_middle(path, seconds=1)) / RATE_HZ == pytest.approx(1, abs=0.01)


def test_two_files_joined_are_heard_at_one_rate(tmp_path: Path) -> None:
    first = write(tmp_path / "a.mp3", staircase(2, 44_100), 44_100).read_bytes()
    second = write(tmp_path / "b.mp3", staircase(2, 48_000, 1), 48_000).read_bytes()
    joined = tmp_path / "c.mp3"
    joined.write_bytes(first + second)
    with joined.open("rb") as file, ffmpeg.open_source(file) as source:
        samples = sum(block.shape[1] for block in ffmpeg.blocks(source))
    assert samples / 44_100 == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize("rate_hz", [0, 2**31 - 1, 2**32 - 1])
def test_a_rate_that_cannot_be_true_is_said_to_be(tmp_path: Path, rate_hz: int) -> None:
    path = write(tmp_path / "a.wav", staircase(1))
    content = bytearray(path.read_bytes())
    content[24:28] = rate_hz.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(UndecodableError):
        decode_middle(path, seconds=30)


def test_a_codec_that_nobody_knows_is_said_to_be(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", staircase(1))
    content = bytearray(path.read_bytes())
    content[20:22] = b"\x9d\xd6"
    path.write_bytes(content)
    with pytest.raises(UndecodableError, match="FFmpeg knows"):
        decode(path)


def test_too_little_of_a_broken_file_is_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.m4a", staircase(4))
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(UndecodableError, match=r"libsndfile: .*FFmpeg: "):
        decode(path)


@pytest.mark.parametrize("content", [b"", b"ID3", b"not music at all" * 500, bytes(50_000)])
def test_what_is_not_music_says_why(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    with pytest.raises(UndecodableError, match="cannot be decoded"):
        decode(path)


def test_an_offset_behind_the_end_says_so(tmp_path: Path) -> None:
    with pytest.raises(UndecodableError, match="from 9 s on"):
        decode(write(tmp_path / "a.wav", staircase(1)), offset_s=9)


def test_a_playlist_in_disguise_leads_nowhere(tmp_path: Path) -> None:
    song = write(tmp_path / "a.mp3", staircase(2))
    disguised = tmp_path / "b.mp3"
    disguised.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{song}\n#EXT-X-ENDLIST\n")
    with pytest.raises(UndecodableError):
        decode(disguised)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "gone.flac")


def test_a_name_that_is_not_text_is_no_obstacle(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", staircase(1))
    odd = path.rename(tmp_path / "\udcff\udcfe 🎵.wav")
    assert len(decode(odd)) == pytest.approx(RATE_HZ, abs=2)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["a.flac", "a.mp3", "a.wv", "a.m4a"]),
    holes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=64)), max_size=8),
)
def test_damage_anywhere_gives_sound_or_a_reason(
    tmp_path: Path, name: str, holes: list[tuple[float, bytes]]
) -> None:
    path = write(tmp_path / name, staircase(1))
    content = bytearray(path.read_bytes())
    for place, junk in holes:
        at = int(place * (len(content) - 1))
        content[at : at + len(junk)] = junk
    path.write_bytes(content)
    try:
        samples = decode(path)
    except UndecodableError:
        return
    assert samples.size
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() < 10
