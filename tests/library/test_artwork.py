"""The right picture leads an album, and its bytes come from the folder or the music file."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.library.artwork import folder_picture, picture_bytes, picture_id
from antiphon.library.files import UnreadableError
from media import FORMATS, PICTURE, music, write_music, write_tags


@pytest.mark.parametrize(
    ("names", "picture"),
    [
        (["back.jpg", "Cover.JPG", "folder.png"], "Cover.JPG"),
        (["folder.png", "front.jpg", "song.mp3"], "folder.png"),
        (["zz.gif", "Front.webp"], "Front.webp"),
        (["AlbumArtSmall.jpg", "AlbumArt_{5A-6B}_Large.jpg"], "AlbumArt_{5A-6B}_Large.jpg"),
        (["back.jpg", "cover (front).jpeg"], "cover (front).jpeg"),
        (["IMG_1.png", "song.mp3"], "IMG_1.png"),
        (["back.jpg", "disc.jpg"], None),
        (["cover.txt", "cover"], None),
        ([], None),
    ],
)
def test_the_picture_of_a_folder_is_the_one_named_so(names: list[str], picture: str | None) -> None:
    assert {folder_picture(order) for order in itertools.permutations(names)} == {picture}


@given(names=st.lists(st.text(max_size=9).map(lambda name: name + ".jpg")))
def test_a_folders_picture_is_one_of_its_files(names: list[str]) -> None:
    assert folder_picture(names) in {None, *names}


@pytest.mark.parametrize("suffix", sorted(set(FORMATS) - {".wma"}))
def test_the_picture_inside_a_file_comes_out_as_it_went_in(tmp_path: Path, suffix: str) -> None:
    path = write_tags(write_music(tmp_path / f"song{suffix}"), picture=PICTURE, title="x")
    assert picture_bytes(str(path), embedded=True) == PICTURE


def test_a_picture_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "cover.png").write_bytes(PICTURE)
    assert picture_bytes(str(tmp_path / "cover.png"), embedded=False) == PICTURE


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".wv"])
def test_a_file_without_a_picture_says_so(tmp_path: Path, suffix: str) -> None:
    path = write_music(tmp_path / f"song{suffix}")
    with pytest.raises(UnreadableError, match="there is no picture in it"):
        picture_bytes(str(path), embedded=True)


def test_pictures_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="it vanished"):
        picture_bytes(str(tmp_path / "gone.jpg"), embedded=False)
    (tmp_path / "broken.mp3").write_bytes(b"ID3" + music(".mp3")[:9])
    with pytest.raises(UnreadableError, match="no audio"):
        picture_bytes(str(tmp_path / "broken.mp3"), embedded=True)
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(UnreadableError, match="larger than 64 MiB"):
        picture_bytes(str(tmp_path / "huge.jpg"), embedded=False)


def test_a_picture_has_another_id_when_it_changes() -> None:
    ids = {
        picture_id(path, mtime_ns, embedded)
        for path, mtime_ns, embedded in itertools.product(("a", "\udcff"), (1, 2), (True, False))
    }
    assert len(ids) == 8
    assert picture_id("a", 1, embedded=True) in ids
    assert all(name.startswith("im-") and len(name) == 27 for name in ids)
