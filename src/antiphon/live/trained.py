"""What was trained, with the say that each model has by then."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from antiphon.taste.blend import Blend
from antiphon.taste.ensemble import CONTENT, LastLook
from antiphon.taste.recommender import Recommender
from antiphon.taste.registry import Registry
from antiphon.taste.rerank import Reranker

# What was learned from so many listeners counts half, and the other half is what the tracks sound
# like: of one listener there is little to learn. The sound always counts a little, as only it knows
# a track that has just come.
DOUBT_LISTENERS = 20
LEAST_SOUND = 0.1


@dataclass(frozen=True)
class Trained:
    """Trained models by name, their weights, and how many listeners these were learned from.

    They know what was played before `since`, in milliseconds.
    """

    version: str = ""
    parts: Mapping[str, Recommender] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    listeners: int = 0
    since: int = 0
    reranker: Reranker | None = None

    def last_look(self) -> LastLook | None:
        """Return the last look at what these models together want."""
        total = sum(self.weights.values())
        if self.reranker is None or not total:
            return None
        return LastLook(self.reranker, self.weights, self._trust() / total)

    def shares(self) -> dict[str, float]:
        """Return how much each model counts, all together 1, and how much the sound does."""
        total, trust = sum(self.weights.values()), self._trust()
        shares = {name: trust * weight / total for name, weight in self.weights.items() if trust}
        return shares | {CONTENT: shares.get(CONTENT, 0.0) + 1 - trust}

    def _trust(self) -> float:
        """Return how much the trained models count together."""
        if not sum(self.weights.values()):
            return 0.0
        return min(self.listeners / (self.listeners + DOUBT_LISTENERS), 1 - LEAST_SOUND)


def loaded(registry: Registry, version: str) -> Trained:
    """Load a version.

    Raises:
        ArtefactError: it is damaged, or there is none.
    """
    model, about = registry.load(version), registry.manifest(version)
    # The history was read when the training began.
    since = about.made_at - int(1000 * about.seconds)
    if not isinstance(model, Blend):
        return Trained(version, {"trained": model}, {"trained": 1.0}, about.listeners, since)
    return Trained(version, model.parts, model.weights, about.listeners, since, model.reranker)
