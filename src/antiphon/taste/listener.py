"""What the generators need to know about a listener now, as plain values.

A listen says how much a track was wanted; the weights here are data, so that they can be tuned.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np

from antiphon.model import Familiarity, Listen
from antiphon.taste.interactions import History

Why = Literal["liked", "finished", "played", "skipped", "disliked", "seed"]

# How much one listen or one feedback speaks for (or against) a track.
FINISHED = 1.0
PLAYED = 0.4
LATE_SKIP = -0.1
SKIP = -0.6
EARLY_SKIP = -1.0
LIKED = 2.0
DISLIKED = -2.0
EARLY_SKIP_MS = 30_000
# After this many later listens a listen speaks half as loud: the present mood leads.
HALF_LIFE_LISTENS = 12.0
# Nothing speaks louder than this, however often it is repeated.
LOUDEST = 3.0
# So long without music ends a sitting.
SITTING_GAP_MS = 30 * 60_000


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """How much one track is wanted (negative: not) by what the listener did with it, and when.

    `at` is in milliseconds, 0 where it is of no moment.
    """

    track_id: str
    weight: float
    why: Why
    at: int = 0


@dataclass(frozen=True)
class ListenerState:
    """A listener at the moment `now`, in milliseconds.

    `told` are listens and feedback, oldest first; `recent` are the last tracks, latest first;
    `disliked` must not be played. `plays` is how many plays there are in all, and so how well
    Antiphon knows the listener.
    """

    user_id: str
    told: tuple[Evidence, ...] = ()
    recent: tuple[str, ...] = ()
    disliked: frozenset[str] = frozenset()
    plays: int = 0
    now: int = 0

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        """What was told, summed up for each track, the strongest first; old listens speak softer.

        What is said in words does not fade.
        """
        said: defaultdict[str, list[tuple[float, Why]]] = defaultdict(list)
        age = 0
        for one in reversed(self.told):
            is_word = one.why in {"liked", "disliked"}
            weight = one.weight * (1.0 if is_word else 0.5 ** (age / HALF_LIFE_LISTENS))
            said[one.track_id].append((weight, one.why))
            age += not is_word
        summed = (_summed(id, parts) for id, parts in said.items())
        return tuple(
            sorted((one for one in summed if one.weight), key=lambda one: -abs(one.weight))
        )


def listen_weight(listen: Listen) -> tuple[float, Why]:
    """Return how much one listen speaks for its track, and why."""
    if listen.ended == "completed":
        return FINISHED, "finished"
    if listen.ended == "skipped":
        if listen.played:
            return LATE_SKIP, "skipped"
        return (EARLY_SKIP if listen.played_ms < EARLY_SKIP_MS else SKIP), "skipped"
    return (PLAYED if listen.played else 0.0), "played"


def state_of(
    user_id: str,
    listens: Iterable[Listen],
    feedback: Iterable[Familiarity],
    plays: int,
    now: int = 0,
) -> ListenerState:
    """Return the state at `now` after `listens` (latest first) and explicit `feedback`.

    What is not for the listener is that, whatever they did with it before.
    """
    said = list(feedback)
    disliked = frozenset(one.track_id for one in said if one.feedback != "like")
    recent: dict[str, None] = {}
    told: list[Evidence] = []
    for listen in listens:
        recent.setdefault(listen.track_id)
        if listen.track_id not in disliked:
            weight, why = listen_weight(listen)
            told.append(Evidence(listen.track_id, weight, why, listen.at))
    told.reverse()
    told += [
        Evidence(one.track_id, LIKED, "liked", one.feedback_at)
        if one.feedback == "like"
        else Evidence(one.track_id, DISLIKED, "disliked", one.feedback_at)
        for one in said
    ]
    in_time = tuple(sorted(told, key=lambda one: one.at))
    return ListenerState(user_id, in_time, tuple(recent), disliked, plays, now)


def history_of(told: Sequence[Evidence], rows: Mapping[str, int], now: int) -> History:
    """Return what was told, oldest first, as a history over the catalogue where tracks have `rows`.

    Each of `told` MUST be in the catalogue.
    """
    at = np.array([one.at for one in told], np.int64)
    return History(
        np.array([rows[one.track_id] for one in told], np.int32),
        np.array([one.weight for one in told], np.float32),
        at,
        sitting(at, now),
        now,
    )


def sitting(at: np.ndarray, now: int) -> int:
    """Return how many of the moments (n,), oldest first, are of the sitting that goes on at `now`.

    >>> sitting(np.array([0, 60_000, 9_000_000, 9_100_000]), 9_200_000)
    2
    """
    pauses = np.diff(at, append=now) > SITTING_GAP_MS
    ends = np.flatnonzero(pauses)
    return len(at) - (int(ends[-1]) + 1 if len(ends) else 0)


def _summed(track_id: str, parts: list[tuple[float, Why]]) -> Evidence:
    """Return what all that was said of a track comes to, and what of it says so most."""
    weight = max(-LOUDEST, min(LOUDEST, sum(part for part, _ in parts)))
    _, why = max(parts, key=lambda part: part[0] if weight > 0 else -part[0])
    return Evidence(track_id, weight, why)
