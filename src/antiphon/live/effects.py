"""What events change in the store: all of a batch in one transaction, each event once.

An event that comes again changes nothing: of listens the store tells, of likes and refusals their
times, of all else the listener's preferences. `started`, `progress` and `queued` change nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from msgspec.structs import replace

from antiphon.events import EventLog, ListenerEvent, Topic, UnreadableEventError
from antiphon.events.records import Kind, Play, encode
from antiphon.live import forgetting, listening, wishes
from antiphon.live.desk import Desk, familiarity_id, known_by
from antiphon.live.state import Memories
from antiphon.model import Feedback
from antiphon.store import Store
from antiphon.store.port import Collection
from antiphon.store.schema import (
    FAMILIARITIES,
    FORGOTTEN,
    LISTENS,
    PREFERENCES,
    SHOWINGS,
    STATES,
    TRACKS,
    USERS,
)
from antiphon.taste.memory import Memory, after_word

__all__ = ["Applied", "UnknownListenerError", "apply", "familiarity_id"]

# What each kind leaves as the listener's word on the track; `undone` takes it back.
FEEDBACK: dict[Kind, Feedback | None] = {
    "liked": "like",
    "disliked": "dislike",
    "banned": "ban",
    "undone": None,
}
SILENT: frozenset[Kind] = frozenset({"started", "progress", "queued"})
_WISHES: frozenset[Kind] = frozenset({"tuned", "private", "excluded", "included"})
# The key of all plays, whose order is then the same for everybody.
PLAYS_KEY = "plays"


class UnknownListenerError(Exception):
    """The event's listener has no account: it was removed, and what it did is to be forgotten."""


@dataclass(frozen=True)
class Applied:
    """What came of a batch: the plays to learn from, and why some events had no effect.

    `refused` tells by an event's place in the batch, `known` how many had come before. `memories`
    are what is remembered now of the listeners of whom that has changed.
    """

    plays: tuple[Play, ...] = ()
    refused: Mapping[int, UnknownListenerError | UnreadableEventError] = field(default_factory=dict)
    known: int = 0
    memories: Mapping[str, Memory] = field(default_factory=dict)


def apply(
    store: Store, log: EventLog, events: Sequence[ListenerEvent], memories: Memories | None = None
) -> Applied:
    """Make the effects of events, in their order; applying them again changes nothing.

    One that cannot be used is refused, and leaves the others alone.

    Raises:
        StoreError: the store is away; nothing was changed then.
    """
    cache = Memories() if memories is None else memories

    def change() -> Applied:
        desk = Desk(store, cache)
        _read(desk, events)
        refused = {}
        for place, event in enumerate(events):
            try:
                _take(desk, event)
            except (UnknownListenerError, UnreadableEventError) as error:
                refused[place] = error
        remembered = desk.close()
        if desk.plays:
            log.append(Topic.PLAYS, PLAYS_KEY, [encode(play) for play in desk.plays])
        return Applied(tuple(desk.plays), refused, desk.known, remembered)

    return store.transact(change)


def _read(desk: Desk, events: Sequence[ListenerEvent]) -> None:
    """Read the documents that the events speak of.

    Who has a state has an account, as they go together, and who has forgotten anything has
    preferences, where that is noted: for most events that is two questions less.
    """
    desk.ledger.read(_wanted(events))
    strangers = (one.user_id for one in events if not desk.ledger.get(STATES, one.user_id))
    wishing = (one for one in events if desk.ledger.get(PREFERENCES, one.user_id))
    forgotten = (f"{one.user_id}:{listen}" for one in wishing if (listen := _listen_of(one)))
    desk.ledger.read({USERS: strangers, FORGOTTEN: forgotten})


def _wanted(events: Iterable[ListenerEvent]) -> Mapping[Collection[Any], Iterable[str]]:
    wanted: defaultdict[Collection[Any], list[str]] = defaultdict(list)
    for event in events:
        wanted[STATES].append(event.user_id)
        wanted[PREFERENCES].append(event.user_id)
        if event.track_id:
            wanted[TRACKS].append(event.track_id)
            wanted[FAMILIARITIES].append(familiarity_id(event.user_id, event.track_id))
        if listen := _listen_of(event):
            wanted[LISTENS].append(f"{event.user_id}:{listen}")
        if event.source and event.source.answer:
            wanted[SHOWINGS].append(event.source.answer)
    return wanted


def _listen_of(event: ListenerEvent) -> str:
    """Return which listen an event makes, or is about, without its listener's name."""
    return event.id if event.kind == "ended" else event.listen_id


def _has_account(desk: Desk, user_id: str) -> bool:
    return bool(desk.ledger.get(STATES, user_id) or desk.ledger.get(USERS, user_id))


def _take(desk: Desk, event: ListenerEvent) -> None:
    """Make the effects of one event.

    Raises:
        UnknownListenerError: there is no such listener.
        UnreadableEventError: it speaks of a track that there is not, or lacks what its kind needs.
    """
    if not _has_account(desk, event.user_id):
        raise UnknownListenerError(f"there is no user {event.user_id!r}")
    if event.kind in _WISHES or event.artist_id:
        wishes.take(desk, event)
    elif event.kind == "forgotten":
        forgetting.forget(desk, event)
    elif event.kind == "undone" and event.listen_id:
        forgetting.bring_back(desk, event)
    else:
        _about_a_track(desk, event)


def _about_a_track(desk: Desk, event: ListenerEvent) -> None:
    track = desk.ledger.get(TRACKS, event.track_id)
    if track is None:
        raise UnreadableEventError(f"there is no track {event.track_id!r}")
    if event.kind == "ended":
        listening.ended(desk, event, track)
    elif event.kind == "rated":
        _rated(desk, event)
    elif event.kind in FEEDBACK:
        _feedback(desk, event)


def _feedback(desk: Desk, event: ListenerEvent) -> None:
    known = known_by(desk, event.user_id, event.track_id)
    if event.at < known.feedback_at:
        return
    feedback = FEEDBACK[event.kind]
    liked_at = event.at if feedback == "like" else 0
    said = replace(known, feedback=feedback, feedback_at=event.at, liked_at=liked_at)
    desk.ledger.put(FAMILIARITIES, said)
    desk.remember(event.user_id, partial(after_word, known=said))


def _rated(desk: Desk, event: ListenerEvent) -> None:
    known = known_by(desk, event.user_id, event.track_id)
    if event.at >= known.rated_at:
        rated = replace(known, rating=event.rating or 0, rated_at=event.at)
        desk.ledger.put(FAMILIARITIES, rated)
