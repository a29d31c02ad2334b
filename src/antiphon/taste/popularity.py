"""What most listeners play: the baseline, and the last resort when nothing else is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from scipy.sparse import csr_array

from antiphon.taste.interactions import History, Interactions, Ints, Matrix, rows
from antiphon.taste.recommender import FeatureVectors

_DAY_MS = 86_400_000


class PopularityParameters(msgspec.Struct, frozen=True, kw_only=True):
    """How popularity is counted.

    `half_life_days`: what was played so long before the latest play counts half (0: all alike).
    `genres` names the feature set whose vectors say to which genres an item belongs; `prior` is how
    many plays the overall popularity weighs against the genres of the listener.
    """

    half_life_days: float = 0.0
    genres: str = "genres"
    prior: float = 10.0


@dataclass(frozen=True)
class Popularity:
    """How much each item is played: `share` (items,) of all plays, summing to one.

    `genres` (items, genres) are memberships, each item's summing to one at most; `lift` (genres,)
    is one over the share of the plays of a genre. There is no genre where none is known.
    """

    items: tuple[str, ...]
    share: Matrix
    genres: csr_array
    lift: Matrix
    prior: float

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return P(item) x prior + sum over genres of (plays of the genre) x P(item | genre).

        Up to a factor this is the item's probability when the listener's genres are a multinomial
        with a Dirichlet prior; refused items count against their genres.
        """
        played = (rows(histories, len(self.items)) @ self.genres).toarray() * self.lift
        scores: Matrix = (self.genres @ played.T).T
        return self.share * (scores + np.float32(self.prior))

    def contributions(self, history: History, item: int) -> Matrix:
        """Return what the genres of each entry add to the score of `item`."""
        found: Matrix = self.explain(history, np.array([item], np.int32))[0]
        return found

    def explain(self, history: History, items: Ints) -> Matrix:
        """Return what the genres of each entry add to the score of each of `items`."""
        likely = self.genres[items].toarray() * self.lift * self.share[items][:, None]
        added: Matrix = (self.genres[history.items] @ likely.T).T * history.weights
        return added


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: PopularityParameters | None = None,
) -> Popularity:
    """Count what was played, one listener's many plays of one item by their logarithm.

    An item's count is the sum over listeners of log2(1 + their plays, each decayed by its age).
    """
    parameters = parameters or PopularityParameters()
    counts = _counts(interactions, parameters.half_life_days)
    share = counts / counts.sum() if counts.any() else np.full_like(counts, 1 / max(len(counts), 1))
    genres = _genres(interactions.items, features.get(parameters.genres, {}))
    plays = share @ genres
    lift = np.divide(1, plays, out=np.zeros_like(plays), where=plays > 0)
    return Popularity(interactions.items, share, genres, lift, parameters.prior)


def _counts(interactions: Interactions, half_life_days: float) -> Matrix:
    wanted = np.maximum(interactions.weight, 0.0)
    if half_life_days > 0 and len(interactions):
        age = (interactions.at.max() - interactions.at) / _DAY_MS
        wanted = wanted * np.float32(0.5) ** (age / half_life_days).astype(np.float32)
    places = (interactions.user, interactions.item)
    plays = csr_array(
        (wanted, places), (len(interactions.users), len(interactions.items)), np.float32
    )
    plays.sum_duplicates()
    counts: Matrix = np.bincount(
        plays.indices, np.log2(1 + plays.data), len(interactions.items)
    ).astype(np.float32)
    return counts


def _genres(items: Sequence[str], vectors: Mapping[str, np.ndarray]) -> csr_array:
    known = [(place, vectors[id]) for place, id in enumerate(items) if id in vectors]
    if not known:
        return csr_array((len(items), 0), dtype=np.float32)
    places = [place for place, _ in known]
    memberships = np.zeros((len(items), len(known[0][1])), np.float32)
    memberships[places] = [np.maximum(vector, 0.0) for _, vector in known]
    return _shares(csr_array(memberships))


def _shares(table: csr_array) -> csr_array:
    """Scale rows to a sum of one, empty ones to zero."""
    sums = np.asarray(table.sum(axis=1)).reshape(-1, 1)
    shares = csr_array(table.multiply(1 / np.where(sums > 0, sums, 1.0)), dtype=np.float32)
    shares.eliminate_zeros()
    return shares
