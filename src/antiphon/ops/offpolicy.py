"""What another ranker would have done with what was shown: joined from the log, told by SNIPS.

Of each listen that came from a ranked place of the endless queue, the other ranker looks at the
same place: the listener as they were when the answer was made, the tracks that could have come
there, and what stood before. Its chance to put the same track there, drawn at the same temperature,
against the logged one is the weight of what came of it. Listeners who have moved the slider are
left out, as it bends the ranking.

That answers one question: how often would a track be heard without a skip if this one place had
been the other ranker's, all else as it was? It cannot tell of tracks that were not among those
drawn from, nor what listeners would have done after many such answers. Likes and refusals are those
that still stand, and what was forgotten since is not known any more.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import msgspec
import numpy as np

from antiphon.evaluation.errors import DataError
from antiphon.evaluation.snips import Estimate, estimate
from antiphon.model import Familiarity, Listen, Preferences, Showing, Track
from antiphon.ops.outcomes import every, is_skip
from antiphon.store import In, Range, Store
from antiphon.store.schema import FAMILIARITIES, LISTENS, PREFERENCES, SHOWINGS, TRACKS
from antiphon.taste.draw import drawn
from antiphon.taste.ensemble import Ensemble, ranked
from antiphon.taste.generators import RANKED
from antiphon.taste.listener import SITTING_GAP_MS, ListenerState, history_of, state_of
from antiphon.taste.memory import RECENT_LISTENS, remembered
from antiphon.taste.policy import POLICY, Policy
from antiphon.taste.weights import WEIGHTS, Weights

SURFACE = "next"
# Where the slider changes nothing.
MIDDLE = Preferences(id="").discover
# Fewer outcomes say nothing.
LEAST = 30
# Showings that are read at once.
_TOGETHER = 200


class OffPolicy(msgspec.Struct, frozen=True):
    """What a ranker would have been worth at the ranked places that were heard since `since`.

    The values are shares of tracks that are not skipped. `left_out` listens came from answers that
    are no longer kept, or could not be weighed.
    """

    ranker: str
    since: int
    listeners: int
    answers: int
    left_out: int
    estimate: Estimate


@dataclass(frozen=True)
class _Outcome:
    """One listen from a ranked place: what came of it, and both chances to put its track there."""

    sitting: int
    reward: float
    logged: float
    new: float


@dataclass(frozen=True)
class _Past:
    """One listener's listens in the order of time, and what they said and set."""

    user_id: str
    listens: Sequence[Listen]
    feedback: Sequence[Familiarity]
    preferences: Preferences | None
    gap_ms: int
    weights: Weights

    @property
    def discover(self) -> float:
        """Where their slider stands."""
        return (self.preferences or Preferences(id="")).discover

    def at(self, moment: int) -> ListenerState:
        """Return the listener as they were at a moment, in milliseconds."""
        before = self.listens[: bisect_right(self.listens, moment, key=lambda one: one.at)]
        said = [one for one in self.feedback if one.feedback_at <= moment]
        plays = sum(one.played for one in before)
        memory = remembered(before[-RECENT_LISTENS:], said, plays, self.preferences)
        return state_of(self.user_id, memory, moment, gap_ms=self.gap_ms, weights=self.weights)

    def sittings(self) -> list[int]:
        """Number the sittings: one begins after each silence."""
        begun = [one.at - one.played_ms for one in self.listens]
        late = [
            start - before.at > self.gap_ms
            for start, before in zip(begun[1:], self.listens, strict=False)
        ]
        return [0, *np.cumsum(late).tolist()]


def judged(
    store: Store,
    ranker: Ensemble,
    name: str,
    since: int,
    *,
    user_id: str | None = None,
    policy: Policy = POLICY,
    gap_ms: int = SITTING_GAP_MS,
    weights: Weights = WEIGHTS,
) -> OffPolicy:
    """Return what a ranker would have been worth from `since` on, in milliseconds.

    It MUST have learned nothing of what was heard since then. `policy` is the one that was in use.
    Intervals draw sittings anew, each with all its listens: they are for these listeners, on other
    evenings.

    Raises:
        DataError: there are too few outcomes to say anything.
    """
    found: list[_Outcome] = []
    units: list[tuple[str, int]] = []
    answers: set[str] = set()
    total = 0
    for past in _pasts(store, since, user_id, gap_ms, weights):
        wanted = [
            (listen, number)
            for listen, number in zip(past.listens, past.sittings(), strict=True)
            if listen.at >= since and _is_ranked(listen)
        ]
        total += len(wanted)
        if past.discover != MIDDLE:
            continue
        for outcome, answer in _outcomes(store, ranker, past, wanted, policy):
            found.append(outcome)
            units.append((past.user_id, outcome.sitting))
            answers.add(answer)
    if len(found) < LEAST:
        raise DataError(
            f"Only {len(found)} listens since then came from ranked places of answers that are"
            f" kept; it takes {LEAST}. Listen on, or ask for more --days."
        )
    return OffPolicy(
        name, since, len({user for user, _ in units}), len(answers), total - len(found),
        _estimate(found, units),
    )  # fmt: skip


