"""A trained model as a folder of plain files: its arrays, and a manifest that says what they are.

Nothing in it is code: loading makes dataclasses of `antiphon.taste` out of JSON and numbers, and
nothing else. What is not whole by its checksums is refused.
"""

import hashlib
import importlib
import mmap
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.taste.errors import ArtefactError
from antiphon.taste.recommender import Recommender

MANIFEST = "manifest.json"
FORMAT = 1
# What the class of a model may be called.
_CLASS = re.compile(r"antiphon\.taste\.(\w+):(\w+)")
_PARTS = ("data", "indices", "indptr")
# A longer text, such as a forest of trees, is a file of its own.
_LONG = 1000
# What may not stand in the name of a file, and how long one is at most.
_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_NAME = 150

Tree = dict[str, Any]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A measured figure, with the bounds within which it lies nineteen times out of twenty."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Say it with its bounds."""
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


class File(msgspec.Struct, frozen=True, kw_only=True):
    """How a file of the folder was when it was written: bytes, and SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a trained model is, and where it comes from.

    `recipe` is what it was trained by, with all that was learned of it; `tuned` is the recipe that
    an operator gave, if any. `history` tells the interactions that it was trained on from others:
    so many `listens` of so many `listeners` to a catalogue of so many `tracks`. `figures` were
    measured on so many listeners (`judges`), by a model that did not know what they did later.
    """

    version: str
    made_at: int
    antiphon: str
    recipe: Any
    tuned: Any = None
    history: str = ""
    listens: int = 0
    listeners: int = 0
    tracks: int = 0
    judges: int = 0
    figures: dict[str, Figure] = {}
    seconds: float = 0.0
    format: int = FORMAT
    model: Tree = {}
    files: dict[str, File] = {}


def save(model: Recommender, folder: Path, manifest: Manifest) -> Manifest:
    """Write a model into a new folder, the manifest last; return the manifest with all it says.

    Raises:
        ArtefactError: the model holds something that is neither numbers nor words.
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True)
    tree = _Writer(folder).tree(model, "model")
    files = {path.name: _described(path) for path in sorted(folder.iterdir())}
    whole = msgspec.structs.replace(manifest, model=tree, files=files)
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(whole)))
    return whole


def read_manifest(text: bytes, where: object) -> Manifest:
    """Return the manifest in a file's text.

    Raises:
        ArtefactError: it is damaged, or of another version of Antiphon.
    """
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ArtefactError(f"The model at {where} is damaged: its manifest: {error}.") from error
    if manifest.format != FORMAT:
        raise ArtefactError(
            f"The model at {where} was saved by Antiphon {manifest.antiphon} in another form:"
            " `antiphon train` makes a new one."
        )
    return manifest


def load(folder: Path) -> Recommender:
    """Return the model in a folder, its arrays mapped into memory and not to be written to.

    Raises:
        ArtefactError: it is not whole, or this version of Antiphon does not know such models.
    """
    try:
        manifest = read_manifest((folder / MANIFEST).read_bytes(), folder)
        verify(folder, manifest)
        return cast("Recommender", _Reader(folder).value(manifest.model))
    except OSError as error:
        raise ArtefactError(f"The model at {folder} cannot be read: {error}.") from error
    except (LookupError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise ArtefactError(
            f"The model at {folder} was saved by another version of Antiphon ({error}):"
            " `antiphon train` makes a new one."
        ) from error


def verify(folder: Path, manifest: Manifest) -> None:
    """See that every file is as it was written.

    Raises:
        ArtefactError: one is not.
        OSError: one cannot be read.
    """
    for name, expected in manifest.files.items():
        if not (folder / name).is_file():
            raise ArtefactError(f"The model at {folder} is damaged: {name} is missing.")
        if _described(folder / name) != expected:
            raise ArtefactError(f"The model at {folder} is damaged: {name} is not as it was saved.")


def _described(path: Path) -> File:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return File(size=file.tell(), sha256=digest.hexdigest())


class _Writer:
    """Turns values into JSON; arrays, and words by the many, become files, each written once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # What was written -> its file. Arrays are known by identity, and so kept from going away.
        self._arrays: dict[int, tuple[NDArray[Any], str]] = {}
        self._words: dict[tuple[str, ...], str] = {}

    def tree(self, value: Any, name: str) -> Any:
        """Return a value as JSON: a plain one as it is, any other as `{kind: what it is}`.

        `name` is the beginning of the names of its files.
        """
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, np.ndarray | csr_array | str | tuple):
            return self._sequence(value, name)
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, msgspec.Struct):
            return {"struct": [_name(value), msgspec.to_builtins(value)]}
        if isinstance(value, Mapping):
            return {"mapping": self._trees(value, name)}
        if not is_dataclass(value):
            raise ArtefactError(f"A model cannot be saved that holds a {type(value).__name__}.")
        held = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
        return {"class": [_name(value), self._trees(held, name)]}

    def _trees(self, parts: Mapping[str, Any], name: str) -> Tree:
        return {key: self.tree(part, f"{name}.{key}") for key, part in parts.items()}

    def _new(self, name: str, suffix: str) -> Path:
        """Return a file that is not there yet, named after what will be in it."""
        plain = _NO_FILE_NAME.sub("-", name)[-_LONGEST_NAME:]
        while (self._folder / f"{plain}{suffix}").exists():
            plain += "-"
        return self._folder / f"{plain}{suffix}"

    def _sequence(self, value: Any, name: str) -> Any:
        if isinstance(value, np.ndarray):
            return {"array": self._array(value, name)}
        if isinstance(value, csr_array):
            parts = [self._array(getattr(value, part), f"{name}.{part}") for part in _PARTS]
            return {"csr": [parts, list(value.shape)]}
        if isinstance(value, str):
            return {"text": self._text(value, name)} if len(value) > _LONG else value
        if value and all(isinstance(part, str) for part in value):
            return {"words": self._tuple(value, name)}
        return {"tuple": [self.tree(part, f"{name}.{n}") for n, part in enumerate(value)]}

    def _array(self, array: NDArray[Any], name: str) -> str:
        if id(array) not in self._arrays:
            path = self._new(name, ".npy")
            np.save(path, array, allow_pickle=False)
            self._arrays[id(array)] = (array, path.name)
        return self._arrays[id(array)][1]

    def _tuple(self, words: tuple[str, ...], name: str) -> str:
        if words not in self._words:
            path = self._new(name, ".json")
            path.write_bytes(msgspec.json.encode(words))
            self._words[words] = path.name
        return self._words[words]

    def _text(self, text: str, name: str) -> str:
        path = self._new(name, ".txt")
        path.write_bytes(text.encode())
        return path.name


