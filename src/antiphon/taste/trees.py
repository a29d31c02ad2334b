"""Forests of regression trees that put what was wanted before what was not, kept as text.

LambdaMART (Burges 2010, MSR-TR-2010-82) by LightGBM: the gradient of a pair is how much nDCG would
change if the two changed places.
"""

import logging
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.taste.interactions import Longs, Matrix

if TYPE_CHECKING:
    import lightgbm

_log = logging.getLogger(__name__)
# Lists are put in order as far as this.
_PLACES = 30
_BINS = 127


class TreeParameters(msgspec.Struct, frozen=True, kw_only=True):
    """How a forest grows: so many trees of so many leaves, of which each holds `in_leaf` rows."""

    trees: int = 120
    leaves: int = 31
    rate: float = 0.08
    in_leaf: int = 200
    columns: float = 0.7
    ridge: float = 5.0
    seed: int = 0
    objective: str = "lambdarank"


@cache
def available() -> bool:
    """Whether forests can be grown and read here; says once in words where they cannot."""
    try:
        import lightgbm  # noqa: F401, PLC0415 - takes seconds to load
    except OSError as error:
        _log.warning(
            "Candidates are not put in order by trees: LightGBM cannot be loaded (%s). "
            "Install the system's OpenMP library (libgomp1).",
            error,
        )
        return False
    return True


def grow(
    features: Matrix,
    group: Longs,
    wanted: NDArray[np.bool_],
    parameters: TreeParameters,
    threads: int = 1,
) -> str:
    """Return a forest that ranks rows of `features` within each group; `group` are their sizes.

    The same data and seed give the same forest.
    """
    import lightgbm  # noqa: PLC0415 - takes seconds to load

    settings = {
        "objective": parameters.objective,
        "lambdarank_truncation_level": _PLACES,
        "num_leaves": parameters.leaves,
        "learning_rate": parameters.rate,
        "min_data_in_leaf": parameters.in_leaf,
        "feature_fraction": parameters.columns,
        "lambda_l2": parameters.ridge,
        "max_bin": _BINS,
        "seed": parameters.seed,
        "num_threads": threads,
        "deterministic": True,
        "force_col_wise": True,
        "verbose": -1,
    }
    data = lightgbm.Dataset(features, wanted.astype(np.int8), group=group, params=settings)
    return lightgbm.train(settings, data, parameters.trees).model_to_string()


def values(forest: str, features: Matrix) -> Matrix:
    """Return what a forest makes of each row: the higher, the earlier it belongs."""
    found: Matrix = np.asarray(
        _read(forest).predict(features, raw_score=True, num_threads=1), np.float32
    )
    return found


@lru_cache(maxsize=8)
def _read(forest: str) -> "lightgbm.Booster":
    import lightgbm  # noqa: PLC0415 - takes seconds to load

    return lightgbm.Booster(model_str=forest)
