"""The model that knows nothing: whoever is not better than it has learnt nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from antiphon.taste.interactions import History, Interactions, Matrix
from antiphon.taste.recommender import FeatureVectors


class RandomParameters(msgspec.Struct, frozen=True, kw_only=True):
    """The seed of the chance."""

    seed: int = 0


@dataclass(frozen=True)
class Random:
    """Scores drawn at random, other ones for each history and each time."""

    items: tuple[str, ...]
    chance: np.random.Generator

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return uniform numbers."""
        return self.chance.random((len(histories), len(self.items)), np.float32)

    def contributions(self, history: History, item: int) -> Matrix:  # noqa: ARG002 - the protocol
        """Return zeros: nothing of the history speaks for any item."""
        return np.zeros(len(history), np.float32)


def fit(
    interactions: Interactions,
    features: FeatureVectors,  # noqa: ARG001 - every model is fitted so
    parameters: RandomParameters | None = None,
) -> Random:
    """Return a random model over the items."""
    parameters = parameters or RandomParameters()
    return Random(interactions.items, np.random.default_rng(parameters.seed))
