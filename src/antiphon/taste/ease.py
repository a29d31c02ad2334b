"""EASE: the best linear model from item to item whose diagonal is zero, in closed form.

Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data" (arXiv:1905.03375). With
X~ = D_U^-a X D_I^-b (users and items scaled by powers of their counts) the ridge regression of X~
on itself has the weights M = X~' (X~ X~' + lambda)^-1 X~; that no item may explain itself makes
them B = M / (1 - diag M), columns divided. M is found by whichever side is smaller, users or
items; when neither fits into memory, from the leading singular vectors V of X~ as
V diag(s^2 / (s^2 + lambda)) V'.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
from scipy.sparse import csr_array

from antiphon.taste.interactions import Interactions, Matrix, matrix
from antiphon.taste.neighbours import Neighbours, stacked
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.scaling import power, pruned, scaled, strengths
from antiphon.taste.space import Span
from antiphon.taste.spectrum import leading

SPACE = {
    "regularisation": Span(10.0, 2000.0, log=True),
    "user_exponent": Span(0.0, 0.75),
    "item_exponent": Span(0.0, 0.75),
    "target_exponent": Span(0.0, 0.75),
}
_BLOCK = 1024
# An item that only itself explains would have an infinite column.
_LEAST_UNEXPLAINED = 1e-3


class EaseParameters(msgspec.Struct, frozen=True, kw_only=True):
    """The hyperparameters of EASE.

    `regularisation` is lambda, in units of the mean square weight of a scaled interaction.
    `item_exponent` scales the items that are learned from, `target_exponent` gives popular items
    their share back. `count` weights are kept of each row. The dense inverse is of at most `dense`
    rows (4 dense^2 bytes); beyond, `rank` singular vectors stand for it.
    """

    regularisation: float = 200.0
    user_exponent: float = 0.25
    item_exponent: float = 0.25
    target_exponent: float = 0.2
    count: int = 400
    dense: int = 32_000
    rank: int = 1_000


def fit(
    interactions: Interactions, features: FeatureVectors, parameters: EaseParameters | None = None
) -> Neighbours:
    """Fit EASE; seconds for thousands of items, minutes for tens of thousands."""
    del features
    parameters = parameters or EaseParameters()
    wanted = strengths(matrix(interactions))
    counts = wanted.sum(axis=0)
    users = power(wanted.sum(axis=1), -parameters.user_exponent)
    table = scaled(wanted, users, power(counts, -parameters.item_exponent))
    regularisation = parameters.regularisation * float(np.mean(table.data**2)) if table.nnz else 1.0
    source = power(counts, -parameters.item_exponent)
    target = power(counts, parameters.target_exponent)
    explained = _explained(table, regularisation, parameters)
    return Neighbours(interactions.items, _weights(explained, source, target, parameters.count))


@dataclass(frozen=True)
class _Explained:
    """M: its diagonal (items,), and its rows start .. stop, dense, by function."""

    diagonal: Matrix
    rows: Callable[[int, int], Matrix]


def _weights(explained: _Explained, source: Matrix, target: Matrix, count: int) -> csr_array:
    """Return B scaled for histories and targets, pruned."""
    items = len(source)
    columns = target / np.maximum(1 - explained.diagonal, _LEAST_UNEXPLAINED)
    kept = []
    for start in range(0, items, _BLOCK):
        stop = min(start + _BLOCK, items)
        weights = np.outer(source[start:stop], columns).astype(np.float32)
        weights *= explained.rows(start, stop)
        weights[np.arange(stop - start), np.arange(start, stop)] = 0
        kept.append(pruned(weights, count))
    return stacked(kept, items)


def _explained(table: csr_array, regularisation: float, parameters: EaseParameters) -> _Explained:
    users, items = table.shape
    if min(users, items) > parameters.dense:
        return _by_spectrum(table, regularisation, parameters.rank)
    return _by_items(table, regularisation) if items <= users else _by_users(table, regularisation)


def _by_items(table: csr_array, regularisation: float) -> _Explained:
    """M = 1 - lambda (X'X + lambda)^-1."""
    inverse = _inverse(csr_array(table.T), regularisation)

    def rows(start: int, stop: int) -> Matrix:
        return -regularisation * inverse[start:stop]

    return _Explained(1 - regularisation * np.diagonal(inverse), rows)


def _by_users(table: csr_array, regularisation: float) -> _Explained:
    """M = X' (X X' + lambda)^-1 X, by the push-through identity the same."""
    inverse = _inverse(table, regularisation)
    columns = table.T.tocsr()
    diagonal = np.zeros(table.shape[1], np.float32)
    for item in range(len(diagonal)):
        part = slice(columns.indptr[item], columns.indptr[item + 1])
        users, weights = columns.indices[part], columns.data[part]
        diagonal[item] = weights @ inverse[np.ix_(users, users)] @ weights

    def rows(start: int, stop: int) -> Matrix:
        found: Matrix = (columns @ (columns[start:stop] @ inverse).T).T
        return found

    return _Explained(diagonal, rows)


def _by_spectrum(table: csr_array, regularisation: float, rank: int) -> _Explained:
    values, vectors = leading(table, rank)
    kept = vectors * (values**2 / (values**2 + regularisation))

    def rows(start: int, stop: int) -> Matrix:
        found: Matrix = kept[start:stop] @ vectors.T
        return found

    return _Explained((kept * vectors).sum(axis=1), rows)


def _inverse(table: csr_array, regularisation: float) -> Matrix:
    """Return (table table' + regularisation)^-1, (rows, rows), by Cholesky in place."""
    from scipy.linalg import lapack  # noqa: PLC0415 - half a second that only training needs

    size = table.shape[0]
    gram = np.empty((size, size), np.float32)
    columns = table.T.tocsr()
    for start in range(0, size, _BLOCK):
        gram[start : start + _BLOCK] = (table[start : start + _BLOCK] @ columns).toarray()
    gram[np.diag_indices(size)] += regularisation
    # LAPACK reads columns first: the transpose is the same matrix, lying as it wants it.
    factor, failed = lapack.spotrf(gram.T, lower=1, clean=0, overwrite_a=1)
    if not failed:
        inverse, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise ValueError("EASE: the regularisation is too small for these interactions; raise it")
    return _mirrored(inverse.T)


def _mirrored(upper: Matrix) -> Matrix:
    """Copy the upper triangle to the lower one, in place."""
    for start in range(0, len(upper), _BLOCK):
        stop = start + _BLOCK
        corner = np.triu(upper[start:stop, start:stop])
        upper[start:stop, start:stop] = corner + np.triu(corner, 1).T
        upper[stop:, start:stop] = upper[start:stop, stop:].T
    return upper
