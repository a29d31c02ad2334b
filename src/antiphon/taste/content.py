"""The content model: tracks as points by their sound, and who is near to whom.

The nearness of two tracks is the mean of their cosines in each feature set (`metric.py`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import msgspec
import numpy as np

from antiphon.taste.interactions import History, Interactions, Ints
from antiphon.taste.metric import RECIPES, Lens, Matrix, Numbers, Recipe, learn, unit
from antiphon.taste.nearest import Nearest
from antiphon.taste.recommender import FeatureVectors

# Nothing speaks louder than this, however often it is repeated.
LOUDEST = 3.0
_SILENT = 1e-6
# The tracks among which a spread is looked for, for each that is: enough to show any library.
SAMPLE = 12


class ContentParameters(msgspec.Struct, frozen=True, kw_only=True):
    """How a history is heard.

    The `seeds` tracks that speak loudest are listened to. After `half_life_entries` later entries
    an entry speaks half as loud, so that the present mood leads; it never falls below `faintest` of
    what it said: a like of last year still counts.
    """

    seeds: int = 60
    half_life_entries: float = 12.0
    faintest: float = 0.1


DEFAULT = ContentParameters()


@dataclass(frozen=True)
class ContentModel:
    """Tracks by their sound: `vectors` is (tracks, dimensions), rows of length one as in `items`.

    Of a track that nobody knows the sound of, the row is zero. `lenses` are what was learned of
    each feature set: they belong to this version.
    """

    items: tuple[str, ...]
    vectors: Matrix
    lenses: Mapping[str, Lens] = field(default_factory=dict)
    parameters: ContentParameters = DEFAULT
    version: str = ""

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Where each track stands in `items`."""
        return {id: row for row, id in enumerate(self.items)}

    def __len__(self) -> int:
        return len(self.items)

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return how much each track is wanted, (histories, tracks).

        A weighted sum of kernels max(0, cosine) ** 3 (Nadaraya 1964, without its normaliser) over
        the tracks that speak loudest in the history, for the tracks near to each. A negative
        weight pushes away. A track is no reason for itself: liking it says nothing new about it,
        refusing it does.
        """
        scores = np.zeros((len(histories), len(self)), np.float32)
        for row, history in zip(scores, histories, strict=True):
            said = _said(history, self.parameters)
            if len(said.tracks):
                near, nearness = zip(*self._nearest.of(said.tracks), strict=True)
                weights = np.repeat(said.weights, [len(each) for each in near])
                said_of = np.concatenate(near), np.concatenate(nearness) * weights
                row[:] = np.bincount(*said_of, len(self))
                row[said.tracks] += np.minimum(said.weights, 0.0)
        return scores

    def contributions(self, history: History, item: int) -> Matrix:
        """Return what each entry of the history adds to the score of `item`, (len(history),)."""
        found: Matrix = self.explain(history, np.array([item], np.int32))[0]
        return found

    def explain(self, history: History, items: Ints) -> Matrix:
        """Return what each entry adds to the score of each of `items`, (items, entries)."""
        said = _said(history, self.parameters)
        if not len(said.tracks):
            return np.zeros((len(items), len(history)), np.float32)
        added = self._nearest.between(said.tracks, items) * said.weights
        own = items[:, None] == said.tracks
        added[own] = np.minimum(added[own], 0.0)
        found: Matrix = added[:, said.track] * said.share
        return found

    @property
    def asked(self) -> list[str]:
        """The tracks whose neighbours are remembered, those last that were asked for last."""
        return [self.items[row] for row in self._nearest.known]

    def remember(self, items: Iterable[str]) -> None:
        """Look for the neighbours of tracks before anybody waits for them."""
        rows = [self.rows[id] for id in items if id in self.rows]
        self._nearest.of(np.array(rows, np.int32))

    @cached_property
    def _nearest(self) -> Nearest:
        return Nearest(self.vectors)


@dataclass(frozen=True)
class _Said:
    """What a history says of `tracks` (places), with `weights`, those that speak loudest.

    Its entry n is about `tracks[track[n]]` and has the part `share[n]` in what is said of it; an
    entry about another track has none.
    """

    tracks: Ints
    weights: Matrix
    track: Ints
    share: Matrix


def _said(history: History, parameters: ContentParameters) -> _Said:
    faded = _faded(history, parameters)
    heard, place = np.unique(history.items, return_inverse=True)
    sums = np.bincount(place, faded, len(heard)).astype(np.float32)
    loudest = np.argsort(-np.abs(sums), kind="stable")[: parameters.seeds]
    loudest = loudest[np.abs(sums[loudest]) > _SILENT]
    track = np.full(len(heard) + 1, -1, np.int32)
    track[loudest] = np.arange(len(loudest))
    track = track[place]
    share = np.divide(faded, sums[place], out=np.zeros_like(faded), where=track >= 0)
    weights = np.clip(sums[loudest], -LOUDEST, LOUDEST)
    return _Said(heard[loudest].astype(np.int32), weights, np.maximum(track, 0), share)


def _faded(history: History, parameters: ContentParameters) -> Matrix:
    """Return the weights as they are heard now; where nobody knows when, all alike."""
    if not history.at.any():
        return history.weights
    ages = np.arange(len(history) - 1, -1, -1, dtype=np.float32)
    fading = np.maximum(0.5 ** (ages / parameters.half_life_entries), parameters.faintest)
    found: Matrix = history.weights * fading.astype(np.float32)
    return found


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: ContentParameters | None = None,
) -> ContentModel:
    """Locate the items by how they sound, or by what else is known; listens are not looked at."""
    sound = {name: features[name] for name in RECIPES if name in features}
    return located(sound or features, interactions.items, parameters=parameters or DEFAULT)


def located(
    features: FeatureVectors,
    items: tuple[str, ...] | None = None,
    version: str = "",
    parameters: ContentParameters = DEFAULT,
) -> ContentModel:
    """Make the model of `items`, by default all that have features: set -> track id -> vector.

    A set that only some tracks have weighs as much as the share that has it: while a set is being
    computed, nearness moves from the old sets to the new one step by step. A track is compared by
    what it has, and is less near to one of which other things are known.

    Raises:
        ValueError: a set's vectors differ in length, or hold what is no number.
    """
    if items is None:
        items = tuple(dict.fromkeys(chain.from_iterable(features.values())))
    rows = {id: row for row, id in enumerate(items)}
    lenses, blocks = {}, []
    for name, all_vectors in features.items():
        vectors = {id: vector for id, vector in all_vectors.items() if id in rows}
        if not vectors:
            continue
        raw = _matrix(name, vectors)
        lenses[name] = learn(raw, RECIPES.get(name, Recipe()))
        block = np.zeros((len(items), lenses[name].axes.shape[1]), np.float32)
        block[[rows[id] for id in vectors]] = lenses[name].directions(raw) * (len(raw) / len(items))
        blocks.append(block)
    points = np.hstack(blocks) if blocks else np.zeros((len(items), 1), np.float32)
    return ContentModel(items, unit(points), lenses, parameters, version)


def _matrix(name: str, vectors: Mapping[str, Numbers]) -> Numbers:
    lengths = {vector.shape for vector in vectors.values()}
    if len(lengths) != 1:
        raise ValueError(f"the vectors of {name} are not of one length: {sorted(lengths)[:3]}")
    raw = np.concatenate(list(vectors.values())).reshape(len(vectors), -1)
    if not np.isfinite(raw).all():
        raise ValueError(f"a vector of {name} holds what is no number")
    return raw


def spread(model: ContentModel, count: int, seed: int, exclude: Collection[str] = ()) -> list[str]:
    """Return tracks that lie far from each other, so that together they show the whole library.

    Farthest-point traversal (Gonzalez 1985) over SAMPLE tracks for each, drawn by `seed`.
    """
    # So many more as may turn out to be excluded.
    open_share = max(1 - len(exclude) / max(len(model), 1), 1e-6)
    sample = min(int(SAMPLE * count / open_share), len(model))
    rows = np.random.default_rng(seed).choice(len(model), sample, replace=False)
    refused = frozenset(exclude)
    rows = rows[[model.items[row] not in refused for row in rows.tolist()]]
    vectors = model.vectors[rows]
    chosen: list[int] = []
    nearest = np.full(len(rows), -1.0, np.float32)
    while len(chosen) < min(count, len(rows)):
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
        nearest[chosen] = np.inf
    return [model.items[rows[place]] for place in chosen]
