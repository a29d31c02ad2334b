"""A package of the archive unpacked: only below its folder, and only what is not there yet."""

import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from antiphon.library.fma.errors import ArchiveError

OnProgress = Callable[[str, int, int], None]


def unpacked_size(file: Path, folder: Path) -> int:
    """Return how many bytes unpacking would write.

    Raises:
        ArchiveError: it is not a sound ZIP archive, or names something outside of the folder.
    """
    with _opened(file) as archive:
        return sum(one.file_size for one in _wanted(archive, folder))


def unpack(file: Path, folder: Path, on_progress: OnProgress) -> None:
    """Unpack a ZIP archive; a file that is there whole is kept, so it may be broken off.

    Raises:
        ArchiveError: it is not a sound ZIP archive, or names something outside of the folder.
    """
    with _opened(file) as archive:
        every = sum(not one.is_dir() for one in archive.infolist())
        wanted = list(_wanted(archive, folder))
        for number, one in enumerate(wanted, every - len(wanted) + 1):
            _write(archive, one, folder / one.filename)
            on_progress(f"Unpacking {file.name}", number, every)


def _wanted(archive: zipfile.ZipFile, folder: Path) -> Iterator[zipfile.ZipInfo]:
    """Yield the files that are not there whole yet."""
    for one in archive.infolist():
        path = PurePosixPath(one.filename)
        is_link = stat.S_ISLNK(one.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or "\\" in one.filename or is_link:
            raise ArchiveError(
                f"{archive.filename} names {one.filename!r}, which lies elsewhere: it is not the "
                "archive's. Nothing more of it was unpacked."
            )
        if not one.is_dir() and not _is_whole(folder / one.filename, one.file_size):
            yield one


def _is_whole(path: Path, size: int) -> bool:
    """Say whether a file was written to its end: only then does it have its name."""
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def _write(archive: zipfile.ZipFile, one: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The dot hides it from the scan.
    part = path.with_name(f".{path.name}.part")
    with archive.open(one) as source, part.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    part.replace(path)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ArchiveError(
            f"{file} cannot be unpacked: {error}. Remove it and fetch it again."
        ) from error
