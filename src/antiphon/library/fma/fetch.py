"""The archive's packages from its server into a folder: fetched, verified, unpacked.

A package that was unpacked leaves PACKAGE.done with its sum, so that nothing is done twice.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from antiphon.library.fma.download import BACKOFF_S, download
from antiphon.library.fma.errors import ArchiveError
from antiphon.library.fma.unpack import unpack, unpacked_size

# Left free on the disk beside all that comes, so that others can go on writing.
SPARE = 1 << 30
_BLOCK = 1 << 20

# Called with what is done, how much of it, of how much.
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Package:
    """A file of the archive: its SHA-1, and about how much larger it is once unpacked."""

    name: str
    sha1: str
    growth: float = 1.0


METADATA = Package("fma_metadata.zip", "f0df49ffe5f2a6008d7dc83c6915b31835dfe733", 5.0)
SUBSETS = {
    "small": Package("fma_small.zip", "ade154f733639d52e35e32f5593efe5be76c6d70"),
    "medium": Package("fma_medium.zip", "c67b69ea232021025fca9231fc1c7c1a063ab50b"),
    "large": Package("fma_large.zip", "497109f4dd721066b5ce5e5f250ec604dc78939e"),
    "full": Package("fma_full.zip", "0f0ace23fbe9ba30ecb7e95f763e435ea802b8ab"),
}


def fetch(
    base_url: str,
    package: Package,
    folder: Path,
    on_progress: OnProgress,
    *,
    keep_zip: bool = False,
    backoff_s: float = BACKOFF_S,
) -> bool:
    """Have a package unpacked in a folder; return False where it is already.

    Raises:
        ArchiveError: it cannot be had, is not what the archive published, or there is no room.
        OSError: the folder cannot be written.
    """
    done = folder / f"{package.name}.done"
    if done.is_file() and done.read_text().strip() == package.sha1:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / package.name
    if file.is_file():
        _verify(file, package, on_progress)
    else:
        _download(f"{base_url.rstrip('/')}/{package.name}", package, file, on_progress, backoff_s)
    _must_fit(folder, unpacked_size(file, folder))
    unpack(file, folder, on_progress)
    done.write_text(package.sha1)
    if not keep_zip:
        file.unlink()
    return True


def _download(
    url: str, package: Package, file: Path, on_progress: OnProgress, backoff_s: float
) -> None:
    def on_size(left: int, total: int) -> None:
        _must_fit(file.parent, left + int(total * package.growth))

    def on_bytes(here: int, total: int) -> None:
        on_progress(f"Fetching {package.name}", here, total)

    # Where nobody answers, that shows only a minute later.
    on_bytes(0, 0)
    download(url, file, on_size, on_bytes, backoff_s=backoff_s)
    _verify(file, package, on_progress)


def _verify(file: Path, package: Package, on_progress: OnProgress) -> None:
    digest, done, total = hashlib.sha1(usedforsecurity=False), 0, file.stat().st_size
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
            done += len(block)
            on_progress(f"Verifying {package.name}", done, total)
    if digest.hexdigest() != package.sha1:
        raise ArchiveError(
            f"{file} is not the file that the archive published: its SHA-1 is "
            f"{digest.hexdigest()} instead of {package.sha1}. Remove it, and fetch it again."
        )


def _must_fit(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + SPARE > free:
        raise ArchiveError(
            f"{folder} has {free / 1e9:.1f} GB free; {(needed + SPARE) / 1e9:.1f} GB are needed "
            "to fetch and unpack the archive, with one to spare. Make room, or choose another disk."
        )
