"""What listeners set: the slider, private sessions, what is left out of their taste, artists' bans.

It has its effect in the order of the log, whatever the clocks say: what is said last counts.
"""

from functools import partial
from typing import Literal

from msgspec.structs import replace

from antiphon.events import ListenerEvent, UnreadableEventError
from antiphon.events.records import Play
from antiphon.live.desk import Desk
from antiphon.model import Listen, Preferences
from antiphon.store.schema import PREFERENCES
from antiphon.taste.memory import after_wish, playlist_of

# More than a worker takes from the log at once.
SEEN = 500
_Field = Literal["banned_artists", "excluded_tracks", "excluded_playlists"]


def take(desk: Desk, event: ListenerEvent) -> None:
    """Set what the listener wants set.

    Raises:
        UnreadableEventError: it does not say what.
    """
    if was_seen(desk, event):
        desk.known += 1
        return
    wishes = replace(_changed(wishes_of(desk, event.user_id), event), changed_at=event.at)
    desk.ledger.put(PREFERENCES, _noted(wishes, event))
    desk.remember(event.user_id, partial(after_wish, preferences=wishes))


def wishes_of(desk: Desk, user_id: str) -> Preferences:
    """Return what a listener has set so far."""
    return desk.ledger.get(PREFERENCES, user_id) or Preferences(id=user_id)


def is_private(desk: Desk, user_id: str) -> bool:
    """Say whether nothing is to be learned of a listener now."""
    return bool(wishes_of(desk, user_id).private_since)


def was_seen(desk: Desk, event: ListenerEvent) -> bool:
    """Say whether this event has come before."""
    return event.id in wishes_of(desk, event.user_id).seen


def note(desk: Desk, event: ListenerEvent) -> None:
    """Remember that this event has come, and nothing else of it."""
    desk.ledger.put(PREFERENCES, _noted(wishes_of(desk, event.user_id), event))


def learn(desk: Desk, listen: Listen, *, forgotten: bool = False) -> None:
    """Let the models learn from a listen, if it was a play that says something of the taste."""
    wishes = wishes_of(desk, listen.user_id)
    is_excluded = (
        listen.track_id in wishes.excluded_tracks
        or playlist_of(listen) in wishes.excluded_playlists
    )
    if listen.played and (forgotten or not is_excluded):
        play = Play(
            id=listen.id,
            user_id=listen.user_id,
            track_id=listen.track_id,
            at=listen.at,
            forgotten=forgotten,
        )
        desk.plays.append(play)


def _noted(wishes: Preferences, event: ListenerEvent) -> Preferences:
    return replace(wishes, seen=(*wishes.seen, event.id)[-SEEN:])


def _changed(wishes: Preferences, event: ListenerEvent) -> Preferences:
    if event.kind == "tuned":
        return replace(wishes, discover=_value(event))
    if event.kind == "private":
        since = wishes.private_since or event.at or 1
        return replace(wishes, private_since=since if _value(event) else 0)
    if event.kind not in {"banned", "excluded", "included", "undone"}:
        raise UnreadableEventError(f"{event.kind} is not said of an artist")
    field, id = _named(event)
    others = tuple(one for one in getattr(wishes, field) if one != id)
    is_in = event.kind in {"banned", "excluded"}
    return replace(wishes, **{field: (*others, id) if is_in else others})


def _named(event: ListenerEvent) -> tuple[_Field, str]:
    if event.artist_id:
        return "banned_artists", event.artist_id
    if event.playlist_id:
        return "excluded_playlists", event.playlist_id
    if event.track_id:
        return "excluded_tracks", event.track_id
    raise UnreadableEventError(f"{event.kind} without what it is about")


def _value(event: ListenerEvent) -> float:
    if event.value is None:
        raise UnreadableEventError(f"a {event.kind} event without a value")
    return event.value
