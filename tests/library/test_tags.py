"""Tags are read alike from every format, and whatever they say, what comes out is sober."""

import struct
import tempfile
from pathlib import Path

import mutagen.flac
import mutagen.id3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.library.files import UnreadableError, open_music
from antiphon.library.payload import identify
from antiphon.library.tags import Tags, read_tags
from antiphon.model import ReplayGain
from media import FORMATS, PICTURE, music, write_music, write_tags

RELEASE = "9a1b8a1c-0d8a-4a0e-b0a3-3f6a1c2d4e5f"
RECORDING = "1a1b8a1c-0d8a-4a0e-b0a3-3f6a1c2d4e5f"
FULL = {
    "title": "Blue Train (feat. Lee Morgan)",
    "artist": "John Coltrane",
    "album": "Blüe Train",
    "albumartist": "The Ensemble",
    "tracknumber": "3",
    "discnumber": "2",
    "date": "1999-03-04",
    "originaldate": "1957-09-15",
    "genre": "jazz; Hard Bop",
    "compilation": "1",
    "discsubtitle": "The Second",
    "musicbrainz_albumid": RELEASE,
    "musicbrainz_trackid": RECORDING,
    "replaygain_track_gain": "-6.50 dB",
    "replaygain_track_peak": "0.98",
    "lyrics": "la la\nla",
}
CODECS = {
    **dict.fromkeys((".wav", ".aiff"), "pcm"),
    ".mp3": "mp3",
    ".flac": "flac",
    ".opus": "opus",
    ".ogg": "vorbis",
    ".m4a": "aac",
    ".alac.m4a": "alac",
    ".aac": "aac",
    ".wma": "wma",
    ".wv": "wavpack",
}


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    return write_music(tmp_path / "song.mp3")


@pytest.fixture
def flac(tmp_path: Path) -> Path:
    return write_music(tmp_path / "song.flac")


def tags_of(path: Path) -> Tags:
    with open_music(str(path)) as file:
        return read_tags(file, str(path), identify(file)[1])


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_tags(tmp_path: Path, suffix: str) -> None:
    path = write_tags(write_music(tmp_path / f"song{suffix}"), picture=PICTURE, **FULL)
    tags = tags_of(path)
    assert tags.title == FULL["title"]
    assert tags.artists == ("John Coltrane", "Lee Morgan")
    assert (tags.album, tags.album_artists) == ("Blüe Train", ("The Ensemble",))
    assert (tags.track_no, tags.disc_no, tags.disc_title) == (3, 2, "The Second")
    assert (tags.year, tags.original_year) == (1999, 1957)
    assert tags.genres == ("Jazz", "Hard Bop")
    assert tags.compilation
    assert tags.musicbrainz["release"] == RELEASE
    assert tags.replay_gain == ReplayGain(track_gain_db=-6.5, track_peak=0.98)
    assert (tags.lyrics, tags.synced) == ("la la\nla", False)
    assert tags.has_picture == (suffix != ".wma")


# FFmpeg, which reads .aac, leaves the frame out in which ID3 has the recording's id.
@pytest.mark.parametrize("suffix", sorted(set(FORMATS) - {".aac"}))
def test_the_recording_is_known_by_its_musicbrainz_id(tmp_path: Path, suffix: str) -> None:
    path = write_tags(write_music(tmp_path / f"song{suffix}"), **FULL)
    assert tags_of(path).musicbrainz["recording"] == RECORDING


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_tells_how_its_sound_is_encoded(tmp_path: Path, suffix: str) -> None:
    tags = tags_of(write_music(tmp_path / f"song{suffix}", seconds=2.0))
    lossless = CODECS[suffix] in {"flac", "alac", "pcm", "wavpack"}
    assert tags.format.codec == CODECS[suffix]
    assert tags.format.mime.startswith("audio/")
    assert (tags.format.sample_rate_hz, tags.format.channels) == (48_000, 2)
    assert tags.format.bit_depth == (16 if lossless else 0)
    assert tags.format.bitrate_kbps > (500 if lossless else 60)
    assert tags.format.size == (tmp_path / f"song{suffix}").stat().st_size
    assert tags.duration_ms == pytest.approx(2_000, abs=60)


