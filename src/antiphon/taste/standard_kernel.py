"""Standardising scores in few walks over memory, as machine code: compiled once in a second."""

import numpy as np
from numba import njit

from antiphon.taste.interactions import Matrix

_EPSILON = 1.1920929e-07


# The order of a sum may change: everything is finite, and only so are eight added at once.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def standardise(scores: Matrix, weight: float, words: Matrix) -> bool:
    """Write standardised `scores` times `weight` into `words`, (items,); see `ensemble`.

    Return False, having written nothing, where they are all alike.
    """
    count = len(scores)
    # Around the first of them, so that where all are large nothing cancels out.
    first = scores[0]
    total, squares = 0.0, 0.0
    for score in scores:
        apart = np.float64(score - first)
        total += apart
        squares += apart * apart
    mean = first + total / count
    deviation = max(squares / count - (total / count) ** 2, 0.0) ** 0.5
    if deviation <= _EPSILON * abs(scores[0]):
        return False
    scale = weight / deviation
    if mean < 0:
        for place in range(count):
            word = (scores[place] - mean) * scale
            words[place] = min(word, 0.0) if scores[place] <= 0 else word
    else:
        for place in range(count):
            words[place] = (scores[place] - mean) * scale
    return True
