"""The doctor: what is wrong with an instance, and which files could not be used and why."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from antiphon.model import Problem
from antiphon.settings import Settings
from antiphon.store import Store, position
from antiphon.store.schema import FILES, PROBLEMS, TRACKS

_PAGE = 500


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is well, and what to know or do about it."""

    well: bool
    about: str
    says: str


def examine(settings: Settings, store: Store) -> list[Finding]:
    """Return how the instance itself is: its folders and its store."""
    return [
        _data_folder(settings.data),
        *(_music_folder(folder) for folder in settings.music),
        Finding(
            True,
            "catalogue",
            f"{store.count(TRACKS, {'missing': False})} tracks in {store.count(FILES)} files, "
            f"{store.count(TRACKS, {'missing': True})} missing",
        ),
    ]


def problems(store: Store) -> Iterator[Problem]:
    """Yield every file and folder that could not be used, by path."""
    after = None
    while page := store.find(PROBLEMS, limit=_PAGE, after=after):
        yield from page
        after = position(page[-1], ())


def _data_folder(folder: Path) -> Finding:
    if os.access(folder, os.W_OK):
        return Finding(True, str(folder), "is where Antiphon writes")
    return Finding(False, str(folder), "cannot be written: set ANTIPHON_DATA to a folder that can")


def _music_folder(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding(False, str(folder), "is not there: is its disk mounted?")
    if not os.access(folder, os.R_OK | os.X_OK):
        return Finding(False, str(folder), "cannot be read: let Antiphon's user read it")
    return Finding(True, str(folder), "is a music folder")