@pytest.mark.parametrize("suffix", [".ogg", ".opus"])
def test_a_long_ogg_file_has_its_length_in_its_last_page(tmp_path: Path, suffix: str) -> None:
    path = write_tags(write_music(tmp_path / f"song{suffix}", seconds=20.0), title="Long")
    assert tags_of(path).duration_ms == pytest.approx(20_000, abs=20)
    assert tags_of(path).title == "Long"


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("1999-03-04T12:00:00", 1999),
        ("(1999)", 1999),
        ("c. 1987", 1987),
        ("0000", 0),
        ("19990304", 1999),
        ("04/03/1999", 1999),
        ("99", 0),
        ("123456", 0),
        ("", 0),
        ("soon", 0),
    ],
)
def test_a_year_is_found_in_wild_dates(flac: Path, written: str, year: int) -> None:
    assert tags_of(write_tags(flac, date=written)).year == year


@pytest.mark.parametrize(
    ("name", "title", "track_no", "disc_no"),
    [
        ("03 - Name", "Name", 3, 0),
        ("03 Name", "Name", 3, 0),
        ("12. Name", "Name", 12, 0),
        ("1-07 Some_Name", "Some Name", 7, 1),
        ("99 Luftballons", "99 Luftballons", 0, 0),
        ("1999", "1999", 0, 0),
        ("Artist - Name", "Artist - Name", 0, 0),
        ("🎵" * 20, "🎵" * 20, 0, 0),
    ],
)
def test_a_file_without_a_title_is_called_by_its_name(
    tmp_path: Path, name: str, title: str, track_no: int, disc_no: int
) -> None:
    tags = tags_of(write_music(tmp_path / f"{name}.mp3"))
    assert (tags.title, tags.track_no, tags.disc_no) == (title, track_no, disc_no)
    assert tags.artists == ()


def test_a_file_name_that_is_not_utf8_still_makes_a_title(tmp_path: Path) -> None:
    path = str(tmp_path / "na\udcefve.mp3")
    Path(path).write_bytes(music(".mp3"))
    assert tags_of(path).title == "na\ufffdve"


def test_utf8_that_was_written_as_latin1_is_repaired(mp3: Path) -> None:
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(encoding=0, text="Für Elise – Музыка".encode().decode("latin-1")))
    tags.add(mutagen.id3.TPE1(encoding=0, text="Café"))
    tags.save(mp3)
    assert tags_of(mp3).title == "Für Elise – Музыка"
    assert tags_of(mp3).artists == ("Café",)


def test_old_id3_versions_are_read(mp3: Path) -> None:
    texts = [b"Old".ljust(30, b"\0"), b"Who".ljust(30, b"\0"), bytes(30), b"1971", bytes(29)]
    mp3.write_bytes(mp3.read_bytes() + b"TAG" + b"".join(texts) + b"\5\x10")
    tags = tags_of(mp3)
    assert (tags.title, tags.artists, tags.year) == ("Old", ("Who",), 1971)
    assert (tags.track_no, tags.genres) == (5, ("Reggae",))


def test_several_values_and_old_separators_name_several_artists(mp3: Path) -> None:
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TPE1(encoding=3, text=["Simon & Garfunkel", "AC/DC"]))
    tags.add(mutagen.id3.TCON(encoding=3, text=["17", "(9)", "Electronic"]))
    tags.save(mp3)
    assert tags_of(mp3).artists == ("Simon & Garfunkel", "AC/DC")
    assert tags_of(mp3).genres == ("Rock", "Metal", "Electronic")
    tags.save(mp3, v2_version=3, v23_sep="; ")
    assert set(tags_of(mp3).artists) == {"Simon & Garfunkel", "AC/DC"}


def test_picards_artists_tag_wins_over_the_display_form(flac: Path) -> None:
    tags = tags_of(write_tags(flac, artist="Ann, Bob & Cy", artists=["Ann", "Bob", "Cy"]))
    assert tags.artists == ("Ann", "Bob", "Cy")


