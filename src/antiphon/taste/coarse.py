"""Dot products of one vector with every row of a large table, of which 8 bits a number are read.

A processor multiplies faster than memory delivers: a quarter of the bytes takes a quarter of the
time. Each column has a scale of its own; the error of a product is about 1 % of the spread of all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.taste.interactions import Ints, Matrix

_LARGEST = 127
# Below this the products cost so little that they may as well be exact.
_LARGE = 20_000
_ROWS = 4096


@dataclass(frozen=True)
class Coarse:
    """A table of `codes` (rows, columns) int8, times `scales` (columns,)."""

    codes: NDArray[np.int8]
    scales: Matrix

    def products(self, vector: Matrix) -> Matrix:
        """Return the dot product of a vector (columns,) with each row, (rows,)."""
        from antiphon.taste import coarse_kernel  # noqa: PLC0415 - numba takes seconds to load

        found = np.empty(len(self.codes), np.float32)
        coarse_kernel.products(self.codes, (vector * self.scales).astype(np.float32), found)
        return found

    def rows(self, places: Ints) -> Matrix:
        """Return some rows, (len(places), columns)."""
        found: Matrix = self.codes[places] * self.scales
        return found


def coarse(rows: Matrix) -> Coarse | None:
    """Return a table (rows, columns) with 8 bits a number, None where it would not be worth it."""
    if len(rows) < _LARGE:
        return None
    scales = np.abs(rows).max(axis=0) / _LARGEST
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    codes = np.empty(rows.shape, np.int8)
    for start in range(0, len(rows), _ROWS):
        part = slice(start, start + _ROWS)
        codes[part] = np.rint(rows[part] / scales)
    return Coarse(codes, scales)
