"""Standardising scores in few walks over memory, as machine code: compiled once in a second."""

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
    mean = 0.0
    for score in scores:
        mean += score
    mean /= count
    squares = 0.0
    for score in scores:
        squares += (score - mean) ** 2
    deviation = (squares / count) ** 0.5
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
