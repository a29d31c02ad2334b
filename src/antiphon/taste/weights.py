"""How much what a listener did with a track speaks for or against it: one table, to be tuned.

| what happened                               | weight            |
|---------------------------------------------|-------------------|
| heard to its end                            | `completed`       |
| left after it was a play, by no skip        | `played`          |
| left before that, by no skip                | 0                 |
| skipped within the first 30 s               | `early_skip`      |
| skipped later, from the beginning to 80 %   | `skip` to `late_skip`, in a straight line |
| skipped after 80 %                          | `late_skip`       |
| heard again within a day of a play of it    | `replayed` more, where that listen speaks for it |
| liked                                       | `liked`           |
| disliked or banned                          | `disliked`        |

What is said in words does not fade; a listen speaks half as loud after `half_life` later ones.
Nothing speaks louder than `loudest`, however often it is repeated. Everybody who weighs listens
asks here: the state of a listener, the training, and the evaluation.
"""

from pathlib import Path
from typing import Literal

import msgspec

from antiphon.model import Listen
from antiphon.taste.errors import WeightsError
from antiphon.taste.memory import Heard
from antiphon.taste.space import Span

SPACE = {
    "completed": Span(0.2, 3.0, log=True),
    "played": Span(0.0, 1.5),
    "early_skip": Span(-3.0, 0.0),
    "skip": Span(-2.0, 0.0),
    "late_skip": Span(-0.5, 0.5),
    "replayed": Span(0.0, 1.5),
    "liked": Span(0.5, 6.0, log=True),
    "disliked": Span(-6.0, -0.5),
    "half_life": Span(3.0, 100.0, log=True),
}

# The scrobble rule: a play is half the track or four minutes, whichever comes first.
PLAY_MS = 240_000
EARLY_MS = 30_000
# From this part of a track on, a skip hardly says anything.
LATE = 0.8
DAY_MS = 86_400_000

Why = Literal["liked", "finished", "played", "skipped", "disliked", "seed"]


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table, with what it holds unless somebody knows better."""

    completed: float = 1.0
    played: float = 0.4
    early_skip: float = -1.0
    skip: float = -0.7
    late_skip: float = -0.05
    replayed: float = 0.3
    liked: float = 2.0
    disliked: float = -2.0
    half_life: float = 12.0
    loudest: float = 3.0


WEIGHTS = Weights()


def weights_in(file: Path | None) -> Weights:
    """Return the table in a JSON file; the built-in one where there is no file.

    Raises:
        WeightsError: it cannot be read, or is no such table.
    """
    if file is None:
        return WEIGHTS
    try:
        return msgspec.json.decode(file.read_bytes(), type=Weights, strict=True)
    except (OSError, msgspec.DecodeError) as error:
        raise WeightsError(
            f"{file} is no table of weights: {error}. `antiphon tune --weights` writes one."
        ) from error


def share(listen: Listen | Heard) -> float:
    """Return how much of its track was played, 0 to 1; an unknown duration stands for 8 minutes."""
    return min(1.0, listen.played_ms / (listen.duration_ms or 2 * PLAY_MS))


def is_play(played_ms: int, duration_ms: int) -> bool:
    """Return whether a listen counts as a play; of an unknown duration, four minutes do.

    >>> is_play(90_000, 180_000), is_play(89_999, 180_000), is_play(240_000, 3_600_000)
    (True, False, True)
    """
    return played_ms >= min(duration_ms / 2 if duration_ms else PLAY_MS, PLAY_MS)


def listen_weight(
    listen: Listen | Heard, weights: Weights = WEIGHTS, *, replayed: bool = False
) -> tuple[float, Why]:
    """Return how much one listen speaks for its track, and why.

    >>> listen_weight(Heard("tr-1", 0, played_ms=192_000, duration_ms=240_000, end=1))
    (-0.05, 'skipped')
    """
    if listen.ended == "skipped":
        return _skip_weight(listen, weights), "skipped"
    if listen.ended == "completed":
        return weights.completed + replayed * weights.replayed, "finished"
    if not is_play(listen.played_ms, listen.duration_ms):
        return 0.0, "played"
    return weights.played + replayed * weights.replayed, "played"


class Replays:
    """Which of one listener's listens, oldest first, are of a track played within the day before.

    Only a play counts as one.
    """

    def __init__(self) -> None:
        self._played_at: dict[str, int] = {}

    def take(self, listen: Listen | Heard) -> bool:
        """Say of the next listen whether it is such a replay."""
        before = self._played_at.get(listen.track_id)
        if is_play(listen.played_ms, listen.duration_ms):
            self._played_at[listen.track_id] = listen.at
        return before is not None and listen.at - before <= DAY_MS


def _skip_weight(listen: Listen | Heard, weights: Weights) -> float:
    part = share(listen)
    if part >= LATE:
        return weights.late_skip
    if listen.played_ms < EARLY_MS:
        return weights.early_skip
    return weights.skip + (weights.late_skip - weights.skip) * part / LATE
