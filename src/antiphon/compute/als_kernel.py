"""The inner loop of iALS, compiled by numba at the first use (4 s, once)."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antiphon.compute.als import Matrix

Ints = NDArray[np.int32]
_MOST_STEPS = 200
# A squared residual this small is rounding, and its products vanish altogether.
_NOTHING = np.float32(1e-30)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def solve(
    wanted: tuple[Ints, Ints, Matrix],
    vectors: Matrix,
    diagonal: tuple[Matrix, Matrix],
    rows: Matrix,
    tolerance: float,
) -> None:
    """Solve for each row x by preconditioned conjugate gradients, down to a part of the residual.

    `wanted` are the pointers, places and weights w of a csr matrix; V are the `vectors` at a row's
    places. The system is (Vᵀ diag(|w|) V + D) x = Vᵀ max(w, 0). D, the preconditioner as well, is
    the sum of a diagonal (dimensions,) that all rows share and of one number for each row. Rows
    that want nothing become zero.
    """
    pointers, places, weights = wanted
    shared, own = diagonal
    ours, residual, direction, product = np.empty((4, len(shared)), np.float32)
    for row in range(len(rows)):
        x, there = rows[row], range(pointers[row], pointers[row + 1])
        x[:] = residual[:] = 0
        if len(there) == 0:
            continue
        for axis in range(len(ours)):
            ours[axis] = shared[axis] + own[row]
        for place in there:
            _add(residual, max(weights[place], np.float32(0)), vectors[places[place]])
        squared = _turn(direction, np.float32(0), residual, ours)
        enough = max(np.float32(tolerance) ** 2 * squared, _NOTHING)
        for _ in range(_MOST_STEPS):
            if squared <= enough:
                break
            for axis in range(len(ours)):
                product[axis] = ours[axis] * direction[axis]
            for place in there:
                v = vectors[places[place]]
                _add(product, abs(weights[place]) * _dot(v, direction), v)
            length = squared / _dot(direction, product)
            _add(x, length, direction)
            _add(residual, -length, product)
            squared = _turn(direction, squared, residual, ours)


@njit(inline="always")
def _dot(one: Matrix, other: Matrix) -> np.float32:
    found = np.float32(0)
    for axis in range(len(one)):
        found += one[axis] * other[axis]
    return found


@njit(inline="always")
def _add(onto: Matrix, times: np.float32, vector: Matrix) -> None:
    for axis in range(len(onto)):
        onto[axis] += times * vector[axis]


@njit(inline="always")
def _turn(direction: Matrix, before: np.float32, residual: Matrix, ours: Matrix) -> np.float32:
    """Turn the direction towards the residual; return the square of this, preconditioned."""
    squared = np.float32(0)
    for axis in range(len(ours)):
        squared += residual[axis] * residual[axis] / ours[axis]
    carried = squared / before if before > 0 else np.float32(0)
    for axis in range(len(ours)):
        direction[axis] = residual[axis] / ours[axis] + carried * direction[axis]
    return squared
