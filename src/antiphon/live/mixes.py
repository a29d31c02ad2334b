"""Daily mixes: a listener's taste falls into a few kinds of sound, and each is a mix of its own."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from antiphon.live.models import Serving
from antiphon.model import Track
from antiphon.store import Store
from antiphon.store.schema import TRACKS
from antiphon.taste.clusters import clusters
from antiphon.taste.listener import Evidence, ListenerState

DAY_MS = 86_400_000
# The tracks that speak loudest are looked at, 1 ms for them all.
MOST = 150
_NAMES = 2


@dataclass(frozen=True)
class Mix:
    """One kind of a listener's taste: what to call it, and the listener as far as they like it."""

    name: str
    artists: tuple[str, ...]
    listener: ListenerState
    seed: str


def mixes(store: Store, serving: Serving, listener: ListenerState) -> list[Mix]:
    """Return the kinds of sound that a listener likes, the greatest part first.

    What was liked and finished before today (UTC) counts, so that they stay the same over the day.
    """
    day = listener.now // DAY_MS
    past = replace(listener, told=tuple(o for o in listener.told if o.at < day * DAY_MS))
    rows = serving.content.rows
    liked = [one for one in past.evidence if one.weight > 0 and one.track_id in rows][:MOST]
    ids = [one.track_id for one in liked]
    found = clusters(serving.content.vectors[[rows[id] for id in ids]]) if ids else []
    tracks = store.get_many(TRACKS, ids) if found else {}
    everything = Counter(genre for track in tracks.values() for genre in track.genres)
    return [
        _mix(past, [liked[place] for place in cluster.tolist()], tracks, everything, str(day))
        for cluster in found
    ]


def _mix(
    listener: ListenerState,
    liked: Sequence[Evidence],
    tracks: dict[str, Track],
    everything: Counter[str],
    day: str,
) -> Mix:
    mine = {one.track_id for one in liked}
    own = [tracks[one.track_id] for one in liked if one.track_id in tracks]
    genres = Counter(genre for track in own for genre in track.genres)
    # Those that are of this kind rather than of the others, and of much of it.
    telling = sorted(genres, key=lambda g: (-(genres[g] ** 2) / everything[g], g))
    artists = _commonest(credit.name for track in own for credit in track.artists[:1])
    name = " and ".join(telling[:_NAMES]) or " and ".join(artists[:_NAMES])
    told = tuple(one for one in listener.told if one.track_id in mine)
    kind = replace(listener, told=told)
    return Mix(name or "Your", tuple(artists[:3]), kind, f"mix {day} {name}")


def _commonest(names: Iterable[str]) -> list[str]:
    return [name for name, _ in Counter(names).most_common()]
