"""The generators: each turns what is known of a listener into candidates, the best first."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec
import numpy as np
from msgspec.structs import replace

from antiphon.taste.content import ContentModel, spread
from antiphon.taste.ensemble import (
    REPEAT,
    Ensemble,
    Kind,
    Ranking,
    kind_of,
    loudest,
    ranked,
    spoken,
)
from antiphon.taste.interactions import Ints, Matrix
from antiphon.taste.listener import SITTING_GAP_MS, Evidence, ListenerState, history_of
from antiphon.taste.reasons import Reason, reasons
from antiphon.taste.recommender import best

Generator = Literal["fresh", "repeat", "spread", "kin", "library", "shuffle"] | Kind
# Those whose candidates are ranked by the models, and those that propose what nobody knows of.
RANKED: frozenset[Generator] = frozenset(get_args(Kind))
# What is wanted less than by so many deviations is spoken against: nobody has to explore it.
AGAINST = -0.5
EXPLORING: frozenset[Generator] = frozenset({"fresh", "spread"})


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A track that one generator proposes; scores compare within that generator only.

    `probability` is how likely the policy was to put it at its place, once it is chosen.
    """

    track_id: str
    score: float
    generator: Generator
    reasons: tuple[Reason, ...] = ()
    probability: float = 1.0


@dataclass(frozen=True)
class Proposal:
    """Candidates that were ranked for what was `told`, which can say why they are ones."""

    candidates: tuple[Candidate, ...] = ()
    told: tuple[Evidence, ...] = ()
    ranking: Ranking | None = None

    def with_reasons(self, chosen: Sequence[Candidate]) -> list[Candidate]:
        """Return the chosen candidates, those that were ranked here with their reasons.

        A reason is what contributes most to what the loudest voice says of the track.
        """
        if self.ranking is None:
            return list(chosen)
        mine = {candidate.track_id for candidate in self.candidates}
        open_ones = [one for one in chosen if not one.reasons and one.track_id in mine]
        found = reasons(self.ranking, self.told, [one.track_id for one in open_ones])
        return [replace(one, reasons=found.get(one.track_id, one.reasons)) for one in chosen]


def by_taste(
    ensemble: Ensemble,
    told: Sequence[Evidence],
    *,
    now: int,
    limit: int,
    exclude: Collection[str] = (),
    gap_ms: int = SITTING_GAP_MS,
    least: float | None = 0.0,
) -> Proposal:
    """Propose the tracks that all models together want most, after what was told.

    They are wanted by more than `least` deviations from the ordinary (None: however little). Where
    nothing speaks for anything, there is nothing to propose.
    """
    known = tuple(one for one in told if one.track_id in ensemble.rows)
    ranking = ranked(ensemble, history_of(known, ensemble.rows, now, gap_ms))
    if not ranking.said:
        return Proposal()
    total = ranking.total.copy()
    total[[ensemble.rows[id] for id in exclude if id in ensemble.rows]] = -np.inf
    rows = _wanted(total, limit, -np.inf if least is None else least)
    return Proposal(_candidates(ranking, total, rows), known, ranking)


def among(proposal: Proposal, ids: Iterable[str]) -> Proposal:
    """Propose those of `ids` that were ranked, the most wanted first, whatever their score."""
    ranking = proposal.ranking
    if ranking is None:
        return proposal
    ensemble = ranking.ensemble
    rows = np.array([ensemble.rows[id] for id in ids if id in ensemble.rows], np.int32)
    rows = rows[np.argsort(-ranking.total[rows], kind="stable")]
    found = _candidates(ranking, ranking.total, rows)
    return Proposal(found, proposal.told, ranking)


def weighed(proposal: Proposal, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates with what was ranked of them as scores, without those spoken against."""
    ranking = proposal.ranking
    if ranking is None:
        return list(candidates)
    rows = ranking.ensemble.rows
    scores = [
        float(ranking.total[rows[one.track_id]]) if one.track_id in rows else 0.0
        for one in candidates
    ]
    return [
        replace(one, score=score)
        for one, score in zip(candidates, scores, strict=True)
        if score > AGAINST
    ]


def around(
    ensemble: Ensemble,
    seeds: Sequence[Evidence],
    mood: Sequence[Evidence],
    *,
    now: int,
    limit: int,
    exclude: Collection[str] = (),
    gap_ms: int = SITTING_GAP_MS,
) -> Proposal:
    """Propose the tracks around some seeds, bent by the mood that the listener is in.

    Only those models are asked that know something of the seeds: of a track that nobody has played
    yet it is its sound alone that speaks. What most listeners play has nothing to do with them.
    """
    known = [one for one in seeds if one.track_id in ensemble.rows]
    about = ranked(ensemble, history_of(known, ensemble.rows, now, gap_ms))
    asked = ensemble.of(*(name for name in about.said if kind_of(name) != "popular"))
    told = [*mood, *known]
    return by_taste(asked, told, now=now, limit=limit, exclude=exclude, gap_ms=gap_ms)


def _candidates(ranking: Ranking, total: Matrix, rows: Ints) -> tuple[Candidate, ...]:
    items, kinds = ranking.ensemble.items, map(kind_of, loudest(ranking, rows))
    scored = zip(rows.tolist(), total[rows].tolist(), kinds, strict=True)
    return tuple(Candidate(items[row], score, kind) for row, score, kind in scored)


def _wanted(total: np.ndarray, limit: int, least: float) -> Ints:
    """Return the rows of the highest scores that are more than `least`."""
    if not min(limit, len(total)):
        return np.empty(0, np.int32)
    rows = best(total, limit)
    return rows[total[rows] > least]


def due(
    ensemble: Ensemble,
    told: Sequence[Evidence],
    *,
    now: int,
    limit: int,
    exclude: Collection[str] = (),
    gap_ms: int = SITTING_GAP_MS,
) -> list[Candidate]:
    """Propose what the listener likes or has played more than once, what is due again first."""
    times = Counter(one.track_id for one in told if one.weight > 0)
    liked = {one.track_id for one in told if one.why == "liked"}
    back = [
        id
        for id, count in times.items()
        if (count > 1 or id in liked) and id in ensemble.rows and id not in exclude
    ]
    if not back:
        return []
    known = [one for one in told if one.track_id in ensemble.rows]
    rows = np.array([ensemble.rows[id] for id in back], np.int32)
    history = history_of(known, ensemble.rows, now, gap_ms)
    scores = spoken(ensemble, REPEAT, history, rows)
    return [
        Candidate(back[place], float(scores[place]), "repeat", (Reason("again"),))
        for place in np.argsort(-scores, kind="stable")[:limit].tolist()
        if np.isfinite(scores[place])
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


def anything(track_ids: Iterable[str]) -> list[Candidate]:
    """Propose whatever is there, in its order: the last resort."""
    return [Candidate(id, 0.0, "library", (Reason("library"),)) for id in track_ids]
