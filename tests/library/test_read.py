"""One file is read into one value: a track with its lyrics, or the reason why not."""

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.library import read
from antiphon.library.files import path_to_text, text_to_path
from antiphon.library.names import artist_id
from antiphon.library.read import (
    EXTENSIONS,
    Reading,
    read_file,
)
from media import FORMATS, PICTURE, music, write_music, write_tags

SYNCED = "[00:01.00]one\n[00:02.50]two"


@pytest.fixture
def song(tmp_path: Path) -> Path:
    fields = {"title": "The Song", "artist": "Ann feat. Bob", "albumartist": "Ann"}
    return write_tags(write_music(tmp_path / "song.mp3"), picture=PICTURE, **fields)


def reading_of(path: Path | str) -> Reading:
    return read_file(str(path), Path(path).stat())


def test_a_file_becomes_a_track_with_its_credits(song: Path) -> None:
    reading = reading_of(song)
    track = reading.track
    assert track is not None
    assert (reading.problem, reading.path, reading.has_picture) == ("", str(song), True)
    assert (reading.size, reading.mtime_ns) == (song.stat().st_size, song.stat().st_mtime_ns)
    assert (track.title, track.sort) == ("The Song", "song, the")
    assert [credit.name for credit in track.artists] == ["Ann", "Bob"]
    assert track.artist_ids == (artist_id("Ann"), artist_id("Bob"))
    assert [credit.name for credit in track.tagged_album_artists] == ["Ann"]
    assert (track.album_id, track.album_artists, track.art_id) == ("", (), "")


def test_a_reading_travels_between_processes(song: Path) -> None:
    song.with_suffix(".lrc").write_text(SYNCED)
    reading = reading_of(song)
    packed = msgspec.msgpack.encode(reading)
    assert msgspec.msgpack.decode(packed, type=Reading) == reading
    assert pickle.loads(pickle.dumps(reading)) == reading


def test_synced_lyrics_beside_the_file_lead_else_those_inside(song: Path) -> None:
    write_tags(song, lyrics="from inside")
    inside = reading_of(song)
    assert inside.lyrics is not None
    assert inside.track is not None
    assert (inside.lyrics.text, inside.lyrics.synced) == ("from inside", False)
    assert inside.lyrics.id == inside.track.id
    assert inside.track.has_lyrics
    song.with_suffix(".lrc").write_text(SYNCED)
    beside = reading_of(song).lyrics
    assert beside is not None
    assert (beside.text, beside.synced) == (SYNCED, True)


def test_two_copies_are_one_track(song: Path) -> None:
    copy = song.with_name("copy.mp3")
    copy.write_bytes(music(".mp3"))
    first, second = reading_of(song).track, reading_of(copy).track
    assert first is not None
    assert second is not None
    assert first.id == second.id


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"\0" * 5_000, "no audio was found in it"),
        (b"not music at all", "no audio was found in it"),
        (music(".m4a")[:9_000], "the file is cut short"),
        (music(".wav")[:9_000], "the file is cut short"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(content)
    reading = reading_of(path)
    assert problem in reading.problem
    assert reading.track is None
    assert reading.mtime_ns == path.stat().st_mtime_ns


def test_a_file_that_vanished_says_so(song: Path) -> None:
    status = song.stat()
    song.unlink()
    assert "vanished" in read_file(str(song), status).problem


def test_a_pipe_or_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "folder.mp3").mkdir()
    assert reading_of(tmp_path / "pipe.mp3").problem == "it is not a regular file"
    assert "not a" in reading_of(tmp_path / "folder.mp3").problem


def test_a_link_that_leads_to_itself_says_so(tmp_path: Path) -> None:
    (tmp_path / "loop.mp3").symlink_to(tmp_path / "loop.mp3")
    status = (tmp_path / "loop.mp3").lstat()
    assert "leads back to itself" in read_file(str(tmp_path / "loop.mp3"), status).problem


@pytest.mark.parametrize("how", ["replaced", "written to"])
def test_a_file_that_changes_while_it_is_read_is_read_again(
    song: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    identify = read.identify

    def meanwhile(file: read.MusicFile) -> object:
        found = identify(file)
        other = song.with_name("other.mp3")
        if how == "replaced":
            other.write_bytes(song.read_bytes())
            other.replace(song)
        else:
            with song.open("ab") as more:
                more.write(b"more")
        return found

    monkeypatch.setattr(read, "identify", meanwhile)
    reading = reading_of(song)
    assert reading.problem == "it was changed while it was read; it will be read again"
    assert (reading.mtime_ns, reading.track) == (0, None)


def test_names_of_300_bytes_and_emoji_and_no_utf8_are_read(tmp_path: Path) -> None:
    for stem in ("🎵" * 60, "x" * 250, "na\udcefve \udcff", "new\nline"):
        path = f"{tmp_path}/{stem}.mp3"
        Path(path).write_bytes(music(".mp3"))
        reading = reading_of(path)
        assert reading.track is not None
        assert text_to_path(reading.path) == path
        assert msgspec.json.encode(reading)


def test_every_format_that_tests_can_write_is_looked_for() -> None:
    assert {f".{name.rpartition('.')[2]}" for name in FORMATS} <= EXTENSIONS


@given(raw=st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_any_path_becomes_text_and_comes_back(raw: bytes) -> None:
    path = os.fsdecode(raw)
    text = path_to_text(path)
    assert msgspec.json.decode(msgspec.json.encode(text)) == text
    assert os.fsencode(text_to_path(text)) == raw


def test_a_path_with_characters_that_stand_for_bytes_comes_back() -> None:
    for path in ("\uf7ff.mp3", "\udcff\uf7ff", "a\uf780b\udc80"):
        assert text_to_path(path_to_text(path)) == path
        assert path_to_text("\uf7ff") != path_to_text("\udcff")


@given(
    data=st.binary(max_size=500),
    suffix=st.sampled_from(sorted(EXTENSIONS)),
    base=st.sampled_from(["", *FORMATS]),
)
def test_no_bytes_under_any_name_make_the_reader_fail(data: bytes, suffix: str, base: str) -> None:
    sound = music(base, 0.1) if base else b""
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(sound[: len(data) * 40] + data + sound[len(data) * 41 :])
        file.flush()
        reading = read_file(file.name, Path(file.name).stat())
    assert (reading.track is None) == bool(reading.problem)


def test_the_reader_stays_small_in_a_worker_process() -> None:
    script = "import sys, antiphon.library.read; print({'av', 'numpy', 'PIL'} & set(sys.modules))"
    heavy = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert heavy.stdout.decode().strip() == "set()"
