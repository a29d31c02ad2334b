"""A track's id is made from its sound: it survives retagging and differs for other sound."""

import struct
import tempfile
from pathlib import Path

import mutagen.apev2
import mutagen.id3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.library.containers import find_payload
from antiphon.library.files import MusicFile, UnreadableError, open_music
from antiphon.library.payload import identify
from media import FORMATS, PICTURE, music, remove_tags, write_music, write_tags

LONG = {"title": "long " * 400, "artist": ["One", "Two"], "musicbrainz_albumid": "x" * 5_000}
MAGICS = (
    b"",
    *(b"ID3\x04\x00\x00\x00\x00\x00\x0a", b"ID3\x04\x00\x10\xff\xff\xff\xff", b"\xff\xfb\x90\x44"),
    *(b"fLaC\x00\x00\x00\x22", b"OggS\x00\x02", b"\x00\x00\x00\x20ftypM4A ", b"RIFF\0\0\0\0WAVE"),
    *(b"RF64\xff\xff\xff\xffWAVEds64", b"FORM\0\0\0\0AIFF", b"FORM\0\0\0\0AIFCSSND", b"wvpk"),
    bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
)
WILD = st.builds(
    lambda magic, body, tail: magic + body + tail,
    st.sampled_from(MAGICS),
    st.binary(max_size=600),
    st.sampled_from(
        (b"", b"TAG" + bytes(125), b"000009LYRICS200", b"LYRICSEND", b"3DI" + bytes(7))
    ),
)


def id_of(path: Path) -> str:
    with open_music(str(path)) as file:
        return identify(file)[0]


def payload_of(data: bytes) -> bytes:
    """Return the sound in these bytes, as the walks through the containers find it."""
    extents = find_payload(lambda offset, count: data[offset : offset + count], len(data)).extents
    return b"".join(data[start:end] for start, end in extents)


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def chunk(kind: bytes, body: bytes, order: str = "<I") -> bytes:
    return kind + struct.pack(order, len(body)) + body + b"\0" * (len(body) % 2)


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    return write_music(tmp_path / "song.mp3")


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_id_survives_heavy_retagging_and_moving(tmp_path: Path, suffix: str) -> None:
    path = write_music(tmp_path / f"song{suffix}", seconds=2.0)
    ids = [id_of(path)]
    ids.append(id_of(write_tags(path, title="Short", artist="One")))
    ids.append(id_of(write_tags(path, picture=PICTURE, **LONG)))
    ids.append(id_of(path.rename(tmp_path / f"moved{suffix}")))
    ids.append(id_of(remove_tags(tmp_path / f"moved{suffix}")))
    assert len(set(ids)) == 1
    assert ids[0].startswith("tr-")
    assert len(ids[0]) == 3 + 24


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("place", [0.02, 0.5, 0.999])
def test_one_changed_byte_of_sound_makes_another_track(
    tmp_path: Path, suffix: str, place: float
) -> None:
    path = write_music(tmp_path / f"song{suffix}")
    before, (start, end) = id_of(path), extent_of(path)
    data = bytearray(path.read_bytes())
    data[start + int((end - start) * place)] ^= 1
    path.write_bytes(data)
    assert id_of(path) != before


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".m4a", ".wav"])
@pytest.mark.parametrize("place", [100, -1, None])
def test_a_long_file_is_told_by_its_head_middle_and_tail(
    tmp_path: Path, suffix: str, place: int | None
) -> None:
    path = write_music(tmp_path / f"song{suffix}", seconds=20.0)
    before, (start, end) = id_of(path), extent_of(path)
    assert end - start > 3 * 65_536
    data = bytearray(path.read_bytes())
    data[(start + end) // 2 if place is None else start + place if place > 0 else end + place] ^= 1
    path.write_bytes(data)
    assert id_of(path) != before


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".opus", ".m4a"])
def test_a_long_file_keeps_its_id_when_retagged(tmp_path: Path, suffix: str) -> None:
    path = write_music(tmp_path / f"song{suffix}", seconds=20.0)
    before = id_of(path)
    assert id_of(write_tags(path, picture=PICTURE, **LONG)) == before


