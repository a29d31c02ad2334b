"""Places of an answer: each is filled from the first of several lanes that has something left."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import replace

from antiphon.taste.draw import NEVER, Draw
from antiphon.taste.generators import Candidate

ArtistsOf = Callable[[str], Collection[str]]


@dataclass(frozen=True)
class Lane:
    """Candidates of one kind: those that were drawn in their order, then the others in theirs.

    The draw is of the first of the candidates.
    """

    candidates: Sequence[Candidate]
    draw: Draw

    def __iter__(self) -> Iterator[int]:
        """Yield where the candidates stand, the first to come first."""
        drawn_ones = self.draw.order.tolist()
        yield from drawn_ones
        yield from range(len(drawn_ones), len(self.candidates))


@dataclass
class Filling:
    """An answer being filled.

    `taken` says which place each track has, and `full` after which an artist had enough.
    """

    artists_of: ArtistsOf
    per_artist: int
    taken: dict[str, int] = field(default_factory=dict)
    full: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def fill(
        self, lanes: Mapping[str, Lane], turns: Iterator[Sequence[str]], limit: int
    ) -> list[Candidate]:
        """Fill up to `limit` places, each by the first lane of its turn that has something left."""
        waiting = {name: self._admitted(lane) for name, lane in lanes.items()}
        at: dict[str, dict[int, int]] = {name: {} for name in lanes}
        for place, turn in zip(range(limit), turns, strict=False):
            found = next(((name, one) for name in turn for one in waiting[name]), None)
            if found is None:
                break
            name, one = found
            at[name][one] = place
            self._take(lanes[name].candidates[one].track_id, place)
        placed = {
            place: candidate
            for name, lane in lanes.items()
            for place, candidate in self._with_probabilities(lane, at[name])
        }
        return [placed[place] for place in range(len(placed))]

    def _admitted(self, lane: Lane) -> Iterator[int]:
        return (one for one in lane if self._left(lane.candidates[one].track_id) == NEVER)

    def _take(self, track_id: str, place: int) -> None:
        self.taken[track_id] = place
        if self.per_artist:
            artists = self.artists_of(track_id)
            self.counts.update(artists)
            self.full |= {one: place for one in artists if self.counts[one] == self.per_artist}

    def _left(self, track_id: str) -> int:
        """Return the place after which a track could not come any more."""
        ends = [self.full[one] for one in self.artists_of(track_id) if one in self.full]
        return min(ends, default=NEVER) if track_id not in self.taken else self.taken[track_id]

    def _with_probabilities(
        self, lane: Lane, at: Mapping[int, int]
    ) -> Iterator[tuple[int, Candidate]]:
        """Yield the places of an answer that the lane has filled, with how likely that was."""
        count = len(lane.draw.logits)
        drawn_ones = [one for one in at if one < count]
        likely = lane.draw.probabilities(
            np.array(drawn_ones, np.int64),
            np.array([at[one] for one in drawn_ones], np.int64),
            np.array([self._left(one.track_id) for one in lane.candidates[:count]], np.int64),
        )
        known = dict(zip(drawn_ones, likely.tolist(), strict=True))
        for one, place in at.items():
            yield place, replace(lane.candidates[one], probability=known.get(one, 1.0))