def _is_ranked(listen: Listen) -> bool:
    """Say whether it came from a ranked place of the queue: other surfaces rank by more."""
    shown = listen.shown
    return shown is not None and shown.surface == SURFACE and shown.generator in RANKED


def _estimate(found: Sequence[_Outcome], units: Sequence[tuple[str, int]]) -> Estimate:
    numbers = {unit: number for number, unit in enumerate(dict.fromkeys(units))}
    reward, logged, new = np.array([(one.reward, one.logged, one.new) for one in found]).T
    unit = np.array([numbers[unit] for unit in units], np.int32)
    return estimate(reward, new, logged, unit)


def _pasts(
    store: Store, since: int, user_id: str | None, gap_ms: int, weights: Weights
) -> Iterator[_Past]:
    """Yield what each listener did who heard something since then."""
    where = {} if user_id is None else {"user_id": user_id}
    recent = {"at": Range(gte=since)} | where
    for user, listens in groupby(every(store, LISTENS, recent), key=lambda one: one.user_id):
        before = store.find(
            LISTENS,
            {"user_id": user, "at": Range(lt=since)},
            ("user_id", "at"),
            descending=True,
            limit=RECENT_LISTENS,
        )
        said = {"user_id": user, "feedback": In(("like", "dislike", "ban"))}
        yield _Past(
            user,
            [*reversed(before), *listens],
            store.find(FAMILIARITIES, said),
            store.get(PREFERENCES, user),
            gap_ms,
            weights,
        )


def _outcomes(
    store: Store,
    ranker: Ensemble,
    past: _Past,
    wanted: Sequence[tuple[Listen, int]],
    policy: Policy,
) -> Iterator[tuple[_Outcome, str]]:
    """Yield the outcomes that can be weighed, with their answers, a few answers at a time."""
    rest = iter(wanted)
    while some := list(islice(rest, _TOGETHER)):
        showings = store.get_many(SHOWINGS, {one.shown.answer for one, _ in some if one.shown})
        ids = {id for showing in showings.values() for id in showing.pool}
        ids |= {item.track_id for showing in showings.values() for item in showing.items}
        tracks = store.get_many(TRACKS, ids)
        scores = {
            showing.id: _scores(ranker, past.at(showing.at), showing)
            for showing in showings.values()
        }
        for listen, sitting in some:
            showing = showings.get(listen.shown.answer) if listen.shown else None
            if showing is None or listen.shown is None or not listen.shown.probability > 0:
                continue
            new = _chance(listen.track_id, showing, scores[showing.id], tracks, policy)
            if new is not None:
                reward = float(not is_skip(listen))
                yield _Outcome(sitting, reward, listen.shown.probability, new), showing.id


def _scores(ranker: Ensemble, listener: ListenerState, showing: Showing) -> list[float]:
    """Return what the ranker thinks of each track of the pool; nothing (0) of one unknown to it."""
    known = tuple(one for one in listener.told if one.track_id in ranker.rows)
    history = history_of(known, ranker.rows, listener.now, listener.gap_ms)
    total = ranked(ranker, history).total
    rows = (ranker.rows.get(id) for id in showing.pool)
    return [0.0 if row is None else float(total[row]) for row in rows]


def _chance(
    track_id: str,
    showing: Showing,
    scores: Sequence[float],
    tracks: Mapping[str, Track],
    policy: Policy,
) -> float | None:
    """Return how likely a ranker with these scores was to put a track where it stood.

    It is drawn from what was left of the pool there: what did not stand before, of artists that had
    not had enough places. None where the track was not among that: it came by another way.
    """
    place = next((n for n, one in enumerate(showing.items) if one.track_id == track_id), None)
    if place is None or track_id not in showing.pool:
        return None
    left = _left(showing, place, tracks, policy)
    mine = showing.pool.index(track_id)
    if mine not in left:
        return None
    draw = drawn(scores, policy.temperature, np.random.default_rng(0))
    if not len(draw.logits):
        return float(mine == max(left, key=lambda n: scores[n]))
    logits = draw.logits[left]
    odds = np.exp(logits - logits.max())
    return float(odds[left.index(mine)] / odds.sum())


def _left(showing: Showing, place: int, tracks: Mapping[str, Track], policy: Policy) -> list[int]:
    """Return the places in the pool of what could still come at a place of the answer."""
    before = [item.track_id for item in showing.items[:place]]
    counts = Counter(artist for id in before for artist in _artists(id, tracks))
    most = policy.per_artist or len(before) + 1
    enough = {artist for artist, count in counts.items() if count >= most}
    return [
        n
        for n, id in enumerate(showing.pool)
        if id not in before and enough.isdisjoint(_artists(id, tracks))
    ]


def _artists(track_id: str, tracks: Mapping[str, Track]) -> tuple[str, ...]:
    """Return the artists that a track counts for in the policy."""
    track = tracks.get(track_id)
    return track.artist_ids[:1] if track else ()
