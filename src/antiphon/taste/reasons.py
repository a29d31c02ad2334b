"""Why a track is a candidate: what contributes most to what the models say of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from antiphon.taste.ensemble import Kind, Ranking, contributions, kind_of, loudest
from antiphon.taste.interactions import Ints, Matrix
from antiphon.taste.listener import Evidence
from antiphon.taste.recommender import best
from antiphon.taste.weights import Why

Fact = Literal[
    "new",
    "again",
    "popular",
    "spread",
    "taste",
    "library",
    "earlier",
    "asked",
    "loved",
    "hour",
    "same artist",
    "same genre",
]
# A track is named that has at least this part in what speaks for a candidate; at most so many are.
_TELLING = 0.05
_NAMED = 2


@dataclass(frozen=True)
class Reason:
    """Why a candidate is one: what the listener did (`why`) with another track, or just a fact.

    `by` is the kind of model that knows what the two tracks have to do with each other.
    """

    why: Why | Fact
    track_id: str = ""
    by: Kind = "content"


def reasons(
    ranking: Ranking, told: Sequence[Evidence], ids: Sequence[str]
) -> dict[str, tuple[Reason, ...]]:
    """Return what speaks for each track, by the model that wants it most; a fact at least.

    `told` are the entries of the history that was ranked for.
    """
    rows = np.array([ranking.ensemble.rows[id] for id in ids], np.int32)
    voices = np.array(loudest(ranking, rows), object)
    favours = _favours(told)
    found: dict[str, tuple[Reason, ...]] = {}
    for voice in {*voices}:
        mine = np.flatnonzero(voices == voice)
        fact = Reason("popular" if kind_of(voice) == "popular" else "taste")
        named: Sequence[Sequence[str]] = [()] * len(mine)
        if voice:
            named = _telling(ranking, voice, rows[mine], favours.keys())
        for place, others in zip(mine.tolist(), named, strict=True):
            telling = (Reason(favours[other], other, kind_of(voice)) for other in others)
            found[ids[place]] = tuple(telling) or (fact,)
    return found


def _favours(told: Sequence[Evidence]) -> dict[str, Why]:
    """Return what speaks most for each track that anything speaks for."""
    loudest_last = sorted((one for one in told if one.weight > 0), key=lambda one: one.weight)
    return {one.track_id: one.why for one in loudest_last}


def _telling(
    ranking: Ranking, voice: str, rows: Ints, in_favour: Collection[str]
) -> list[list[str]]:
    """Return for each track those heard that contribute most to what a voice says of it."""
    heard, place = np.unique(ranking.history.items, return_inverse=True)
    names = [ranking.ensemble.items[row] for row in heard.tolist()]
    parts = np.zeros((len(rows), len(heard)), np.float32)
    np.add.at(parts.T, place, contributions(ranking, voice, rows).T)
    # A track is no reason for itself.
    parts[rows[:, None] == heard] = 0.0
    enough: Matrix = _TELLING * np.maximum(parts, 0.0).sum(axis=1, keepdims=True)
    may = np.array([name in in_favour for name in names], bool)
    named = best(np.where(may, parts, -np.inf), _NAMED)
    telling = may[named] & (np.take_along_axis(parts, named, axis=1) > enough)
    return [
        [names[other] for other, tells in zip(others, these, strict=True) if tells]
        for others, these in zip(named.tolist(), telling.tolist(), strict=True)
    ]
