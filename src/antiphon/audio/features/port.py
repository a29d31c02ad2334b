"""What a feature set is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.excerpt import Excerpt
from antiphon.audio.plan import Plan


@dataclass(frozen=True)
class FeatureSet:
    """Numbers of one kind: `extract` gives one finite float32 for each of `columns`.

    `dtype` is how they are kept: `<f2` where three digits are enough, else `<f4`.
    """

    name: str
    columns: tuple[str, ...]
    extract: Callable[[Excerpt, Plan], NDArray[np.float32]]
    dtype: Literal["<f2", "<f4"] = "<f4"