class _Reader:
    """Turns JSON and files back into values; a file that several share is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Any] = {}
        self._kinds: dict[str, Callable[[Any], Any]] = {
            "array": self._file,
            "words": self._file,
            "text": self._file,
            "csr": lambda of: csr_array(tuple(map(self._file, of[0])), shape=tuple(of[1])),
            "tuple": lambda parts: tuple(map(self.value, parts)),
            "mapping": self._values,
            "struct": lambda of: msgspec.convert(of[1], _class(of[0])),
            "class": lambda of: _class(of[0])(**self._values(of[1])),
        }

    def value(self, tree: Any) -> Any:
        """Return what the JSON says."""
        if not isinstance(tree, dict):
            return tree
        ((kind, said),) = tree.items()
        return self._kinds[kind](said)

    def _values(self, parts: Tree) -> Tree:
        return {key: self.value(part) for key, part in parts.items()}

    def _file(self, name: str) -> Any:
        if name not in self._files:
            self._files[name] = _read(self._folder / Path(name).name)
        return self._files[name]


def _read(path: Path) -> Any:
    if path.suffix == ".txt":
        return path.read_bytes().decode()
    if path.suffix == ".json":
        return msgspec.json.decode(path.read_bytes(), type=tuple[str, ...])
    # A plain array over the mapped file: what is made from it is no longer mapped.
    array = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    # Each page is touched now, so that no listener's answer has to wait for it.
    array.reshape(-1).view(np.uint8)[:: mmap.PAGESIZE].any()
    return array


def _name(value: Any) -> str:
    name = f"{type(value).__module__}:{type(value).__qualname__}"
    if not _CLASS.fullmatch(name):
        raise ArtefactError(f"A model cannot be saved that holds a {name}: it is not of taste.")
    return name


def _class(name: str) -> Any:
    """Return a class of values that `antiphon.taste` defines; no other can be named."""
    if not (said := _CLASS.fullmatch(name)):
        raise ArtefactError(f"A saved model names {name!r}, which is none of Antiphon's.")
    module = f"antiphon.taste.{said[1]}"
    found = getattr(importlib.import_module(module), said[2])
    is_value = isinstance(found, type) and (
        is_dataclass(found) or issubclass(found, msgspec.Struct)
    )
    if not is_value or found.__module__ != module:
        raise ArtefactError(f"A saved model names {name!r}, which is not a class of values.")
    return found
