"""What the generators need to know about a listener now, as plain values.

How much a listen says is in `taste.weights`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from antiphon.model import SourceKind
from antiphon.taste.interactions import History
from antiphon.taste.memory import ORIGINS, Memory
from antiphon.taste.weights import WEIGHTS, Replays, Weights, Why, listen_weight, share

# So long without music ends a sitting, unless the operator says otherwise.
SITTING_GAP_MS = 30 * 60_000
_WORDS: frozenset[Why] = frozenset({"liked", "disliked"})


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """How much one track is wanted (negative: not) by what the listener did with it, and when.

    `at` is in milliseconds, 0 where it is of no moment. Of a listen, `share` is how much of the
    track was played (0 to 1), `replayed` whether it had been played within the day before, and
    `source` where it came from.
    """

    track_id: str
    weight: float
    why: Why
    at: int = 0
    share: float = 0.0
    replayed: bool = False
    source: SourceKind | None = None


@dataclass(frozen=True)
class ListenerState:
    """A listener at the moment `now`, in milliseconds.

    `told` are listens and feedback, oldest first; `recent` are the last tracks, latest first;
    `disliked` must not be played, nor anything by `banned_artists`. `plays` is how many plays there
    are in all, and so how well Antiphon knows the listener. `discover` is 0 for only the familiar
    and 1 for only what is new. While `private`, nothing is learned. A silence of `gap_ms` ends a
    sitting.
    """

    user_id: str
    told: tuple[Evidence, ...] = ()
    recent: tuple[str, ...] = ()
    disliked: frozenset[str] = frozenset()
    plays: int = 0
    now: int = 0
    banned_artists: frozenset[str] = frozenset()
    discover: float = 0.5
    private: bool = False
    gap_ms: int = SITTING_GAP_MS
    weights: Weights = WEIGHTS

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        """What was told, summed up for each track, the strongest first; old listens speak softer.

        What is said in words does not fade.
        """
        said: defaultdict[str, list[tuple[float, Why]]] = defaultdict(list)
        age = 0
        for one in reversed(self.told):
            is_word = one.why in _WORDS
            weight = one.weight * (1.0 if is_word else 0.5 ** (age / self.weights.half_life))
            said[one.track_id].append((weight, one.why))
            age += not is_word
        loudest = self.weights.loudest
        summed = (_summed(id, parts, loudest) for id, parts in said.items())
        return tuple(
            sorted((one for one in summed if one.weight), key=lambda one: -abs(one.weight))
        )

    @cached_property
    def session(self) -> tuple[Evidence, ...]:
        """What was told in the sitting that goes on, oldest first; nothing where none does."""
        at = np.array([one.at for one in self.told], np.int64)
        return self.told[len(at) - sitting(at, self.now, self.gap_ms) :]


def state_of(
    user_id: str,
    memory: Memory,
    now: int = 0,
    *,
    gap_ms: int = SITTING_GAP_MS,
    weights: Weights = WEIGHTS,
) -> ListenerState:
    """Return the state at `now` of a listener of whom that is remembered.

    What is not for the listener is that, whatever they did with it before. What they have excluded
    from their taste was heard, and says nothing.
    """
    disliked = frozenset(word.track_id for word in memory.dislikes)
    told = [
        *_listens_told(memory, disliked.union(memory.excluded_tracks), weights),
        *(Evidence(word.track_id, weights.liked, "liked", word.at) for word in memory.likes),
        *(
            Evidence(word.track_id, weights.disliked, "disliked", word.at)
            for word in memory.dislikes
        ),
    ]
    return ListenerState(
        user_id,
        tuple(sorted(told, key=lambda one: one.at)),
        tuple(dict.fromkeys(one.track_id for one in reversed(memory.heard))),
        disliked,
        memory.plays,
        now,
        frozenset(memory.banned_artists),
        memory.discover,
        memory.private,
        gap_ms,
        weights,
    )


def history_of(
    told: Sequence[Evidence], rows: Mapping[str, int], now: int, gap_ms: int = SITTING_GAP_MS
) -> History:
    """Return what was told, oldest first, as a history over the catalogue where tracks have `rows`.

    Each of `told` MUST be in the catalogue. A silence of `gap_ms` ends a sitting.
    """
    at = np.array([one.at for one in told], np.int64)
    return History(
        np.array([rows[one.track_id] for one in told], np.int32),
        np.array([one.weight for one in told], np.float32),
        at,
        sitting(at, now, gap_ms),
        now,
    )


def sitting(at: np.ndarray, now: int, gap_ms: int = SITTING_GAP_MS) -> int:
    """Return how many of the moments (n,), oldest first, are of the sitting that goes on at `now`.

    >>> sitting(np.array([0, 60_000, 9_000_000, 9_100_000]), 9_200_000)
    2
    """
    pauses = np.diff(at, append=now) > gap_ms
    ends = np.flatnonzero(pauses)
    return len(at) - (int(ends[-1]) + 1 if len(ends) else 0)


def _listens_told(memory: Memory, silent: Collection[str], weights: Weights) -> Iterator[Evidence]:
    """Return what the listens say, oldest first, but for those of the `silent` tracks."""
    playlists = {*memory.excluded_playlists}
    replays = Replays()
    for one in memory.heard:
        replayed = replays.take(one)
        if one.track_id not in silent and one.playlist_id not in playlists:
            weight, why = listen_weight(one, weights, replayed=replayed)
            yield Evidence(
                one.track_id, weight, why, one.at, share(one), replayed, ORIGINS[one.origin]
            )


def _summed(track_id: str, parts: list[tuple[float, Why]], loudest: float) -> Evidence:
    """Return what all that was said of a track comes to, and what of it says so most."""
    weight = max(-loudest, min(loudest, sum(part for part, _ in parts)))
    _, why = max(parts, key=lambda part: part[0] if weight > 0 else -part[0])
    return Evidence(track_id, weight, why)
