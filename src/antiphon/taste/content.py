"""The content model: tracks as points by their sound, and who is near to whom.

Features are z-scored over the library, so that each dimension counts alike whatever its unit,
clipped against outliers, and scaled to length one: the dot product of two tracks is then the
cosine of the angle between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.taste.listener import Evidence

Matrix = NDArray[np.float32]

CLIP_SIGMAS = 3.0
# Raising the cosine to this power lets the nearest speak and silences the many that are far.
SHARPNESS = 3
SEEDS = 60


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
    return Affinities(seeds, parts.sum(axis=1), parts)


def spread(model: ContentModel, count: int, seed: int) -> list[str]:
    """Return tracks that lie far from each other, so that together they show the whole library.

    Farthest-point traversal (Gonzalez 1985) from a start chosen by `seed`.
    """
    if not len(model):
        return []
    chosen = [int(np.random.default_rng(seed).integers(len(model)))]
    nearest = model.vectors @ model.vectors[chosen[0]]
    while len(chosen) < min(count, len(model)):
        nearest[chosen[-1]] = np.inf
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, model.vectors @ model.vectors[chosen[-1]])
    return [model.ids[row] for row in chosen]
