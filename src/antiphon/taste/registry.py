"""The trained models of an instance, at a URL: every version in a folder, one of them in use.

    URL/20261122T033000-1f2e3d/   a version: `artefacts` says what is in it
    URL/current                   the version in use

A version is there once its manifest is, which is written last; the one in use changes by writing
one small file. Elsewhere than on this machine's disks (any URL that fsspec knows), versions are
copied to a local folder before they are loaded, so that their arrays can be mapped into memory.
"""

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from antiphon.taste import artefacts
from antiphon.taste.artefacts import MANIFEST, Manifest
from antiphon.taste.errors import ArtefactError
from antiphon.taste.recommender import Recommender

CURRENT = "current"
KEPT = 5
# Begins the names of what is being written.
_UNFINISHED = ".new-"
_VERSION = re.compile(r"\d{8}T\d{6}-\w+")


class Registry:
    """The saved models at `url`; those of elsewhere are copied to the folder `copies`.

    Every method raises ArtefactError when the place cannot be reached or says nothing of sense.
    """

    def __init__(self, url: str, copies: Path) -> None:
        self.url = url
        self._copies = copies

    def current(self) -> str:
        """Return the version in use, "" where there is none, or nobody can tell which."""
        with self._reached() as (files, root):
            try:
                said = files.cat_file(f"{root}/{CURRENT}").decode(errors="replace").strip()
            except FileNotFoundError:
                return ""
            return said if _VERSION.fullmatch(said) else ""

    def versions(self) -> list[Manifest]:
        """Return what each whole version is, the newest first; one that is damaged is left out."""
        found = []
        for version in self._names():
            with suppress(ArtefactError):
                found.append(self.manifest(version))
        return found

    def manifest(self, version: str) -> Manifest:
        """Return what a version is.

        Raises:
            ArtefactError: there is no such version, or its manifest is damaged.
        """
        with self._reached() as (files, root):
            path = f"{root}/{_version(version)}/{MANIFEST}"
            if not files.exists(path):
                raise ArtefactError(
                    f"There is no model {version!r}: `antiphon models list` has them."
                )
            return artefacts.read_manifest(files.cat_file(path), version)

    def load(self, version: str) -> Recommender:
        """Return the model of a version, its arrays mapped into memory, not to be written to.

        Raises:
            ArtefactError: there is no such version, or it is damaged.
        """
        self.manifest(version)
        folder, is_copy = self._local(version)
        try:
            return artefacts.load(folder)
        except ArtefactError:
            if is_copy:
                # It may have been damaged on the way: the next one is fetched anew.
                shutil.rmtree(folder, ignore_errors=True)
            raise

    def publish(self, model: Recommender, manifest: Manifest) -> Manifest:
        """Save a model as the version that its manifest names, without using it yet.

        Raises:
            ArtefactError: it cannot be saved.
        """
        with self._reached() as (files, root):
            place = Path(root) if _is_local(files) else self._copies
            with _beside(place / _version(manifest.version)) as beside:
                saved = self._saved(model, beside, manifest)
                if not _is_local(files):
                    _send(files, beside, f"{root}/{saved.version}")
            return saved

    def _saved(self, model: Recommender, folder: Path, manifest: Manifest) -> Manifest:
        try:
            return artefacts.save(model, folder, manifest)
        except OSError as error:
            raise ArtefactError(f"The models cannot be saved at {self.url}: {error}.") from error

    def use(self, version: str) -> Manifest:
        """Have a version used from now on, after a look whether it is whole.

        Raises:
            ArtefactError: it is damaged, or there is none; the one in use stays so.
        """
        manifest = self.manifest(version)
        self.load(version)
        with self._reached() as (files, root):
            beside = f"{root}/.{CURRENT}-{uuid.uuid4().hex}"
            files.pipe_file(beside, version.encode())
            files.mv(beside, f"{root}/{CURRENT}")
        return manifest

    def roll_back(self) -> Manifest:
        """Use the newest version older than the one in use.

        Raises:
            ArtefactError: there is none.
        """
        current = self.current()
        for version in self._names():
            if version < current:
                with suppress(ArtefactError):
                    return self.use(version)
        raise ArtefactError("There is no older model to go back to.")

    def prune(self, kept: int = KEPT) -> int:
        """Remove all but the newest versions and the one in use; return how many were removed."""
        current, names = self.current(), self._names()
        old = [name for name in names[kept:] if name != current]
        with self._reached() as (files, root):
            for name in old:
                # From here on nobody takes it for whole.
                files.rm_file(f"{root}/{name}/{MANIFEST}")
                files.rm(f"{root}/{name}", recursive=True)
            place = Path(root) if _is_local(files) else self._copies
        for folder in place.glob("*"):
            is_gone = _VERSION.fullmatch(folder.name) and folder.name not in {*names} - {*old}
            if is_gone or folder.name.startswith(_UNFINISHED):
                shutil.rmtree(folder, ignore_errors=True)
        return len(old)

    def _names(self) -> list[str]:
        """Return the names of the versions, the newest first, whole or not."""
        with self._reached() as (files, root):
            files.invalidate_cache()
            if not files.exists(root):
                return []
            names = (path.rstrip("/").rpartition("/")[2] for path in files.ls(root, detail=False))
            return sorted(filter(_VERSION.fullmatch, names), reverse=True)

    def _local(self, version: str) -> tuple[Path, bool]:
        """Return the version's folder on this machine, and whether it is a copy."""
        with self._reached() as (files, root):
            if _is_local(files):
                return Path(root) / version, False
            folder = self._copies / version
            if not folder.is_dir():
                with _beside(folder) as beside:
                    beside.mkdir(parents=True)
                    for path in files.ls(f"{root}/{version}", detail=False):
                        files.get_file(path, str(beside / path.rpartition("/")[2]))
            return folder, True

    @contextmanager
    def _reached(self) -> Iterator[tuple[Any, str]]:
        """Give the file system and the path in it; what fails there is said in one sentence."""
        import fsspec  # noqa: PLC0415 - it takes as long as all the rest of a small command

        try:
            files, root = fsspec.core.url_to_fs(self.url)
            yield files, root.rstrip("/")
        except ArtefactError:
            raise
        except Exception as error:  # each file system has errors of its own
            raise ArtefactError(f"The models at {self.url} cannot be used: {error}.") from error


def in_use(registry: Registry) -> Manifest | None:
    """Return what is in use; None where nothing is, or where its manifest is damaged.

    Raises:
        ArtefactError: the place cannot be reached.
    """
    version = registry.current()
    with suppress(ArtefactError):
        return registry.manifest(version) if version else None
    return None


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes `folder` if all goes well."""
    beside = folder.parent / f"{_UNFINISHED}{uuid.uuid4().hex}"
    try:
        yield beside
        # Another process may have fetched the same meanwhile.
        if not folder.is_dir():
            beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _send(files: Any, folder: Path, target: str) -> None:
    """Copy a saved model to where it belongs, the manifest last."""
    files.makedirs(target, exist_ok=True)
    for path in sorted(folder.iterdir(), key=lambda path: path.name == MANIFEST):
        files.put_file(str(path), f"{target}/{path.name}")


def _is_local(files: Any) -> bool:
    return "file" in (files.protocol if isinstance(files.protocol, tuple) else (files.protocol,))


def _version(said: str) -> str:
    if not _VERSION.fullmatch(said):
        raise ArtefactError(
            f"{said[:40]!r} is not the name of a model: `antiphon models list` has them."
        )
    return said
