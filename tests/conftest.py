"""Fixtures named after what they are: a store on disk, an event log over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'antiphon.db'}")
    yield opened
    opened.close()
