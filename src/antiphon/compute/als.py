"""What a trainer of implicit-feedback matrix factorisation is given, and what it gives."""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray


class AlsParameters(msgspec.Struct, frozen=True, kw_only=True):
    """The hyperparameters of iALS, named as in Rendle et al. 2021 (arXiv:2110.14037).

    `unobserved` is the weight of what was not listened to (their alpha_0), `regularisation` their
    lambda and `frequency_scaling` their nu.
    """

    dimensions: int = 128
    epochs: int = 16
    unobserved: float = 0.1
    regularisation: float = 0.003
    frequency_scaling: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Factors:
    """Users and items as vectors: float32, (users, dimensions) and (items, dimensions)."""

    users: NDArray[np.float32]
    items: NDArray[np.float32]
