"""Lyrics beside a music file are found and decoded, and known to be synced or not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.library import lyrics

SYNCED = "[00:01.00]one\n[00:02.50]two"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_lyrics_are_read_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "song.lrc").write_bytes("Für\r\nElise".encode(encoding))
    assert lyrics.beside(str(tmp_path / "song.mp3")) == "Für\nElise"


def test_lrc_goes_before_txt_and_empty_ones_do_not_count(tmp_path: Path) -> None:
    path = str(tmp_path / "song.mp3")
    assert lyrics.beside(path) == ""
    (tmp_path / "song.txt").write_text("plain")
    assert lyrics.beside(path) == "plain"
    (tmp_path / "song.lrc").write_text(" \n")
    assert lyrics.beside(path) == "plain"
    (tmp_path / "song.lrc").write_text(SYNCED)
    assert lyrics.beside(path) == SYNCED


def test_a_folder_named_like_lyrics_is_no_lyrics(tmp_path: Path) -> None:
    (tmp_path / "song.lrc").mkdir()
    assert lyrics.beside(str(tmp_path / "song.mp3")) == ""


def test_synced_lyrics_have_times_before_their_lines() -> None:
    assert lyrics.is_synced(SYNCED)
    assert lyrics.is_synced(f"[ar:Ann]\n[00:01]a\n  [120:02:33] b\n{SYNCED}")
    assert not lyrics.is_synced("[Chorus]\nla [00:01.00] la\n[00:02.00]")
    assert not lyrics.is_synced("")


def test_the_best_lyrics_are_synced_else_the_first() -> None:
    assert lyrics.best(["plain", SYNCED]) == SYNCED
    assert lyrics.best(["", "plain", "other"]) == "plain"
    assert lyrics.best([]) == ""


@given(data=st.binary(max_size=300))
def test_any_bytes_beside_a_song_are_some_text(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wild")
    (folder / "song.lrc").write_bytes(data)
    assert "\0" not in lyrics.beside(str(folder / "song.mp3"))
