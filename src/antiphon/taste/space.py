"""Where to look for the parameters of a model: what `antiphon tune` searches."""

from collections.abc import Mapping

import msgspec


class Span(msgspec.Struct, frozen=True):
    """The values from `low` to `high`, both included; whole numbers where both are.

    With `log`, equal ratios are equally likely.
    """

    low: float
    high: float
    log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)


# A parameter's name -> the span to search, or the values to choose from.
Space = Mapping[str, Span | tuple[str | float | bool, ...]]
