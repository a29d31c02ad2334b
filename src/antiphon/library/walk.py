"""A music folder walked: each folder with its music files and what belongs to them, in order."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from antiphon.library import artwork
from antiphon.library.files import path_to_text, split_suffix
from antiphon.library.read import EXTENSIONS
from antiphon.model import Problem, now_ms

# Files that say something about the music beside them: covers and lyrics.
SIDECARS = artwork.SUFFIXES | {".lrc", ".txt"}
_WANTED = EXTENSIONS | SIDECARS


@dataclass(frozen=True)
class Listing:
    """One folder: the status of its music files and sidecars by name, and what was wrong in it."""

    folder: str
    files: dict[str, os.stat_result] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def walk(root: str, *, deep: bool = True) -> Iterator[Listing]:
    """Yield the folder `root` and, when `deep`, all below it, without names that start with a dot.

    Links are followed, but not back into a folder that is being walked. What cannot be looked at
    is a problem of its folder's listing.
    """
    waiting: list[tuple[str, frozenset[tuple[int, int]]]] = [(root, frozenset())]
    while waiting:
        folder, above = waiting.pop()
        try:
            status = os.stat(folder)
            identity = (status.st_dev, status.st_ino)
            if identity in above:
                reason = "it is a link back to a folder above it"
                yield Listing(folder, problems=(_problem(folder, reason),))
                continue
            listing, inside = _look(folder)
        except OSError as error:
            yield Listing(folder, problems=(_problem(folder, _reason(error)),))
            continue
        yield listing
        if deep:
            waiting += ((path, above | {identity}) for path in reversed(inside))


def _look(folder: str) -> tuple[Listing, list[str]]:
    files: dict[str, os.stat_result] = {}
    inside: list[str] = []
    problems: list[Problem] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir():
                    inside.append(entry.path)
                elif split_suffix(entry.name)[1] in _WANTED:
                    files[entry.name] = entry.stat()
            except OSError as error:
                problems.append(_problem(entry.path, _reason(error)))
    return Listing(folder, files, tuple(problems)), inside


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "permission to read it was denied"
    if isinstance(error, FileNotFoundError):
        return "it is a link to something that is not there"
    return f"it could not be read: {error.strerror}"


def _problem(path: str, reason: str) -> Problem:
    return Problem(id=path_to_text(path), stage="scan", reason=reason, at=now_ms())
