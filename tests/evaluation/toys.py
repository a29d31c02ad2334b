"""Small data and models whose right answers are known by eye."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antiphon.evaluation.splits import Split
from antiphon.taste.interactions import History, Interactions, Matrix
from antiphon.taste.recommender import FeatureVectors


def interactions(
    rows: Sequence[tuple[int, int]] | Sequence[tuple[int, int, float, int, int]],
    users: int = 0,
    items: int = 0,
) -> Interactions:
    """Rows are user, item and, where it matters, weight, time and session."""
    full = [(*row, 1.0, 0, -1)[:5] if len(row) == 2 else row for row in rows]
    user, item, weight, at, session = (np.array(column) for column in zip(*full, strict=True))
    return Interactions(
        tuple(f"u{n}" for n in range(users or int(user.max()) + 1)),
        tuple(f"i{n}" for n in range(items or int(item.max()) + 1)),
        user.astype(np.int32),
        item.astype(np.int32),
        weight.astype(np.float32),
        at.astype(np.int64),
        session.astype(np.int32),
    )


def random_interactions(users: int, items: int, count: int, seed: int = 0) -> Interactions:
    """Anything at all, in the order of time, in sessions of five or so."""
    random = np.random.default_rng(seed)
    return interactions(
        [
            (int(user), int(item), 1.0, 1000 + place, int(user) * 1000 + place // 200)
            for place, (user, item) in enumerate(
                zip(random.integers(0, users, count), random.integers(0, items, count), strict=True)
            )
        ],
        users,
        items,
    )


def tastes(users: int, items: int, each: int, seed: int = 0) -> Interactions:
    """Two camps: even listeners play even items, odd ones odd items."""
    random = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        own = np.arange(user % 2, items, 2)
        rows += [(user, int(item)) for item in random.choice(own, each, replace=False)]
    return interactions(rows, users, items)


@dataclass(frozen=True)
class Fixed:
    """The same scores for everybody."""

    items: tuple[str, ...]
    scores: Matrix

    def score(self, histories: Sequence[History]) -> Matrix:
        return np.tile(self.scores, (len(histories), 1))

    def contributions(self, history: History, item: int) -> Matrix:  # noqa: ARG002 - the protocol
        return np.zeros(len(history), np.float32)


def popular(known: Interactions, features: FeatureVectors) -> Fixed:
    counts = np.bincount(known.item, minlength=len(known.items))
    return Fixed(known.items, counts.astype(np.float32))


def says_nothing(known: Interactions, features: FeatureVectors) -> Fixed:
    return Fixed(known.items, np.zeros(len(known.items), np.float32))


@dataclass(frozen=True)
class Peeking:
    """What nobody may be: it has seen the right answers."""

    items: tuple[str, ...]
    split: Split

    def score(self, histories: Sequence[History]) -> Matrix:
        asked = {id(history): place for place, history in enumerate(self.split.questions.histories)}
        places = [asked[id(history)] for history in histories]
        found: Matrix = self.split.questions.wanted[places].toarray()
        return found

    def contributions(self, history: History, item: int) -> Matrix:  # noqa: ARG002 - the protocol
        return np.zeros(len(history), np.float32)


def write(folder: Path, **files: str) -> Path:
    """Write files, an underscore for the last dot of each name."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return folder
