"""What every model is: a fit of what listeners did, and a score of every item for a history."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from antiphon.taste.interactions import History, Ints, Matrix

# Feature set -> item id -> vector.
FeatureVectors = Mapping[str, Mapping[str, NDArray[np.floating[Any]]]]


@runtime_checkable
class Recommender(Protocol):
    """A model over a catalogue of items.

    Beside its class, a model's module has `fit(interactions, features, parameters) -> model`, where
    `features` may be empty and `parameters` is a frozen msgspec Struct whose defaults are sound.
    """

    @property
    def items(self) -> tuple[str, ...]:
        """The ids of the catalogue, in the order of the scores."""
        ...

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return how much each item is wanted, (histories, items), finite.

        Scores compare within a row only. A history that says nothing, or only what is not wanted,
        MUST be answered too. Items of the history MUST NOT be left out: that is the policy's.
        """
        ...

    def contributions(self, history: History, item: int) -> Matrix:
        """Return what each entry of the history adds to the score of `item`, (len(history),)."""
        ...


def best(scores: Matrix, count: int) -> Ints:
    """Return the places of the highest scores of each row (…, items), highest first."""
    count = min(count, scores.shape[-1])
    top = np.argpartition(-scores, count - 1, axis=-1)[..., :count]
    order = np.argsort(-np.take_along_axis(scores, top, -1), axis=-1, kind="stable")
    found: Ints = np.take_along_axis(top, order, -1).astype(np.int32)
    return found
