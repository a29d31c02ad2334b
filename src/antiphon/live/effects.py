"""What an event changes in the store: listens, familiarity, feedback; all or nothing, once.

`started`, `progress` and `queued` change nothing yet.
"""

from msgspec.structs import replace

from antiphon.events import ListenerEvent, UnreadableEventError
from antiphon.events.records import Kind
from antiphon.model import Familiarity, Feedback, Listen, Track
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, LISTENS, TRACKS, USERS

# The scrobble rule: a play is half the track or four minutes, whichever comes first.
PLAY_MS = 240_000
# What each kind leaves as the listener's word on the track; `undone` takes it back.
FEEDBACK: dict[Kind, Feedback | None] = {
    "liked": "like",
    "disliked": "dislike",
    "banned": "ban",
    "undone": None,
}


class UnknownListenerError(Exception):
    """The event's listener has no account: it was removed, and what it did is to be forgotten."""


def apply(store: Store, event: ListenerEvent) -> None:
    """Make the event's effects; applying it again changes nothing.

    Raises:
        UnknownListenerError: there is no such listener.
        UnreadableEventError: it speaks of a track that there is not, or lacks what its kind needs.
    """
    if store.get(USERS, event.user_id) is None:
        raise UnknownListenerError(f"there is no user {event.user_id!r}")
    track = store.get(TRACKS, event.track_id)
    if track is None:
        raise UnreadableEventError(f"there is no track {event.track_id!r}")

    def change() -> None:
        if event.kind == "ended":
            _ended(store, event, track)
        elif event.kind == "rated":
            _rated(store, event)
        elif event.kind in FEEDBACK:
            _feedback(store, event)

    store.transact(change)


def is_play(played_ms: int, duration_ms: int) -> bool:
    """Return whether a listen counts as a play; of an unknown duration, four minutes do.

    >>> is_play(90_000, 180_000), is_play(89_999, 180_000), is_play(240_000, 3_600_000)
    (True, False, True)
    """
    return played_ms >= min(duration_ms / 2 if duration_ms else PLAY_MS, PLAY_MS)


def _ended(store: Store, event: ListenerEvent, track: Track) -> None:
    if event.reason is None:
        raise UnreadableEventError("an ended event without a reason")
    id = f"{event.user_id}:{event.id}"
    if store.get(LISTENS, id) is not None:
        return
    played = is_play(event.played_ms, track.duration_ms)
    store.put(
        LISTENS,
        Listen(
            id=id,
            user_id=event.user_id,
            track_id=event.track_id,
            at=event.at,
            played_ms=event.played_ms,
            duration_ms=track.duration_ms,
            ended=event.reason,
            played=played,
            source=event.source,
            client=event.client,
        ),
    )
    known = _familiarity(store, event)
    skipped = event.reason == "skipped" and not played
    store.put(
        FAMILIARITIES,
        replace(
            known,
            plays=known.plays + played,
            skips=known.skips + skipped,
            last_at=max(known.last_at, event.at),
        ),
    )


def _feedback(store: Store, event: ListenerEvent) -> None:
    known = _familiarity(store, event)
    if event.at < known.feedback_at:
        return
    feedback = FEEDBACK[event.kind]
    store.put(
        FAMILIARITIES,
        replace(
            known,
            feedback=feedback,
            feedback_at=event.at,
            liked_at=event.at if feedback == "like" else 0,
        ),
    )


def _rated(store: Store, event: ListenerEvent) -> None:
    if event.rating is None:
        raise UnreadableEventError("a rated event without a rating")
    known = _familiarity(store, event)
    if event.at >= known.rated_at:
        store.put(FAMILIARITIES, replace(known, rating=event.rating, rated_at=event.at))


def _familiarity(store: Store, event: ListenerEvent) -> Familiarity:
    id = familiarity_id(event.user_id, event.track_id)
    return store.get(FAMILIARITIES, id) or Familiarity(
        id=id, user_id=event.user_id, track_id=event.track_id
    )


def familiarity_id(user_id: str, track_id: str) -> str:
    """Return the id of what this listener and this track have been through."""
    return f"{user_id}:{track_id}"
