"""One listener's kernel system (see `ials`), solved from nothing or by what is kept of it."""

from dataclasses import dataclass

import numpy as np

from antiphon.taste.interactions import Matrix


@dataclass(frozen=True)
class System:
    """One listener's kernel system of n entries, solved.

    With K = Z Z' + 1, `scale` (d,) is D^-1/2, `targets` (n,) W^1/2 y, `solved` (d, n) Z' K^-1,
    `dual` (n,) K^-1 W^1/2 y and `own` (n,) the diagonal of K^-1. Where `solved` is D^-1/2 Z' K^-1
    already, `scale` is 1.
    """

    scale: Matrix
    targets: Matrix
    solved: Matrix
    dual: Matrix
    own: Matrix


def by_kernel(vectors: Matrix, targets: Matrix, scale: Matrix) -> System:
    """Solve for scaled `vectors` Z', (d, n), by the smaller side."""
    d, n = vectors.shape
    own: Matrix
    if n <= d:
        inverse = np.linalg.inv(vectors.T @ vectors + np.eye(n, dtype=np.float32))
        own = np.diagonal(inverse)
        return System(scale, targets, vectors @ inverse, inverse @ targets, own)
    solved = np.linalg.inv(vectors @ vectors.T + np.eye(d, dtype=np.float32)) @ vectors
    own = 1 - (vectors * solved).sum(axis=0)
    dual = (targets - vectors.T @ (solved @ targets)).astype(np.float32)
    return System(scale, targets, solved, dual, own)


def by_inverse(inverse: Matrix, grown: np.float32, vectors: Matrix, strength: Matrix) -> System:
    """Solve by B (see `ials_kept`), of a listener who is regularised so much more by now."""
    roots = np.sqrt(np.abs(strength))
    targets = np.where(strength > 0, roots, np.float32(0))
    sides = vectors * roots
    if grown:
        inverse = inverse - grown * (inverse @ inverse)
    solved = inverse @ sides
    own: Matrix = 1 - (sides * solved).sum(axis=0)
    dual = (targets - sides.T @ (solved @ targets)).astype(np.float32)
    return System(np.ones(len(vectors), np.float32), targets, solved, dual, own)
