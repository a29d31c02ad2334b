"""What a trainer of implicit-feedback matrix factorisation is given, and what it gives."""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Matrix = NDArray[np.float32]


class AlsParameters(msgspec.Struct, frozen=True, kw_only=True):
    """The hyperparameters of iALS, named as in Rendle et al. 2021 (arXiv:2110.14037).

    `unobserved` is the weight of what was not listened to (their alpha_0), `regularisation` their
    lambda and `frequency_scaling` their nu.

    Raises:
        ValueError: a value is out of range.
    """

    dimensions: int = 128
    epochs: int = 16
    unobserved: float = 0.1
    regularisation: float = 0.003
    frequency_scaling: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check what would end in vectors that are not finite."""
        if self.dimensions < 1 or self.epochs < 0:
            raise ValueError("iALS needs 1 dimension or more, and 0 epochs or more")
        if not (self.unobserved > 0 and self.regularisation > 0):
            raise ValueError("iALS needs weights of the unobserved and of regularisation above 0")


@dataclass(frozen=True)
class Factors:
    """Users and items as vectors: float32, (users, dimensions) and (items, dimensions)."""

    users: Matrix
    items: Matrix


def checked(matrix: csr_array, parameters: AlsParameters, start: Matrix | None) -> csr_array:
    """Return the weights as float32, each place once, zeros left out.

    Raises:
        ValueError: a weight is not finite, or `start` is not (items, dimensions).
    """
    wanted = csr_array(matrix, dtype=np.float32)
    wanted.sum_duplicates()
    wanted.eliminate_zeros()
    if not np.isfinite(wanted.data).all():
        raise ValueError("a weight to be factorised is not a finite number")
    if start is not None and start.shape != (matrix.shape[1], parameters.dimensions):
        raise ValueError(
            f"the vectors to start from are {start.shape}, not (items, dimensions) ="
            f" {(matrix.shape[1], parameters.dimensions)}"
        )
    return wanted
