"""The nets come out of their authors' wheel, whole or not at all, and a failure has its reason."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.audio.musicnn import plain

from antiphon.audio.errors import ModelError
from antiphon.audio.musicnn import FILE, NOTICE, available, export
from antiphon.audio.musicnn.fetch import fetch
from antiphon.audio.musicnn.net import load


@pytest.mark.slow
def test_the_wheels_nets_run_and_their_licence_goes_along(models: Path) -> None:
    assert available(models)
    heard = load(models).run(None, {"mel": np.zeros((187, 96), np.float32)})
    assert [output.shape for output in heard] == [(2, 200), (2, 50), (2, 753), (2, 753)]
    assert "Universitat Pompeu Fabra" in (models / NOTICE).read_text()
    assert sorted(path.name for path in models.iterdir()) == sorted([FILE, NOTICE])


@pytest.mark.slow
def test_what_is_there_is_not_fetched_again(models: Path, no_registry: None) -> None:
    assert fetch(models) is False


@pytest.mark.slow
def test_what_is_broken_is_fetched_again(models: Path, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes((models / FILE).read_bytes()[:100_000])
    assert fetch(tmp_path) is True
    assert (tmp_path / FILE).read_bytes() == (models / FILE).read_bytes()


def test_nets_that_work_are_left_alone(tmp_path: Path, no_registry: None) -> None:
    onnx.save(export.graph([plain.random_weights(1)]), tmp_path / FILE)
    assert fetch(tmp_path) is False


def test_without_a_network_pip_gives_the_reason(tmp_path: Path, no_registry: None) -> None:
    with pytest.raises(ModelError, match=r"pip cannot download musicnn==0\.1\.0 \(.+\)\. .+\."):
        fetch(tmp_path / "models")
    assert not available(tmp_path / "models")


def test_a_wheel_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.whl").write_bytes(b"PK")
    with pytest.raises(ModelError, match=r"other\.whl is not the wheel of .* SHA-256 is \w{64}"):
        fetch(tmp_path / "models", tmp_path / "other.whl")


def test_a_wheel_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be fetched into .* No such file .*none\.whl"):
        fetch(tmp_path / "models", tmp_path / "none.whl")


@pytest.fixture
def no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers where pip looks for packages."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_RETRIES", "0")
