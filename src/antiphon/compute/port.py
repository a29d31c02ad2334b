"""The Compute port: one function over many items, one factorisation, on many processors."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from scipy.sparse import csr_array

from antiphon.compute.als import AlsParameters, Factors, Matrix

Item = TypeVar("Item")
Result = TypeVar("Result")


class ComputeError(Exception):
    """The engine cannot do what was asked; the message says what to do about it."""


@dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """What came of one item: its result, or in words why there is none."""

    item: Item
    result: Result | None = None
    error: str = ""


class Compute(Protocol):
    """Where heavy work runs."""

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[Outcome[Item, Result]]:
        """Apply a module's function to each item, and yield the outcomes as they come.

        An item whose function raises, runs too long or brings its process down is an outcome with
        an error, never the end of the run. Items are taken only as fast as they are worked on.
        Closed meanwhile, it ends early; what was not yielded by then was not done.
        """
        ...

    def train_als(
        self,
        matrix: csr_array,
        parameters: AlsParameters,
        progress: Callable[[int], None] | None = None,
        start: Matrix | None = None,
    ) -> Factors:
        """Factorise weights (users, items) float32, a negative one of which is a refusal.

        `progress` is told how many epochs are done; what it raises ends the training. `start`,
        (items, dimensions), are the items' vectors of an earlier training to go on from, zero where
        an item is new. Users and items without weights become zero. All vectors are finite.

        Raises:
            ValueError: a weight is not finite, or `start` has another shape.
            ComputeError: the engine failed, or was closed meanwhile.
        """
        ...

    def close(self) -> None:
        """End whatever runs, and let go of what it ran on; it MAY be used again afterwards."""
        ...
