"""What the generators need to know about a listener now, as plain values.

A listen says how much a track was wanted; the weights here are data, so that they can be tuned.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from antiphon.model import Familiarity, Listen

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


@dataclass(frozen=True)
class Evidence:
    """How much one track is wanted (negative: not) by what the listener did with it."""

    track_id: str
    weight: float
    why: Why


@dataclass(frozen=True)
class ListenerState:
    """A listener now: evidence (strongest first), the last tracks (latest first), and refusals.

    `plays` is how many plays there are in all, and so how well Antiphon knows the listener.
    """

    user_id: str
    evidence: tuple[Evidence, ...] = ()
    recent: tuple[str, ...] = ()
    disliked: frozenset[str] = frozenset()
    plays: int = 0


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
    user_id: str, listens: Iterable[Listen], feedback: Iterable[Familiarity], plays: int
) -> ListenerState:
    """Return the state after `listens` (latest first) and explicit `feedback`."""
    said: defaultdict[str, list[tuple[float, Why]]] = defaultdict(list)
    recent: dict[str, None] = {}
    for age, listen in enumerate(listens):
        weight, why = listen_weight(listen)
        recent.setdefault(listen.track_id)
        said[listen.track_id].append((weight * 0.5 ** (age / HALF_LIFE_LISTENS), why))
    disliked = set()
    for familiarity in feedback:
        if familiarity.feedback == "like":
            said[familiarity.track_id].append((LIKED, "liked"))
        else:
            disliked.add(familiarity.track_id)
            said[familiarity.track_id] = [(DISLIKED, "disliked")]
    evidence = sorted(
        (_summed(id, parts) for id, parts in said.items()), key=lambda item: -abs(item.weight)
    )
    heard = tuple(item for item in evidence if item.weight)
    return ListenerState(user_id, heard, tuple(recent), frozenset(disliked), plays)


def _summed(track_id: str, parts: list[tuple[float, Why]]) -> Evidence:
    """Return what all that was said of a track comes to, and what of it says so most."""
    weight = max(-LOUDEST, min(LOUDEST, sum(part for part, _ in parts)))
    _, why = max(parts, key=lambda part: part[0] if weight > 0 else -part[0])
    return Evidence(track_id, weight, why)
