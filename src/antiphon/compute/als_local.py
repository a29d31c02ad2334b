"""Implicit-feedback matrix factorisation on this machine: conjugate gradients in the eigenbasis.

The loss is that of Rendle et al. 2021 (arXiv:2110.14037), with u and v the vectors of users and
items, S the places of the matrix that are not zero, w the weights there, and n the number of places
of a row or column:

    sum over S of w (u·v - 1)² + alpha_0 · sum over all of (u·v)²
    + lambda · (sum of (n_u + alpha_0 · items)^nu |u|² + sum of (n_v + alpha_0 · users)^nu |v|²)

With one side's vectors V fixed, each row x of the other is (Vᵀ diag(w) V + alpha_0 G + r) x = Vᵀ w,
with the Gram matrix G of all vectors of that side. In the eigenbasis of G (turning both sides alike
changes no u·v) what all rows share is a diagonal, and so costs nothing: neither to multiply by, as
conjugate gradients do (Takács et al. 2011, doi:10.1145/2043932.2043987), nor to precondition with.
A step over n places is 4 · n · d operations, where G itself would take 2 · d² more.
"""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from antiphon.compute.als import AlsParameters, Factors, Matrix, checked
from antiphon.compute.als_kernel import solve

# The residual at which a row counts as solved, as a part of its wish Vᵀ w: while the vectors of the
# other side change still, and at last.
_TOLERANCE = 0.03
_EXACT = 1e-6
_INITIAL_DEVIATION = 0.1
_PARTS = 64

# Solves for the rows of one side, given the vectors of the other in the eigenbasis of their Gram
# matrix, the part of the diagonal that all rows share, and the tolerance.
Solve = Callable[[Matrix, Matrix, float], Matrix]


def train(
    matrix: csr_array,
    parameters: AlsParameters,
    progress: Callable[[int], None] | None = None,
    start: Matrix | None = None,
    threads: int = 1,
) -> Factors:
    """Factorise as the port's `train_als` says; the number of threads changes no result."""
    matrix = checked(matrix, parameters, start)
    columns = csr_array(matrix.T.tocsr())
    items = initial(matrix.shape[1], parameters, start)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        of = partial(partial, _solved, parameters=parameters, pool=pool)
        sides = of(matrix=matrix), of(matrix=columns)
        return alternate(sides, items, parameters, pool, progress)


def alternate(
    sides: tuple[Solve, Solve],
    items: Matrix,
    parameters: AlsParameters,
    pool: Executor,
    progress: Callable[[int], None] | None,
) -> Factors:
    """Solve for users and items in turn, and at last for the users exactly, as a fold-in would.

    The vectors returned lie in the eigenbasis of the items' Gram matrix.
    """
    solve_users, solve_items = sides
    for epoch in range(parameters.epochs):
        users = solve_users(*_prepared(items, parameters, pool), _TOLERANCE)
        items = solve_items(*_prepared(users, parameters, pool), _TOLERANCE)
        if progress is not None:
            progress(epoch + 1)
    items, shared = _prepared(items, parameters, pool)
    return Factors(solve_users(items, shared, _EXACT), items)


def initial(items: int, parameters: AlsParameters, start: Matrix | None) -> Matrix:
    """Return what items begin with: small vectors by chance, but for those that `start` knows."""
    deviation = np.float32(_INITIAL_DEVIATION / parameters.dimensions**0.5)
    shape = (items, parameters.dimensions)
    drawn = np.random.default_rng(parameters.seed).standard_normal(shape, np.float32) * deviation
    return drawn if start is None else np.where(start.any(axis=1, keepdims=True), start, drawn)


def _solved(
    columns: Matrix,
    shared: Matrix,
    tolerance: float,
    *,
    matrix: csr_array,
    parameters: AlsParameters,
    pool: Executor,
) -> Matrix:
    rows = np.empty((matrix.shape[0], columns.shape[1]), np.float32)
    own = regularisation(np.diff(matrix.indptr), matrix.shape[1], parameters)

    def fill(part: slice) -> None:
        wanted = matrix.indptr[part.start : part.stop + 1], matrix.indices, matrix.data
        solve(wanted, columns, (shared, own[part]), rows[part], tolerance)

    list(pool.map(fill, even(matrix.indptr, _PARTS)))
    return rows


def regularisation(counts: NDArray[np.int32], others: int, parameters: AlsParameters) -> Matrix:
    """Return lambda (n + alpha_0 others)^nu for each row of n weights among so many others."""
    scale = (counts + parameters.unobserved * others) ** parameters.frequency_scaling
    return (parameters.regularisation * scale).astype(np.float32)


def _prepared(vectors: Matrix, parameters: AlsParameters, pool: Executor) -> tuple[Matrix, Matrix]:
    """Return the vectors in the eigenbasis of their Gram matrix, and alpha_0 of its eigenvalues."""
    gram, turned = np.zeros((vectors.shape[1],) * 2), np.empty_like(vectors)
    for part in pool.map(lambda part: vectors[part].T @ vectors[part], _slices(len(vectors))):
        gram += part
    values, basis = np.linalg.eigh(gram)
    basis = basis.astype(np.float32)
    list(
        pool.map(lambda part: np.matmul(vectors[part], basis, turned[part]), _slices(len(vectors)))
    )
    return turned, (parameters.unobserved * np.maximum(values, 0.0)).astype(np.float32)


def _slices(length: int, size: int = 4096) -> list[slice]:
    return [slice(at, min(at + size, length)) for at in range(0, length, size)]


def even(pointers: NDArray[np.int32], parts: int) -> list[slice]:
    """Return slices of the rows, each of about as many places."""
    cuts = np.searchsorted(pointers, np.linspace(0, pointers[-1], parts + 1))
    cuts[-1] = len(pointers) - 1
    return [slice(*ends) for ends in pairwise(cuts.tolist())]
