"""What makes two tracks near: how the numbers of a feature set become directions.

Every column is z-scored over the library, so that each counts alike whatever its unit, and clipped
against outliers. The set is then turned to its principal axes, of which the first are kept, and
scaled to length one: the dot product of two tracks is the cosine of the angle between them.

How each set is treated was chosen by `bench/content.py` on music that it does not measure;
docs/features.md says what else was tried.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Numbers = NDArray[np.floating[Any]]

CLIP_SIGMAS = 3.0
# Tracks from all over a library that are enough to know its means and axes.
SAMPLE = 5_000

# A column that varies by less than this part of its size holds only rounding.
_CONSTANT = 1e-6
# The same for an axis, as a part of the variance along the longest.
_FLAT = 1e-6
# Tracks are brought to directions so many at a time, so that little memory is needed.
_ROWS = 1024


@dataclass(frozen=True)
class Recipe:
    """How a set is compared: along so many principal `axes` (None: all of them).

    Each axis is divided by its variance to the power `whitening`: 0 leaves long axes their weight,
    1/2 makes all alike. In between the many small differences of hand-made features are heard.
    """

    axes: int | None = None
    whitening: float = 0.0


# The sets that nearness is made of; whatever is missing is done without.
RECIPES = {"musicnn/1": Recipe(axes=64), "summary/1": Recipe(axes=64, whitening=0.25)}


@dataclass(frozen=True)
class Lens:
    """What was learned of a set in one library.

    `mean` and `scale` are (columns,), `axes` (columns, dimensions).
    """

    mean: Matrix
    scale: Matrix
    axes: Matrix

    def directions(self, raw: Numbers) -> Matrix:
        """Turn tracks of shape (tracks, columns) into (tracks, dimensions), rows of length one.

        A track like the library's mean has no direction: its row is zero.
        """
        found = np.empty((len(raw), self.axes.shape[1]), np.float32)
        for start in range(0, len(raw), _ROWS):
            block = slice(start, start + _ROWS)
            standard: Matrix = np.subtract(raw[block], self.mean, dtype=np.float32)
            standard *= self.scale
            np.clip(standard, -CLIP_SIGMAS, CLIP_SIGMAS, out=standard)
            found[block] = unit(standard @ self.axes)
        return found


def learn(raw: Numbers, recipe: Recipe) -> Lens:
    """Learn a library's lens from `raw`, finite, of shape (tracks, columns), at least one track.

    Means and axes are those of SAMPLE tracks, evenly from all; no label is looked at.
    """
    sample = raw[:: -(-len(raw) // SAMPLE)].astype(np.float64)
    mean, spread = sample.mean(axis=0), sample.std(axis=0)
    varies = spread > np.maximum(_CONSTANT * np.abs(mean), np.finfo(np.float32).tiny)
    scale = np.where(varies, 1 / np.where(varies, spread, 1.0), 0.0)
    standard = np.clip((sample - mean) * scale, -CLIP_SIGMAS, CLIP_SIGMAS)
    axes = _axes(standard.T @ standard / len(standard), recipe)
    return Lens(mean.astype(np.float32), scale.astype(np.float32), axes.astype(np.float32))


def _axes(covariance: Numbers, recipe: Recipe) -> Numbers:
    variances, axes = np.linalg.eigh(covariance)
    first = slice(None, None if recipe.axes is None else -recipe.axes - 1, -1)
    variances, axes = variances[first], axes[:, first]
    kept = variances > _FLAT * max(variances[0], _FLAT)
    scaled: Numbers = axes[:, kept] / variances[kept] ** recipe.whitening
    return scaled


def unit(rows: Matrix) -> Matrix:
    """Scale rows to length one, those of hardly any length to zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    directions: Matrix = np.divide(
        rows, lengths, out=np.zeros_like(rows), where=lengths > _CONSTANT
    )
    return directions
