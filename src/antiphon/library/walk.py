"""A music folder walked: each folder with its music files and what belongs to them, in order."""

import os
import stat
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

    Links are followed, but each folder is walked once, however many lead to it. What cannot be
    looked at is a problem of its folder's listing.
    """
    walked: dict[tuple[int, int], str] = {}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder)
            same = walked.setdefault((status.st_dev, status.st_ino), folder)
            if same != folder:
                yield Listing(folder, problems=(_problem(folder, _why_skipped(folder, same)),))
                continue
            listing, inside = _look(folder)
        except OSError as error:
            yield Listing(folder, problems=(_problem(folder, _reason(error)),))
            continue
        yield listing
        if deep:
            waiting += reversed(inside)


def count_files(root: str) -> int:
    """Return about how many files `walk` will list, quickly.

    No file is asked for its status, and links to folders are not followed.
    """
    count = 0
    for _, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        count += sum(_is_wanted(name) and not name.startswith(".") for name in names)
    return count


def is_gone(path: str) -> bool:
    """Say whether there is no file at a path for sure: not if it just cannot be looked at."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


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
                elif _is_wanted(entry.name):
                    files[entry.name] = entry.stat()
            except OSError as error:
                problems.append(_problem(entry.path, _reason(error)))
    return Listing(folder, files, tuple(problems)), inside


def _is_wanted(name: str) -> bool:
    return split_suffix(name)[1] in _WANTED


def _why_skipped(folder: str, same: str) -> str:
    if folder.startswith(f"{same.rstrip('/')}/"):
        return "it is a link back to a folder above it"
    return f"it is the same folder as {path_to_text(same)}, which is scanned already"


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "permission to read it was denied"
    if isinstance(error, FileNotFoundError):
        return "it is a link to something that is not there"
    return f"it could not be read: {error.strerror}"


def _problem(path: str, reason: str) -> Problem:
    return Problem(id=path_to_text(path), stage="scan", reason=reason, at=now_ms())
