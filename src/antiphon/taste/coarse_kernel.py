"""The loop of `coarse`, as machine code: compiled once in a second, and kept."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antiphon.taste.interactions import Matrix


# The order of a sum may change: everything is finite, and only so are eight added at once.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def products(codes: NDArray[np.int8], vector: Matrix, found: Matrix) -> None:
    """Write the dot product of `vector` with each row of `codes` into `found`, (rows,)."""
    for row in range(codes.shape[0]):
        total = np.float32(0)
        for column in range(codes.shape[1]):
            total += np.float32(codes[row, column]) * vector[column]
        found[row] = total
