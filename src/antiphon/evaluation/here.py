"""Work in this very process: for what needs all of the memory and all of the cores."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from antiphon.compute import Outcome
from antiphon.compute.port import Item, Result


class Mapper(Protocol):
    """What of the Compute port a search needs."""

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        """Apply a module's function to each item, and yield the outcomes as they come."""
        ...


class Here:
    """One item after the other, here."""

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        """Apply the function to each item; one that fails is an outcome with an error."""
        for item in items:
            try:
                yield Outcome(item, function(item))
            except Exception as error:  # noqa: BLE001 - as in the port: whatever one item provokes
                yield Outcome(item, error=f"{type(error).__name__}: {error}")
