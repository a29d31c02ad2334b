"""Any music file becomes clean blocks of sound, whatever is wrong with it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.audio import ffmpeg
from antiphon.audio.decode import Sound, decode, frames_per_block
from antiphon.audio.errors import UndecodableError
from sounds import decoded, staircase, write

LOSSLESS = ["a.wav", "a.flac", "a.aiff", "a.m4a", "a.wv"]
LOSSY = ["a.mp3", "a.wma", "a.aac"]
RATE_HZ = 22_050


def seconds(path: Path) -> float:
    return len(decoded(path)) / RATE_HZ


def shapes(path: Path) -> list[tuple[int, ...]]:
    return decode(path, lambda sound: [block.shape for block in sound.blocks()])


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
def test_every_format_gives_the_same_sound(tmp_path: Path, name: str) -> None:
    samples = decoded(write(tmp_path / name, staircase(2)), 44_100)
    original = staircase(2)[:, 0]
    length = min(len(samples), len(original))
    assert samples.dtype == np.float32
    assert len(samples) / 44_100 == pytest.approx(2, abs=0.1)
    if name in LOSSLESS:
        assert np.abs(samples - original).max() < 1e-3
    else:
        spectra = [np.abs(np.fft.rfft(sound[:length])) for sound in (samples, original)]
        assert np.corrcoef(*spectra)[0, 1] > 0.9


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.m4a", "a.wv"])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_are_alike_with_every_channel(tmp_path: Path, name: str, channels: int) -> None:
    heard = shapes(write(tmp_path / name, staircase(12, channels=channels)))
    assert heard == [(5 * 44_100, channels), (5 * 44_100, channels), (2 * 44_100, channels)]


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 48_000, 96_000, 192_000])
def test_sound_comes_at_its_own_rate(tmp_path: Path, rate_hz: int) -> None:
    path = write(tmp_path / "a.wav", staircase(6, rate_hz), rate_hz)
    first, last = shapes(path)
    assert first == (frames_per_block(rate_hz), 2)
    assert first[0] == pytest.approx(5 * rate_hz, rel=0.01)
    assert first[0] + last[0] == 6 * rate_hz


def test_opus_is_heard_at_48_khz(tmp_path: Path) -> None:
    path = write(tmp_path / "a.webm", staircase(2, 48_000), 48_000)
    assert len(decoded(path, 48_000)) / 48_000 == pytest.approx(2, abs=0.05)


def test_every_channel_of_a_vorbis_file_is_in_waves_order(tmp_path: Path) -> None:
    silent_but_the_fourth = staircase(2, channels=6) * np.float32([0, 0, 0, 1, 0, 0])
    path = write(tmp_path / "a.wav", silent_but_the_fourth)
    vorbis = write(tmp_path / "a.ogg", silent_but_the_fourth[:, [0, 2, 1, 4, 5, 3]])
    for each in (path, vorbis):
        peaks = decode(each, lambda sound: [np.abs(b).max(axis=0) for b in sound.blocks()])
        assert np.argmax(peaks[0]) == 3


def test_values_that_are_no_sound_become_silence(tmp_path: Path) -> None:
    wild = staircase(1)
    wild[1000:2000] = np.nan
    wild[2000:3000] = np.inf
    wild[3000:4000] = 1e38
    samples = decoded(write(tmp_path / "a.wav", wild, subtype="FLOAT"), 44_100)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 8
    assert not samples[1000:3000].any()
    assert np.array_equal(samples[4000:], wild[4000:, 0])


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.wma", "a.wv"])
def test_a_truncated_file_gives_what_is_left(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, staircase(8))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 2 < seconds(path) < 6


def test_of_a_broken_file_the_longer_sound_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", staircase(8))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = b"\xaa" * 2000
    path.write_bytes(content)
    lengths: list[float] = []

    def listen(sound: Sound) -> float:
        heard = sum(map(len, sound.blocks())) / sound.rate_hz
        lengths.append(heard)
        return heard

    assert decode(path, listen) == max(lengths) > 6
    assert len(lengths) == 2


def test_a_sound_file_is_decoded_once(tmp_path: Path) -> None:
    heard: list[Sound] = []
    decode(
        write(tmp_path / "a.mp3", staircase(2)),
        lambda sound: (heard.append(sound), *sound.blocks()),
    )
    assert len(heard) == 1
    assert heard[0].seconds == pytest.approx(heard[0].duration_s, abs=0.1)


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
        decoded(path)


def test_a_codec_that_nobody_knows_is_said_to_be(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", staircase(1))
    content = bytearray(path.read_bytes())
    content[20:22] = b"\x9d\xd6"
    path.write_bytes(content)
    with pytest.raises(UndecodableError, match="FFmpeg knows"):
        decoded(path)


def test_too_little_of_a_broken_file_is_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.m4a", staircase(4))
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(UndecodableError, match=r"libsndfile: .*FFmpeg: "):
        decoded(path)


@pytest.mark.parametrize("content", [b"", b"ID3", b"not music at all" * 500, bytes(50_000)])
def test_what_is_not_music_says_why(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    with pytest.raises(UndecodableError, match="cannot be decoded"):
        decoded(path)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a", "a.wv", "a.wma", "a.webm"])
def test_a_tenth_of_a_second_is_a_sound(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, staircase(0.1, 48_000), 48_000)
    assert seconds(path) == pytest.approx(0.1, abs=0.07)


def test_a_playlist_in_disguise_leads_nowhere(tmp_path: Path) -> None:
    song = write(tmp_path / "a.mp3", staircase(2))
    disguised = tmp_path / "b.mp3"
    disguised.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{song}\n#EXT-X-ENDLIST\n")
    with pytest.raises(UndecodableError):
        decoded(disguised)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decoded(tmp_path / "gone.flac")


def test_a_name_that_is_not_text_is_no_obstacle(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", staircase(1))
    odd = path.rename(tmp_path / "\udcff\udcfe 🎵.wav")
    assert seconds(odd) == pytest.approx(1, abs=0.01)


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
        samples = decoded(path, 44_100)
    except UndecodableError:
        return
    assert samples.size
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 8