def test_tracks_that_share_a_silent_intro_differ() -> None:
    intro = bytes(200_000)
    first, second = (chunk(b"data", intro + end * 200_000) for end in (b"\1", b"\2"))
    ids = [identified(b"RIFF\0\0\0\0WAVE" + data, ".wav") for data in (first, second)]
    assert ids[0] != ids[1]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_truncated_file_is_another_track_or_says_so(tmp_path: Path, suffix: str) -> None:
    path = write_music(tmp_path / f"song{suffix}")
    before = id_of(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    try:
        assert id_of(path) != before
    except UnreadableError as error:
        assert "cut short" in str(error) or "no audio" in str(error)  # noqa: PT017


def test_a_wav_file_that_ends_early_says_how_many_bytes_are_missing() -> None:
    data = b"RIFF\0\0\0\0WAVE" + chunk(b"data", bytes(1_000))[:-400]
    with pytest.raises(UnreadableError, match="cut short: it should have 1,020 bytes, it has 620"):
        payload_of(data)


def test_several_tags_around_an_mp3_are_no_sound(mp3: Path) -> None:
    before, (start, end) = id_of(mp3), extent_of(mp3)
    sound = bytes(5_000) + mp3.read_bytes()[start:end]
    footed = b"ID3\x04\x00\x10\x00\x00\x00\x20" + bytes(32) + b"3DI\x04\x00\x10\x00\x00\x00\x20"
    plain = b"ID3\x03\x00\x00\x00\x00\x02\x01" + bytes(257)
    unaware = b"ID3\x03\x00\x00\x00\x00\x00\x90" + bytes(0x90)
    lyrics3 = b"LYRICSBEGININD0000200" + b"000021LYRICS200"
    old_lyrics = b"LYRICSBEGIN" + b"la la" + b"LYRICSEND"
    extended = b"TAG+" + bytes(223) + b"TAG" + bytes(125)
    mp3.write_bytes(plain + footed + unaware + sound + old_lyrics + lyrics3 + footed + extended)
    assert id_of(mp3) == before


def test_an_ape_tag_behind_an_mp3_is_no_sound(mp3: Path) -> None:
    before = id_of(mp3)
    ape = mutagen.apev2.APEv2()
    ape["Title"], ape["Comment"] = "x", "y" * 5_000
    ape.save(mp3)
    assert id_of(mp3) == before
    mutagen.id3.ID3().save(mp3, v1=2)
    assert id_of(mp3) == before


def test_mp4_sound_is_found_wherever_its_boxes_are() -> None:
    head, sound = box(b"ftyp", b"M4A "), b"sound" * 9
    wide = struct.pack(">I4sQ", 1, b"mdat", 16 + len(sound)) + sound
    assert payload_of(head + box(b"moov", bytes(99)) + box(b"mdat", sound)) == sound
    assert payload_of(head + box(b"mdat", sound) + box(b"moov", bytes(9_999))) == sound
    assert payload_of(head + box(b"free", bytes(33)) + wide + box(b"moov", b"")) == sound
    assert payload_of(head + struct.pack(">I4s", 0, b"mdat") + sound) == sound
    assert payload_of(head + box(b"mdat", sound) + box(b"moof", b"") + box(b"mdat", sound)) == (
        sound + sound
    )


def test_a_wav_file_of_more_than_4_gib_has_its_size_in_ds64() -> None:
    size64 = chunk(b"ds64", struct.pack("<QQQI", 0, 6, 3, 0))
    data = b"data\xff\xff\xff\xff" + b"sounds" + chunk(b"LIST", b"tag!")
    assert payload_of(b"RF64\xff\xff\xff\xffWAVE" + size64 + data) == b"sounds"


def test_a_wav_file_from_a_pipe_lasts_to_its_end() -> None:
    assert payload_of(b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xffsounds") == b"sounds"


def test_an_aiff_file_keeps_its_sound_in_one_chunk() -> None:
    chunks = chunk(b"NAME", b"odd", ">I") + chunk(b"SSND", b"sounds", ">I")
    assert payload_of(b"FORM\0\0\0\0AIFF" + chunks + chunk(b"ID3 ", b"tag", ">I")) == b"sounds"


@pytest.mark.parametrize("magic", MAGICS)
def test_an_endless_file_is_walked_only_so_far(magic: bytes) -> None:
    reads = 0

    def read(offset: int, count: int) -> bytes:
        nonlocal reads
        reads += 1
        return (magic + bytes(count))[offset:][:count] if offset < len(magic) else bytes(count)

    try:
        assert find_payload(read, 1 << 40).size > 0
    except UnreadableError as error:
        assert "no audio" in str(error)  # noqa: PT017
    assert reads < 10_100


def test_an_empty_file_says_that_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp3"
    path.touch()
    with pytest.raises(UnreadableError, match=r"^the file is empty$"):
        id_of(path)


def test_nothing_but_tags_is_no_audio(tmp_path: Path) -> None:
    path = tmp_path / "tags.mp3"
    mutagen.id3.ID3().save(path)
    mutagen.id3.ID3(path).save(path, padding=lambda _: 500)
    with pytest.raises(UnreadableError, match="no audio"):
        id_of(path)


@given(data=WILD)
def test_wild_bytes_give_an_id_or_a_reason(data: bytes) -> None:
    try:
        assert identified(data, ".mp3").startswith("tr-")
    except UnreadableError as error:
        assert str(error)  # noqa: PT017


@given(cut=st.integers(0, 400), at=st.integers(0, 20_000), byte=st.integers(0, 255))
@pytest.mark.parametrize("suffix", [".m4a", ".ogg", ".wma"])
def test_damaged_files_give_an_id_or_a_reason(suffix: str, cut: int, at: int, byte: int) -> None:
    data = bytearray(music(suffix))
    data[at % len(data)] = byte
    try:
        assert identified(bytes(data[: len(data) - cut]), suffix).startswith("tr-")
    except UnreadableError as error:
        assert str(error)  # noqa: PT017


def identified(data: bytes, suffix: str) -> str:
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data)
        file.flush()
        return id_of(Path(file.name))


def extent_of(path: Path) -> tuple[int, int]:
    file: MusicFile
    with open_music(str(path)) as file:
        extents = identify(file)[1].extents
    return extents[0][0], extents[-1][1]
