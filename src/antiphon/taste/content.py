"""The content model: tracks as points by their sound, and who is near to whom.

Features are z-scored over the library, so that each dimension counts alike whatever its unit,
clipped against outliers, and scaled to length one: the dot product of two tracks is then the
cosine of the angle between them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.taste.listener import Evidence

Matrix = NDArray[np.float32]

CLIP_SIGMAS = 3.0
# Raising the cosine to this power lets the nearest speak and silences the many that are far.
SHARPNESS = 3
SEEDS = 60
# The tracks among which a spread is looked for: enough to show any library.
SAMPLE = 2000


@dataclass(frozen=True)
class ContentModel:
    """Tracks by their sound: `vectors` is (tracks, dimensions), rows of length one as in `ids`."""

    version: str
    ids: tuple[str, ...]
    rows: Mapping[str, int]
    vectors: Matrix

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


def fit(features: Mapping[str, Matrix], version: str = "") -> ContentModel:
    """Make the model of all `features` (track id -> vector; every vector of the same length)."""
    ids = tuple(features)
    if not ids:
        return ContentModel(version, (), {}, np.zeros((0, 1), np.float32))
    raw = np.stack([features[id] for id in ids]).astype(np.float32)
    spread = raw.std(axis=0)
    centred = (raw - raw.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0)
    clipped = np.clip(centred, -CLIP_SIGMAS, CLIP_SIGMAS)
    lengths = np.linalg.norm(clipped, axis=1, keepdims=True)
    vectors = (clipped / np.maximum(lengths, 1e-9)).astype(np.float32)
    return ContentModel(version, ids, {id: row for row, id in enumerate(ids)}, vectors)


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
