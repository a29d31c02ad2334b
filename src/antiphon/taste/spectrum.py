"""The leading singular vectors of a sparse table."""

import numpy as np
from scipy.sparse import csr_array

from antiphon.taste.interactions import Matrix

_ROUNDS = 5
_SPARE = 16


def leading(table: csr_array, rank: int, seed: int = 0) -> tuple[Matrix, Matrix]:
    """Return the largest singular values (k,), falling, and right vectors (columns, k) of a table.

    By randomised subspace iteration (Halko, Martinsson and Tropp 2011, "Finding structure with
    randomness"); k is `rank`, or less where the table has no more.
    """
    size = min(rank + _SPARE, *table.shape)
    columns = table.T.tocsr()
    start = np.random.default_rng(seed).standard_normal((table.shape[1], size), np.float32)
    basis, _ = np.linalg.qr(start)
    for _ in range(_ROUNDS):
        basis, _ = np.linalg.qr(columns @ (table @ basis))
    _, values, turn = np.linalg.svd(table @ basis, full_matrices=False)
    kept = min(rank, int(np.sum(values > values[:1] * np.finfo(np.float32).eps)))
    return values[:kept], np.ascontiguousarray((basis @ turn.T)[:, :kept])
