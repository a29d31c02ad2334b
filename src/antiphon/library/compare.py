"""What is new, changed or gone: listings of folders against what the catalogue knows of them."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from antiphon.library import artwork
from antiphon.library.files import path_to_text, split_suffix, text_to_path
from antiphon.library.read import EXTENSIONS
from antiphon.library.walk import Listing, is_gone
from antiphon.model import Problem, SourceFile
from antiphon.store import In, Range, Store
from antiphon.store.schema import FILES

# Files compared with the store at a time.
COMPARED = 2000


@dataclass(frozen=True)
class FolderWork:
    """What to do in one folder: music files to read, and what else changed there."""

    folder: str
    music: dict[str, os.stat_result]
    sidecars: dict[str, os.stat_result]
    picture: str = ""
    vanished: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def compare(
    store: Store, listings: Iterable[Listing], saw: Callable[[int], None], root: str = ""
) -> Iterator[FolderWork]:
    """Yield the work in each folder where something changed; at the end, in those that vanished.

    Only a scan of all of `root` can tell what vanished. `saw` is told of each folder how many files
    are in it.
    """
    known_folders = store.group_count(FILES, "folder", below(root)) if root else {}
    for group in groups(listings):
        folders = [path_to_text(listing.folder) for listing in group]
        known: dict[str, dict[str, SourceFile]] = {}
        for file in store.find(FILES, {"folder": In(folders)}):
            known.setdefault(file.folder, {})[file.id] = file
        for listing, folder in zip(group, folders, strict=True):
            known_folders.pop(folder, None)
            saw(len(listing.files))
            work = _work(listing, folder, known.get(folder, {}))
            if work:
                yield work
    for folder in known_folders:
        gone = vanished(store.find(FILES, {"folder": folder}))
        if gone:
            yield FolderWork(folder, {}, {}, vanished=gone)


def groups(listings: Iterable[Listing]) -> Iterator[list[Listing]]:
    """Yield a few folders at a time, with about COMPARED files together."""
    group: list[Listing] = []
    count = 0
    for listing in listings:
        group.append(listing)
        count += 1 + len(listing.files)
        if count >= COMPARED:
            yield group
            group, count = [], 0
    if group:
        yield group


def below(folder: str) -> dict[str, Range]:
    """Return the condition that an id is a path below a folder."""
    prefix = path_to_text(folder).rstrip("/")
    return {"id": Range(gt=f"{prefix}/", lt=f"{prefix}0")}  # "0" follows "/"


def vanished(files: Iterable[SourceFile]) -> tuple[str, ...]:
    """Return which of the known files are gone.

    The file system is asked again: what was not listed may have been added meanwhile, and recorded
    by another scanner, or lie in a folder that could not be listed.
    """
    return tuple(file.id for file in files if not file.missing and is_gone(text_to_path(file.id)))


def _work(listing: Listing, folder: str, known: dict[str, SourceFile]) -> FolderWork | None:
    changed: dict[str, os.stat_result] = {}
    for name, status in listing.files.items():
        file = known.pop(f"{folder}/{name if name.isascii() else path_to_text(name)}", None)
        if (
            file is None
            or file.mtime_ns != status.st_mtime_ns
            or file.size != status.st_size
            or file.missing
        ):
            changed[name] = status
    gone = vanished(known.values())
    if not (changed or gone or listing.problems):
        return None
    sidecars = {name: status for name, status in changed.items() if not is_music(name)}
    music = {name: status for name, status in changed.items() if is_music(name)}
    if sidecars or any(not is_music(id) for id in gone):
        # A new cover or new lyrics concern every file of the folder.
        music = {name: status for name, status in listing.files.items() if is_music(name)}
    picture = artwork.folder_picture(listing.files) or ""
    return FolderWork(listing.folder, music, sidecars, picture, gone, listing.problems)


def is_music(name: str) -> bool:
    """Say whether a file of that name is taken for music."""
    return split_suffix(name)[1] in EXTENSIONS
