"""A split as files, so that others can reproduce a figure, and other processes can work on it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from antiphon.evaluation.datasets import table
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.questions import Questions, questions
from antiphon.evaluation.splits import Split
from antiphon.taste.interactions import History, Interactions
from antiphon.taste.recommender import FeatureVectors

_SPLIT, _ITEMS, _TRAIN, _ASKED = "split.json", "items.txt", "train.tsv", "questions.jsonl"
_FEATURES = ".features.npz"


class _About(msgspec.Struct, frozen=True):
    """What is in `split.json`; `among` are the items that are ranked, None: all of them."""

    protocol: str
    repeats: bool
    about: str
    among: tuple[str, ...] | None = None


class _Question(msgspec.Struct, frozen=True):
    """A line of `questions.jsonl`: items are lines of `items.txt`, from 0."""

    unit: int
    items: list[int]
    wanted: list[int]
    weights: list[float]
    at: list[int]
    sitting: int = 0
    now: int = 0


def write(
    split: Split, folder: Path, about: str = "", features: FeatureVectors | None = None
) -> None:
    """Write a split into a folder: the catalogue, the training part, the questions, the features.

    `about` says how it was made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    items = split.training.items
    among = None
    if split.among is not None:
        among = tuple(items[place] for place in np.flatnonzero(split.among))
    known = _About(split.protocol, split.repeats, about, among)
    (folder / _ITEMS).write_text("".join(f"{id}\n" for id in items), encoding="utf-8")
    with (folder / _TRAIN).open("w", encoding="utf-8") as lines:
        lines.writelines(_rows(split.training))
    with (folder / _ASKED).open("wb") as lines:
        lines.writelines(msgspec.json.encode(each) + b"\n" for each in _asked(split.questions))
    for name, vectors in (features or {}).items():
        path = folder / f"{name.replace('/', '~')}{_FEATURES}"
        np.savez(path, ids=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
    (folder / _SPLIT).write_bytes(msgspec.json.format(msgspec.json.encode(known)) + b"\n")


def is_split(folder: Path) -> bool:
    """Whether a folder holds a written split."""
    return (folder / _SPLIT).is_file()


def read(folder: Path) -> Split:
    """Read a split that `write` wrote.

    Raises:
        DataError: a file is missing or broken.
    """
    try:
        known = msgspec.json.decode((folder / _SPLIT).read_bytes(), type=_About)
        items = tuple((folder / _ITEMS).read_text(encoding="utf-8").split("\n")[:-1])
        asked = _read_asked(folder / _ASKED, len(items))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder} is no whole split: {error}") from error
    training = _placed(table(folder).interactions, items)
    among = None if known.among is None else np.isin(items, known.among)
    return Split(known.protocol, training, asked, known.repeats, among)


def features(folder: Path) -> FeatureVectors:
    """Read the features that `write` wrote; nothing where there were none."""
    found = {}
    for path in sorted(folder.glob(f"*{_FEATURES}")):
        with np.load(path) as table:
            vectors = dict(zip(map(str, table["ids"]), table["vectors"], strict=True))
        found[path.name.removesuffix(_FEATURES).replace("~", "/")] = vectors
    return found


def _rows(training: Interactions) -> Iterator[str]:
    yield "user\titem\tweight\tat\tsession\n"
    columns = (training.user, training.item, training.weight, training.at, training.session)
    for user, item, weight, at, session in zip(*(c.tolist() for c in columns), strict=True):
        yield f"{training.users[user]}\t{training.items[item]}\t{weight:.9g}\t{at}\t{session}\n"


def _asked(asked: Questions) -> Iterator[_Question]:
    bounds = asked.wanted.indptr
    for place, history in enumerate(asked.histories):
        yield _Question(
            int(asked.unit[place]),
            history.items.tolist(),
            asked.wanted.indices[bounds[place] : bounds[place + 1]].tolist(),
            history.weights.tolist(),
            history.at.tolist(),
            history.sitting,
            history.now,
        )


def _read_asked(path: Path, items: int) -> Questions:
    found: list[_Question] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                found.append(msgspec.json.decode(line, type=_Question))
            except msgspec.DecodeError as error:
                raise DataError(f"{path}, line {number}: {error}") from error
    known = [
        History(
            np.asarray(each.items, np.int32),
            np.asarray(each.weights, np.float32),
            np.asarray(each.at, np.int64),
            each.sitting,
            each.now,
        )
        for each in found
    ]
    unit = np.asarray([each.unit for each in found], np.int32)
    return questions(known, [each.wanted for each in found], items, unit)


def _placed(training: Interactions, items: tuple[str, ...]) -> Interactions:
    """Return the interactions with their items at their places in the catalogue."""
    place = {id: place for place, id in enumerate(items)}
    places = np.array([place[id] for id in training.items], np.int32)
    return replace(training, items=items, item=places[training.item])
