"""Answers without models: while they are slow or broken, the music goes on.

First what was prepared before, without what was refused since; then what the listener comes back
to; then what most play; then anything there is, what was played last at last.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from antiphon.live import catalogue, state
from antiphon.live.choice import Chosen, Found, chosen
from antiphon.live.models import Serving
from antiphon.model import Track
from antiphon.store import Store, position
from antiphon.store.schema import ANSWERS, TRACKS
from antiphon.taste import generators
from antiphon.taste.generators import Candidate
from antiphon.taste.listener import ListenerState
from antiphon.taste.reasons import Reason

_PAGE = 200
_ORDER = ("missing", "added_at")


def without_models(
    store: Store,
    serving: Serving,
    listener: ListenerState,
    *,
    exclude: Collection[str],
    limit: int,
) -> Chosen:
    """Choose from what was prepared before, what the listener comes back to and what most play."""
    before = store.get(ANSWERS, f"{listener.user_id}:next")
    prepared = [
        Candidate(item.track_id, item.score, "library", (Reason("earlier"),))
        for item in (before.items if before else ())
    ]
    known = state.favourites(store, listener.user_id, 2 * limit)
    favourites = [one.track_id for one in known if one.plays > 1 or one.feedback == "like"]
    found = Found(
        rest=[
            *prepared,
            *generators.again(favourites, listener.recent),
            *generators.popular(track.id for track in catalogue.played_elsewhere(store, limit)),
        ]
    )
    return chosen(store, serving, listener, found, exclude=exclude, limit=limit)


def filled(
    store: Store,
    serving: Serving,
    listener: ListenerState,
    made: Chosen,
    *,
    exclude: Collection[str],
    limit: int,
) -> Chosen:
    """Fill the places that are left with whatever there is, what was played last at last."""
    if len(made.items) >= limit:
        return made
    refused = {*exclude, *listener.disliked, *(item.track_id for item in made.items)}
    there = _anything(store, listener, refused, limit + len(listener.recent))
    played = {id: place for place, id in enumerate(reversed(listener.recent), 1)}
    ids = sorted((track.id for track in there), key=lambda track_id: played.get(track_id, 0))
    more = chosen(
        store,
        serving,
        listener,
        Found(rest=generators.anything(ids)),
        exclude=refused,
        limit=limit - len(made.items),
    )
    return replace(made, items=made.items + more.items, tracks={**made.tracks, **more.tracks})


def _anything(
    store: Store, listener: ListenerState, refused: Collection[str], limit: int
) -> list[Track]:
    """Return so many tracks, the latest first, none of which is refused."""
    found = (
        track
        for track in _newest_first(store)
        if track.id not in refused and listener.banned_artists.isdisjoint(track.artist_ids)
    )
    return [track for track, _ in zip(found, range(limit), strict=False)]


def _newest_first(store: Store) -> Iterator[Track]:
    after = None
    while page := store.find(
        TRACKS, {"missing": False}, _ORDER, descending=True, limit=_PAGE, after=after
    ):
        yield from page
        after = position(page[-1], _ORDER)
