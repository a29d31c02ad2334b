"""How counts become strengths, and large tables sparse ones: what the models of sets share."""

import numpy as np
from scipy.sparse import csr_array

from antiphon.taste.interactions import History, Matrix


def damped(counts: Matrix) -> Matrix:
    """Return sign(w) log2(1 + |w|): one play counts 1, three count 2, a refusal -1."""
    found: Matrix = np.copysign(np.log2(1 + np.abs(counts)), counts).astype(np.float32)
    return found


def strengths(table: csr_array) -> csr_array:
    """Return a table of summed weights with each damped."""
    return csr_array((damped(table.data), table.indices, table.indptr), shape=table.shape)


def shares(history: History) -> Matrix:
    """Return for each entry its part of its item's damped sum, (len(history),).

    Several plays of one item are damped together; each then gets what is in proportion to it.
    """
    _, place = np.unique(history.items, return_inverse=True)
    sums = np.bincount(place, history.weights).astype(np.float32)
    factor = np.divide(damped(sums), sums, out=np.zeros_like(sums), where=np.abs(sums) > _NOTHING)
    found: Matrix = history.weights * factor[place]
    return found


# Sums of weights below this are rounding: likes and refusals that cancel.
_NOTHING = 1e-6


def power(sums: Matrix, exponent: float) -> Matrix:
    """Return sums to a power, 0 where a sum is 0."""
    found: Matrix = np.power(sums, exponent, out=np.zeros_like(sums), where=sums > 0)
    return found


def scaled(table: csr_array, rows: Matrix, columns: Matrix) -> csr_array:
    """Return diag(rows) table diag(columns)."""
    lengths = np.diff(table.indptr)
    data = table.data * np.repeat(rows, lengths) * columns[table.indices]
    return csr_array((data.astype(np.float32), table.indices, table.indptr), shape=table.shape)


def pruned(block: Matrix, count: int) -> csr_array:
    """Keep the `count` entries of each row of a dense block that are largest in size."""
    count = min(count, block.shape[1])
    if count == 0:
        return csr_array(block.shape, dtype=np.float32)
    kept = np.argpartition(np.abs(block), -count, axis=1)[:, -count:]
    kept.sort(axis=1)
    data = np.take_along_axis(block, kept, axis=1)
    pointers = np.arange(len(block) + 1) * count
    table = csr_array((data.ravel(), kept.ravel().astype(np.int32), pointers), shape=block.shape)
    table.eliminate_zeros()
    return table
