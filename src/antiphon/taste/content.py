"""The content model: tracks as points by their sound, and who is near to whom.

The nearness of two tracks is the mean of their cosines in each feature set (`metric.py`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from antiphon.taste.listener import Evidence
from antiphon.taste.metric import RECIPES, Lens, Matrix, Numbers, Recipe, learn, unit

# Raising the cosine to this power lets the nearest speak and silences the many that are far.
SHARPNESS = 3
SEEDS = 60
# The tracks among which a spread is looked for: enough to show any library.
SAMPLE = 2000


@dataclass(frozen=True)
class ContentModel:
    """Tracks by their sound: `vectors` is (tracks, dimensions), rows of length one as in `ids`.

    `lenses` are what was learned of each feature set: they belong to this version.
    """

    version: str
    ids: tuple[str, ...]
    rows: Mapping[str, int]
    vectors: Matrix
    lenses: Mapping[str, Lens] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Affinities:
    """How much each track of a model is wanted.

    `total` is (tracks,); `parts` (tracks, seeds) is what each of the `seeds` contributes to it.
    """

    seeds: tuple[Evidence, ...]
    total: Matrix
    parts: Matrix


def fit(features: Mapping[str, Mapping[str, Numbers]], version: str = "") -> ContentModel:
    """Make the model of all tracks in `features`: set name -> track id -> vector.

    A set that only some tracks have weighs as much as the share that has it: while a set is being
    computed, nearness moves from the old sets to the new one step by step. A track is compared by
    what it has, and is less near to one of which other things are known.

    Raises:
        ValueError: a set's vectors differ in length, or hold what is no number.
    """
    sets = {name: vectors for name, vectors in features.items() if vectors}
    ids = tuple(dict.fromkeys(chain.from_iterable(sets.values())))
    rows = {id: row for row, id in enumerate(ids)}
    lenses, blocks = {}, [np.zeros((len(ids), 1 if not sets else 0), np.float32)]
    for name, vectors in sets.items():
        raw = _matrix(name, vectors)
        lenses[name] = learn(raw, RECIPES.get(name, Recipe()))
        block = np.zeros((len(ids), lenses[name].axes.shape[1]), np.float32)
        block[[rows[id] for id in vectors]] = lenses[name].directions(raw) * (len(raw) / len(ids))
        blocks.append(block)
    return ContentModel(version, ids, rows, unit(np.hstack(blocks)), lenses)


def _matrix(name: str, vectors: Mapping[str, Numbers]) -> Numbers:
    lengths = {vector.shape for vector in vectors.values()}
    if len(lengths) != 1:
        raise ValueError(f"the vectors of {name} are not of one length: {sorted(lengths)[:3]}")
    raw = np.concatenate(list(vectors.values())).reshape(len(vectors), -1)
    if not np.isfinite(raw).all():
        raise ValueError(f"a vector of {name} holds what is no number")
    return raw


def affinities(model: ContentModel, evidence: Sequence[Evidence]) -> Affinities:
    """Return how much each track is wanted: the evidence, each weighed by its nearness.

    A weighted sum of kernels max(0, cosine) ** SHARPNESS (Nadaraya 1964, without its normaliser)
    over the SEEDS strongest pieces of evidence that the model knows. A negative weight pushes away.
    """
    seeds = tuple(item for item in evidence if item.track_id in model.rows)[:SEEDS]
    rows = [model.rows[item.track_id] for item in seeds]
    weights = np.array([item.weight for item in seeds], np.float32)
    nearness = np.maximum(model.vectors @ model.vectors[rows].T, 0.0) ** SHARPNESS
    parts = nearness * weights
    # A track is no reason for itself: liking it says nothing new about it, refusing it does.
    own = (rows, range(len(rows)))
    parts[own] = np.minimum(parts[own], 0.0)
    return Affinities(seeds, parts.sum(axis=1), parts)


def spread(model: ContentModel, count: int, seed: int, exclude: Collection[str] = ()) -> list[str]:
    """Return tracks that lie far from each other, so that together they show the whole library.

    Farthest-point traversal (Gonzalez 1985) over SAMPLE tracks drawn by `seed`.
    """
    rows = np.random.default_rng(seed).permutation(len(model))[: SAMPLE + len(exclude)]
    ids = [id for id in (model.ids[row] for row in rows) if id not in exclude]
    vectors = model.vectors[[model.rows[id] for id in ids]]
    chosen: list[int] = []
    nearest = np.full(len(ids), -1.0, np.float32)
    while len(chosen) < min(count, len(ids)):
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
        nearest[chosen] = np.inf
    return [ids[place] for place in chosen]
