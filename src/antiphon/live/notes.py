"""Notes: what an answer says of what the listener did just now, where it is true of the answer."""

from collections import Counter
from collections.abc import Iterable, Sequence

from antiphon.live.choice import Chosen
from antiphon.model import Track
from antiphon.store import Store
from antiphon.store.schema import TRACKS
from antiphon.taste.listener import Evidence, ListenerState

# The last so many acts of a sitting are spoken of, and the first so many tracks of the answer.
ACTS = 6
FIRST = 10
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
# Skips that say nothing of a track are weaker.
_TELLING = -0.3


def note_of(store: Store, listener: ListenerState, made: Chosen) -> str:
    """Return in words what the last acts have changed, "" where nothing is to be said.

    Who skipped several by one artist, or of one genre, is told so if the answer now begins without
    that artist, or with little of that genre; who liked a track, if it is a reason of the answer.
    """
    acts = listener.session[-ACTS:]
    if not acts:
        return ""
    if acts[-1].why == "liked":
        return _of_a_like(store, acts[-1].track_id, made)
    skips = [one.track_id for one in acts if _is_skip(one)]
    if not _is_skip(acts[-1]) or len(skips) < 2:
        return ""
    tracks = store.get_many(TRACKS, skips)
    return _of_skips([tracks[id] for id in skips if id in tracks], _first(made))


def _is_skip(one: Evidence) -> bool:
    return one.why == "skipped" and one.weight < _TELLING


def _first(made: Chosen) -> list[Track]:
    first = (made.tracks.get(item.track_id) for item in made.items[:FIRST])
    return [track for track in first if track]


def _of_a_like(store: Store, track_id: str, made: Chosen) -> str:
    track = store.get(TRACKS, track_id)
    reasons = [reason for item in made.items[:FIRST] for reason in item.reasons]
    if track is None or not any(track.title in reason for reason in reasons):
        return ""
    return f"You like {track.title}: more like that."


def _of_skips(skipped: Sequence[Track], first: Sequence[Track]) -> str:
    artist, count = _commonest(track.artist_ids[:1] for track in skipped)
    names = {one.id: one.name for track in skipped for one in track.artists}
    name = names.get(artist, "")
    if name and count > 1 and not any(artist in track.artist_ids for track in first):
        return f"You skipped {_NUMBERS[count]} by {name} just now: less like that."
    genre, count = _commonest(track.genres for track in skipped)
    left = sum(genre in track.genres for track in first)
    if count > 1 and FIRST * left < 2 * len(first):
        return f"You skipped {_NUMBERS[count]} of {genre} just now: less of that."
    return ""


def _commonest(names: Iterable[Sequence[str]]) -> tuple[str, int]:
    counts = Counter(name for each in names for name in each)
    return counts.most_common(1)[0] if counts else ("", 0)
