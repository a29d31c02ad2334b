"""What a browser cannot play arrives as MP3, from any moment on."""

import logging
from pathlib import Path

import numpy as np
import pytest

from antiphon.audio.errors import UndecodableError
from antiphon.audio.transcode import needs_transcoding, transcode
from antiphon.model import AudioFormat
from sounds import decoded, lag_ms, staircase, write

RATE_HZ = 22_050


def transcoded(path: Path, **how: float) -> Path:
    mp3 = path.with_name("transcoded.mp3")
    mp3.write_bytes(b"".join(transcode(path, **how)))  # type: ignore[arg-type]
    return mp3


def open_files() -> set[str]:
    return {str(link.resolve()) for link in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize(
    ("codec", "mime"),
    [
        ("mp3", "audio/mpeg"),
        ("flac", "audio/flac"),
        ("vorbis", "audio/ogg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/mp4"),
        ("pcm", "audio/wav"),
    ],
)
def test_browsers_play_these(codec: str, mime: str) -> None:
    assert not needs_transcoding(AudioFormat(codec=codec, mime=mime))


@pytest.mark.parametrize(
    ("codec", "mime"),
    [
        ("wma", "audio/x-ms-wma"),
        ("ape", "audio/x-ape"),
        ("alac", "audio/mp4"),
        ("pcm", "audio/aiff"),
        ("wavpack", "audio/x-wavpack"),
        ("speex", "audio/ogg"),
        ("", ""),
    ],
)
def test_browsers_do_not_play_these(codec: str, mime: str) -> None:
    assert needs_transcoding(AudioFormat(codec=codec, mime=mime))


@pytest.mark.parametrize("name", ["a.m4a", "a.wma", "a.aiff", "a.wv"])
def test_the_whole_track_is_heard(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, staircase(4))
    heard, original = decoded(transcoded(path)), decoded(path)
    assert len(heard) / RATE_HZ == pytest.approx(4, abs=0.1)
    assert abs(lag_ms(heard, original, RATE_HZ)) < 50


@pytest.mark.parametrize("name", ["a.m4a", "a.wma", "a.aiff", "a.wv"])
@pytest.mark.parametrize("offset_s", [0.1, 1.234, 2.5])
def test_an_offset_is_met_within_50_ms(tmp_path: Path, name: str, offset_s: float) -> None:
    path = write(tmp_path / name, staircase(5))
    heard = decoded(transcoded(path, offset_s=offset_s))
    original = staircase(5, RATE_HZ)[round(offset_s * RATE_HZ) :, 0]
    assert abs(lag_ms(heard, original, RATE_HZ)) < 50
    assert len(heard) == pytest.approx(len(original), abs=0.1 * RATE_HZ)


def test_an_offset_behind_the_end_is_no_sound_and_no_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.aiff", staircase(1))
    assert len(b"".join(transcode(path, offset_s=99))) < 3000


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 37_800, 44_100, 88_200, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_any_number_of_channels_will_do(
    tmp_path: Path, rate_hz: int, channels: int
) -> None:
    path = write(tmp_path / "a.aiff", staircase(1, rate_hz, channels), rate_hz)
    heard = decoded(transcoded(path))
    assert len(heard) / RATE_HZ == pytest.approx(1, abs=0.1)
    assert np.abs(heard).max() > 0.1


def test_the_bit_rate_is_the_one_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.aiff", staircase(10))
    assert transcoded(path, bitrate_kbps=96).stat().st_size == pytest.approx(120_000, rel=0.02)


def test_values_that_are_no_sound_do_not_end_the_process(tmp_path: Path) -> None:
    wild = staircase(1)
    wild[100:2000], wild[3000:4000] = np.nan, np.inf
    assert transcoded(write(tmp_path / "a.wav", wild, subtype="FLOAT")).stat().st_size > 10_000


def test_pieces_come_while_the_track_is_still_being_read(tmp_path: Path) -> None:
    pieces = transcode(write(tmp_path / "a.aiff", staircase(20)))
    assert len(next(pieces)) < 20_000
    assert sum(map(len, pieces)) > 400_000


def test_the_file_is_closed_when_the_listener_goes_away(tmp_path: Path) -> None:
    path = write(tmp_path / "a.aiff", staircase(5))
    pieces = transcode(path)
    next(pieces)
    assert str(path) in open_files()
    pieces.close()
    assert str(path) not in open_files()


def test_a_damaged_track_is_heard_around_the_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "a.m4a", staircase(6))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = b"\xaa" * 20_000
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        seconds = len(decoded(transcoded(path))) / RATE_HZ
    assert 4 < seconds < 6.1
    assert [record.message for record in caplog.records if "a.m4a" in record.message] != []
    assert len(caplog.records) == 1


def test_a_truncated_track_ends_where_it_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wma", staircase(6))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 2 < len(decoded(transcoded(path))) / RATE_HZ < 4


def test_what_is_not_music_says_so_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.wma"
    path.write_bytes(b"no music" * 1000)
    with pytest.raises(UndecodableError):
        next(transcode(path))
    with pytest.raises(FileNotFoundError):
        next(transcode(tmp_path / "gone.wma"))
