"""The nets are loaded once, run on one thread, and say what is wrong with their file."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.audio.musicnn import plain

from antiphon.audio.errors import ModelError
from antiphon.audio.musicnn import FILE, available, export
from antiphon.audio.musicnn.mel import BANDS, FRAMES
from antiphon.audio.musicnn.net import listen, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    onnx.save(export.graph([plain.random_weights(1), plain.random_weights(2)]), tmp_path / FILE)
    return tmp_path


def test_each_patch_is_heard_for_itself(folder: Path) -> None:
    some = np.random.default_rng(4).uniform(0, 6, (3, FRAMES, BANDS)).astype(np.float32)
    together = listen(some, folder)
    assert [len(output) for output in together] == [3, 3, 3, 3]
    alone = listen(some[1:2], folder)
    for several, one in zip(together, alone, strict=True):
        np.testing.assert_array_equal(several[1:2], one)


def test_they_stay_loaded(folder: Path) -> None:
    silence = np.zeros((1, FRAMES, BANDS), np.float32)
    before = listen(silence, folder)
    (folder / FILE).unlink()
    np.testing.assert_array_equal(listen(silence, folder).tags, before.tags)


def test_where_they_are_not_they_are_not_available(tmp_path: Path) -> None:
    assert not available(tmp_path)
    with pytest.raises(ModelError, match=r"nets are not in .*\."):
        load(tmp_path)


def test_a_file_that_is_cut_off_is_refused(folder: Path) -> None:
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot be used"):
        load(folder)