def test_absurd_values_are_cut_and_numbers_out_of_range_are_nothing(flac: Path) -> None:
    write_tags(
        flac,
        title="x" * 100_000,
        album="a\0b\x07c\nd",
        tracknumber="70000",
        discnumber="-1",
        lyrics="y" * 200_000,
        replaygain_track_gain="9999 dB",
        replaygain_album_gain="loud",
        genre=["g;" * 9_000] * 300,
        artist=["z" * 5_000] * 3,
    )
    tags = tags_of(flac)
    assert len(tags.title) == 1_000
    assert tags.album == "abc d"
    assert (tags.track_no, tags.disc_no) == (0, 0)
    assert len(tags.lyrics) == 100_000
    assert tags.replay_gain is None
    assert tags.genres == ("G",)
    assert tags.artists == ("z" * 1_000,)


def test_synced_lyrics_of_an_mp3_become_lrc_lines(mp3: Path) -> None:
    tags = mutagen.id3.ID3()
    words = [("one", 500), ("two", 61_250)]
    tags.add(mutagen.id3.USLT(encoding=3, lang="eng", text="one two"))
    tags.add(mutagen.id3.SYLT(encoding=3, lang="eng", format=2, type=1, text=words))
    tags.save(mp3)
    assert (tags_of(mp3).lyrics, tags_of(mp3).synced) == ("[00:00.50]one\n[01:01.25]two", True)


def test_the_gain_of_opus_is_raised_to_the_level_of_replay_gain(tmp_path: Path) -> None:
    path = write_tags(write_music(tmp_path / "song.opus"), R128_TRACK_GAIN="-512")
    assert tags_of(path).replay_gain == ReplayGain(track_gain_db=3.0)


def test_a_stream_without_its_length_gets_it_from_the_second_reader(tmp_path: Path) -> None:
    path = tmp_path / "piped.wav"
    sound = bytearray(music(".wav", 2.0))
    place = sound.index(b"data") + 4
    sound[place : place + 4] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(sound)
    assert tags_of(path).duration_ms == pytest.approx(2_000, abs=20)


def test_a_file_with_another_formats_name_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "really-flac.m4a"
    path.write_bytes(music(".flac"))
    assert tags_of(path).format.codec == "flac"


def test_the_second_reader_takes_any_file_name(tmp_path: Path) -> None:
    path = str(tmp_path / "%d?#: na\udcefve 🎵.aac")
    Path(path).write_bytes(music(".aac"))
    assert tags_of(path).format.codec == "aac"


def test_a_playlist_in_disguise_opens_nothing_else(tmp_path: Path) -> None:
    write_music(tmp_path / "other.mp3")
    path = tmp_path / "list.aac"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{tmp_path}/other.mp3\n")
    with pytest.raises(UnreadableError, match="no audio"):
        tags_of(path)


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".m4a", ".wav", ".wma", ".ape"])
def test_a_file_without_sound_says_so(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_bytes(b"This is a shopping list. " * 99)
    with pytest.raises(UnreadableError, match="no audio was found in it"):
        tags_of(path)


@pytest.mark.parametrize(
    "start", [b"", b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFF", b"\0\0\0\x08ftyp"]
)
@pytest.mark.parametrize("suffix", [".mp3", ".wav", ".aiff", ".m4a", ".ape"])
def test_a_great_file_of_zeros_is_given_up_soon(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"zeros{suffix}"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(1 << 32)
    with pytest.raises(UnreadableError, match="no audio"):
        tags_of(path)


@given(title=st.text(max_size=60), genre=st.text(max_size=60), number=st.text(max_size=9))
def test_whatever_tags_say_they_are_read(title: str, genre: str, number: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".flac") as file:
        file.write(music(".flac", 0.05))
        file.flush()
        flac = mutagen.flac.FLAC(file.name)
        for name, text in {"title": title, "genre": genre, "tracknumber": number}.items():
            flac[name] = text.encode("utf-8", "replace").decode()
        flac["date"] = flac["tracknumber"]
        flac.save()
        tags = tags_of(Path(file.name))
    assert tags.title.isprintable() or not title.isascii()
    assert 0 <= tags.track_no <= 9_999


@given(
    suffix=st.sampled_from([".mp3", ".m4a", ".wma", ".aiff", ".opus"]),
    changes=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 255)), max_size=40),
)
def test_damaged_files_give_tags_or_a_reason(suffix: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(music(suffix, 0.1))
    for place, byte in changes:
        data[place % len(data)] = byte
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        try:
            assert tags_of(Path(file.name)).title
        except UnreadableError as error:
            assert str(error)  # noqa: PT017
