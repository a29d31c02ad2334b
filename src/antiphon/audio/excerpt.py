"""A stretch of a track's sound, and what several feature sets compute from it, each once."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Derived = TypeVar("Derived")


class Excerpt:
    """One channel of finite sound, of shape (samples,), at the rate of its file."""

    def __init__(self, samples: Samples, rate_hz: int) -> None:
        self.samples = samples
        self.rate_hz = rate_hz
        self._derived: dict[object, Any] = {}

    def at(self, rate_hz: int) -> Samples:
        """Return the sound at another rate, resampled once."""
        if rate_hz == self.rate_hz:
            return self.samples
        if rate_hz not in self._derived:
            self._derived[rate_hz] = soxr.resample(self.samples, self.rate_hz, rate_hz)
        return cast("Samples", self._derived[rate_hz])

    def once(self, work: Callable[["Excerpt"], Derived]) -> Derived:
        """Return what `work` makes of this excerpt, computed when it is first asked for."""
        if work not in self._derived:
            self._derived[work] = work(self)
        return cast("Derived", self._derived[work])
