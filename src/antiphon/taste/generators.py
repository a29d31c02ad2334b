"""The generators: each turns what is known of a listener into candidates, the best first."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

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
from antiphon.taste.interactions import Ints
from antiphon.taste.listener import Evidence, ListenerState, history_of
from antiphon.taste.reasons import Reason, reasons
from antiphon.taste.recommender import best

Generator = Literal["fresh", "repeat", "spread", "kin", "library"] | Kind


@dataclass(frozen=True)
class Candidate:
    """A track that one generator proposes; scores compare within that generator only."""

    track_id: str
    score: float
    generator: Generator
    reasons: tuple[Reason, ...] = ()


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
) -> Proposal:
    """Propose the tracks that all models together want most, after what was told.

    Where nothing speaks for anything, there is nothing to propose.
    """
    known = tuple(one for one in told if one.track_id in ensemble.rows)
    ranking = ranked(ensemble, history_of(known, ensemble.rows, now))
    if not ranking.said:
        return Proposal()
    total = ranking.total.copy()
    total[[ensemble.rows[id] for id in exclude if id in ensemble.rows]] = -np.inf
    rows = _wanted(total, limit)
    found = tuple(
        Candidate(ensemble.items[row], float(total[row]), kind_of(voice))
        for row, voice in zip(rows.tolist(), loudest(ranking, rows), strict=True)
    )
    return Proposal(found, known, ranking)


def around(
    ensemble: Ensemble,
    seeds: Sequence[Evidence],
    mood: Sequence[Evidence],
    *,
    now: int,
    limit: int,
    exclude: Collection[str] = (),
) -> Proposal:
    """Propose the tracks around some seeds, bent by the mood that the listener is in.

    Only those models are asked that know something of the seeds: of a track that nobody has played
    yet it is its sound alone that speaks. What most listeners play has nothing to do with them.
    """
    known = [one for one in seeds if one.track_id in ensemble.rows]
    about = ranked(ensemble, history_of(known, ensemble.rows, now))
    asked = ensemble.of(*(name for name in about.said if kind_of(name) != "popular"))
    return by_taste(asked, [*mood, *known], now=now, limit=limit, exclude=exclude)


def _wanted(total: np.ndarray, limit: int) -> Ints:
    """Return the rows of the highest scores that are more than the ordinary."""
    if not min(limit, len(total)):
        return np.empty(0, np.int32)
    rows = best(total, limit)
    return rows[total[rows] > 0]


def due(
    ensemble: Ensemble,
    told: Sequence[Evidence],
    *,
    now: int,
    limit: int,
    exclude: Collection[str] = (),
) -> list[Candidate]:
    """Propose what the listener likes or has played more than once, what is due again first."""
    known = [one for one in told if one.track_id in ensemble.rows]
    times = Counter(one.track_id for one in known if one.weight > 0)
    liked = {one.track_id for one in known if one.why == "liked"}
    back = [id for id, count in times.items() if (count > 1 or id in liked) and id not in exclude]
    rows = np.array([ensemble.rows[id] for id in back], np.int32)
    scores = spoken(ensemble, REPEAT, history_of(known, ensemble.rows, now), rows)
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
