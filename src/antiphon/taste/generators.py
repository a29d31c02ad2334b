"""The generators: each turns what is known of a listener into scored candidates with reasons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from antiphon.taste.content import Affinities, ContentModel, affinities, spread
from antiphon.taste.listener import Evidence, ListenerState, Why

Generator = Literal["content", "fresh", "repeat", "popular", "spread", "kin"]


@dataclass(frozen=True)
class Reason:
    """Why a candidate is one: what the listener did (`why`) with another track, or just a fact."""

    why: Why | Literal["new", "again", "popular", "spread", "same artist", "same genre"]
    track_id: str = ""


@dataclass(frozen=True)
class Candidate:
    """A track that one generator proposes; scores compare within that generator only."""

    track_id: str
    score: float
    generator: Generator
    reasons: tuple[Reason, ...] = ()


def by_content(model: ContentModel, evidence: Sequence[Evidence], limit: int) -> list[Candidate]:
    """Propose the tracks whose sound is nearest to what is wanted, farthest from what is not.

    Without any evidence in favour there is nothing to propose.
    """
    wanted = affinities(model, evidence)
    if not any(seed.weight > 0 for seed in wanted.seeds):
        return []
    top = _largest(wanted.total, limit)
    return [
        Candidate(model.ids[row], float(wanted.total[row]), "content", _strongest(wanted, row))
        for row in top
        if wanted.total[row] > 0
    ]


def to_spread(model: ContentModel, state: ListenerState, limit: int, seed: int) -> list[Candidate]:
    """Propose tracks far from each other, to learn the taste of a listener nobody knows yet."""
    found = spread(model, limit, seed, {*state.recent, *state.disliked})
    return [Candidate(id, 0.0, "spread", (Reason("spread"),)) for id in found]


def unheard(track_ids: Iterable[str], heard: set[str]) -> list[Candidate]:
    """Propose those of the newest tracks that the listener has never heard, in their order."""
    return [Candidate(id, 0.0, "fresh", (Reason("new"),)) for id in track_ids if id not in heard]


def again(track_ids: Iterable[str], recent: Sequence[str]) -> list[Candidate]:
    """Propose the favourites among `track_ids` that were not played lately, in their order."""
    lately = set(recent)
    return [
        Candidate(id, 0.0, "repeat", (Reason("again"),)) for id in track_ids if id not in lately
    ]


def popular(track_ids: Iterable[str]) -> list[Candidate]:
    """Propose what this server's listeners play most, in that order."""
    return [Candidate(id, 0.0, "popular", (Reason("popular"),)) for id in track_ids]


def _largest(values: np.ndarray, limit: int) -> list[int]:
    count = min(limit, len(values))
    if not count:
        return []
    top = np.argpartition(-values, count - 1)[:count]
    return [int(row) for row in top[np.argsort(-values[top], kind="stable")]]


def _strongest(wanted: Affinities, row: int, count: int = 2) -> tuple[Reason, ...]:
    """Return the seeds that contribute most to a track, without the track itself."""
    parts = wanted.parts[row]
    best = [int(seed) for seed in np.argsort(-parts)[:count] if parts[seed] > 0]
    return tuple(Reason(wanted.seeds[seed].why, wanted.seeds[seed].track_id) for seed in best)
