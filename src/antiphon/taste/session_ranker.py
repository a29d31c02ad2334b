"""Sessions, ranked: what neighbours and iALS put forward, put in order by a forest of trees.

The forest is learned from the latest sessions: each of their next tracks is looked for among the
candidates that the sessions before it give. Then sessions and vectors are fitted to all of them.
`session_features` says what is known of a candidate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.compute.als import AlsParameters
from antiphon.taste import ials, session_candidates, sessions, trees
from antiphon.taste.ials import Trainer
from antiphon.taste.interactions import History, Interactions, Ints, Longs, Matrix, only
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.session_candidates import Candidates, Clicks, of_prefixes, of_replay
from antiphon.taste.session_log import NONE
from antiphon.taste.sessions import SessionKnn, SessionParameters
from antiphon.taste.trees import TreeParameters

# The length of a session for which the vectors are scaled: iALS regularises by length.
_USUAL = 5
# Fewer answered questions than this teach nothing.
_LEAST = 200
# Questions, and items, that are worked on at a time.
_BATCH = 1000
_BLOCK = 512


class SessionRankerParameters(msgspec.Struct, frozen=True, kw_only=True):
    """How sessions are ranked.

    `replayed`: the forest learns from lists that know all that was clicked until that moment, as
    when clicks are added at once; else from what was known before the held-out sessions began.
    `held_out` is the share of the latest sessions it learns from, by so many `questions`, and
    `thinned` the share of their wrong candidates. `near` is how many items are kept near each;
    `trees`, `leaves` and `rate` are the forest's; the others are iALS's, over sessions.
    """

    replayed: bool = True
    held_out: float = 0.11
    questions: int = 100_000
    thinned: float = 0.4
    near: int = 50
    trees: int = 150
    leaves: int = 31
    rate: float = 0.1
    dimensions: int = 384
    epochs: int = 8
    unobserved: float = 0.0003
    regularisation: float = 0.003
    capacity: int = 0
    seed: int = 0
    threads: int = 1


@dataclass(frozen=True)
class SessionRanker:
    """Sessions, `vectors` (items, dimensions) of iALS's kernel, `near` (items, near), a forest.

    `near` are places of items, NONE where there are fewer. Where there was too little to learn
    from, `forest` is empty and the neighbours' votes stand.
    """

    items: tuple[str, ...]
    sessions: SessionKnn
    vectors: Matrix
    near: Ints
    forest: str

    def growing(self) -> "SessionRanker":
        """Return a copy whose sessions may be added to."""
        return replace(self, sessions=self.sessions.growing())

    def score(self, histories: Sequence[History]) -> Matrix:
        """Return the forest's values for the candidates, from 1, above all others' votes below."""
        scores = self.sessions.score(histories)
        prefixes = [self.sessions.prefix(history) for history in histories]
        asked = [row for row, prefix in enumerate(prefixes) if len(prefix)]
        if not self.forest or not asked:
            return scores
        found = of_prefixes(
            self.sessions.log, self.vectors, self.near, [prefixes[row] for row in asked]
        )
        values = trees.values(self.forest, found.features)
        ends = np.cumsum(found.counts)
        for row, start, end in zip(asked, ends - found.counts, ends, strict=True):
            mine = values[start:end]
            scores[row] /= max(float(scores[row].max()), 1e-9)
            scores[row, found.items[start:end]] = mine - mine.min() + 1
        return scores

    def contributions(self, history: History, item: int) -> Matrix:
        """Return how much lower `item` scores without each entry, (len(history),)."""
        found: Matrix = self.explain(history, np.array([item], np.int32))[0]
        return found

    def explain(self, history: History, items: Ints) -> Matrix:
        """Return how much lower each of `items` scores without each entry, (items, entries)."""
        left = [_without(history, entry) for entry in range(len(history))]
        scores = self.score([history, *left])[:, items]
        found: Matrix = (scores[0] - scores[1:]).T
        return found


def _without(history: History, entry: int) -> History:
    kept = np.arange(len(history)) != entry
    in_sitting = entry >= len(history) - history.sitting
    return replace(
        history,
        items=history.items[kept],
        weights=history.weights[kept],
        at=history.at[kept],
        sitting=history.sitting - in_sitting,
    )


def fit(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: SessionRankerParameters | None = None,
    train: Trainer | None = None,
) -> SessionRanker:
    """Learn a forest from the latest sessions, then fit all the rest to all sessions.

    `train` factorises, as for iALS.
    """
    parameters = parameters or SessionRankerParameters()
    known, later = divided(interactions, parameters.held_out)
    forest = ""
    if min(len(later), len(known)) >= _LEAST and trees.available():
        forest = learned(unranked(known, features, parameters, train), later, parameters)
    return replace(unranked(interactions, features, parameters, train), forest=forest)


def divided(interactions: Interactions, share: float) -> tuple[Interactions, Interactions]:
    """Return the interactions of all but the share of sessions that began last, and of these."""
    wanted = only(interactions, interactions.weight > 0)
    names = sessions.names(wanted)
    _, first, place = np.unique(names, return_index=True, return_inverse=True)
    is_later = first >= np.quantile(first, 1 - share) if len(first) else first > 0
    return only(wanted, ~is_later[place]), only(wanted, is_later[place])


def unranked(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: SessionRankerParameters,
    train: Trainer | None = None,
) -> SessionRanker:
    """Fit sessions and vectors, without a forest."""
    knn = sessions.fit(interactions, features, SessionParameters(capacity=parameters.capacity))
    vectors = kernel_vectors(interactions, features, parameters, train)
    return SessionRanker(interactions.items, knn, vectors, nearest(vectors, parameters.near), "")


def kernel_vectors(
    interactions: Interactions,
    features: FeatureVectors,
    parameters: SessionRankerParameters,
    train: Trainer | None = None,
) -> Matrix:
    """Return the vectors V D^-1/2 of iALS over sessions (see `ials`), (items, dimensions).

    Who played items with vectors Z and weights W scores V D^-1/2 Z' (W^-1 + Z Z')^-1 1.
    """
    if not (interactions.weight > 0).any():
        return np.zeros((len(interactions.items), parameters.dimensions), np.float32)
    names, session = np.unique(sessions.names(interactions), return_inverse=True)
    rows = replace(
        interactions, users=tuple(map(str, names)), user=session.astype(np.int32),
    )  # fmt: skip
    als = AlsParameters(
        dimensions=parameters.dimensions,
        epochs=parameters.epochs,
        unobserved=parameters.unobserved,
        regularisation=parameters.regularisation,
        seed=parameters.seed,
    )
    model = ials.fit(rows, features, als, train)
    own = model.regularisation * (_USUAL + model.offset) ** model.frequency_scaling
    vectors: Matrix = np.ascontiguousarray(
        (model.factors * (model.shared + np.float32(own))[:, None] ** -0.5).T, np.float32
    )
    return vectors


def nearest(vectors: Matrix, count: int) -> Ints:
    """Return the places of the items with the largest dot products, (items, count)."""
    from antiphon.taste.session_kernels import largest  # noqa: PLC0415 - numba takes seconds to load

    count = min(count, len(vectors))
    found = np.full((len(vectors), count), NONE, np.int32)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors.T
        largest(block, found[start : start + _BLOCK])
    return found


def learned(model: SessionRanker, later: Interactions, parameters: SessionRankerParameters) -> str:
    """Return a forest that puts each next track of the later sessions first; "" if too few are."""
    found, wanted = examples(model, later, parameters)
    if len(found.counts) < _LEAST:
        return ""
    growth = TreeParameters(
        trees=parameters.trees, leaves=parameters.leaves, rate=parameters.rate, seed=parameters.seed
    )
    return trees.grow(found.features, found.counts, wanted, growth, parameters.threads)


def examples(
    model: SessionRanker, later: Interactions, parameters: SessionRankerParameters
) -> tuple[Candidates, NDArray[np.bool_]]:
    """Return candidates for questions of the later sessions, and which were clicked next.

    Only questions whose answer is among the candidates: the others say nothing of their order.
    """
    clicks = session_candidates.clicks(later, sessions.names(later))
    rng = np.random.default_rng(parameters.seed)
    asked = np.zeros(len(clicks.item), np.bool_)
    asked[rng.permutation(np.flatnonzero(clicks.place > 0))[: parameters.questions]] = True
    described = described_replayed if parameters.replayed else described_frozen
    kept = [
        _answered(found, targets, parameters.thinned, rng)
        for found, targets in described(model, clicks, asked)
    ]
    items, features, counts, wanted = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return Candidates(items, features, counts), wanted


def described_frozen(
    model: SessionRanker, later: Clicks, asked: NDArray[np.bool_]
) -> Iterator[tuple[Candidates, Ints]]:
    """Yield the candidates that the model has for some clicks, and what they were, in batches."""
    places = np.flatnonzero(asked)
    for start in range(0, max(len(places), 1), _BATCH):
        batch = places[start : start + _BATCH]
        prefixes = [later.prefix(place) for place in batch]
        log = model.sessions.log
        yield of_prefixes(log, model.vectors, model.near, prefixes), later.item[batch]


def described_replayed(
    model: SessionRanker, later: Clicks, asked: NDArray[np.bool_]
) -> Iterator[tuple[Candidates, Ints]]:
    """Yield the same as it was at the moment of each click; the model stays as it is."""
    return of_replay(model.growing().sessions.log, model.vectors, model.near, later, asked)


def _answered(
    found: Candidates, targets: Ints, share: float, rng: np.random.Generator
) -> tuple[Ints, Matrix, Longs, NDArray[np.bool_]]:
    """Return the candidates of questions that have the answer among them, and which it is.

    Of the wrong ones a share is drawn, all alike: the forest learns as much from more questions.
    """
    wanted = found.items == np.repeat(targets, found.counts)
    group = np.repeat(np.arange(len(targets)), found.counts)
    has = np.bincount(group[wanted], minlength=len(targets)) > 0
    kept = has[group] & (wanted | (rng.random(len(wanted)) < share))
    counts = np.bincount(group[kept], minlength=len(targets))[has]
    return found.items[kept], found.features[kept], counts.astype(np.int64), wanted[kept]
