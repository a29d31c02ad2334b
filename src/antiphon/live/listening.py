"""What was heard becomes a listen, once, with how it came before the listener."""

from functools import partial

from msgspec.structs import replace

from antiphon.events import ListenerEvent, UnreadableEventError
from antiphon.live import wishes
from antiphon.live.desk import Desk, known_by
from antiphon.model import Listen, Shown, Track
from antiphon.store.schema import FAMILIARITIES, FORGOTTEN, LISTENS, PREFERENCES, SHOWINGS
from antiphon.taste.memory import after_listen
from antiphon.taste.weights import is_play


def ended(desk: Desk, event: ListenerEvent, track: Track) -> None:
    """Keep the listen that ended, unless it is known, was forgotten since, or was in private.

    Raises:
        UnreadableEventError: it does not say how it ended.
    """
    id, ledger = f"{event.user_id}:{event.id}", desk.ledger
    if event.reason is None:
        raise UnreadableEventError("an ended event without a reason")
    if wishes.was_seen(desk, event) or ledger.get(LISTENS, id) or _was_forgotten(desk, event):
        desk.known += 1
        return
    if wishes.is_private(desk, event.user_id):
        wishes.note(desk, event)
        return
    listen = _listen(id, event, track, _shown(desk, event))
    ledger.put(LISTENS, listen)
    known = known_by(desk, event.user_id, event.track_id)
    ledger.put(
        FAMILIARITIES,
        replace(
            known,
            plays=known.plays + listen.played,
            skips=known.skips + listen.skipped,
            last_at=max(known.last_at, listen.at),
        ),
    )
    desk.remember(event.user_id, partial(after_listen, listen=listen))
    wishes.learn(desk, listen)


def _was_forgotten(desk: Desk, event: ListenerEvent) -> bool:
    if desk.ledger.get(PREFERENCES, event.user_id) is None:
        return False
    return desk.ledger.get(FORGOTTEN, f"{event.user_id}:{event.id}") is not None


def _listen(id: str, event: ListenerEvent, track: Track, shown: Shown | None) -> Listen:
    played = is_play(event.played_ms, track.duration_ms)
    return Listen(
        id=id,
        user_id=event.user_id,
        track_id=event.track_id,
        at=event.at,
        played_ms=event.played_ms,
        duration_ms=track.duration_ms,
        ended=event.reason or "stopped",
        played=played,
        source=event.source,
        client=event.client,
        shown=shown,
        surface=shown.surface if shown else "",
        generator=shown.generator if shown else "",
        skipped=event.reason == "skipped" and not played,
    )


def _shown(desk: Desk, event: ListenerEvent) -> Shown | None:
    """Return how the track came before the listener, if an answer of theirs brought it there."""
    answer = event.source.answer if event.source else ""
    showing = desk.ledger.get(SHOWINGS, answer) if answer else None
    if showing is None or showing.user_id != event.user_id:
        return None
    for position, item in enumerate(showing.items):
        if item.track_id == event.track_id:
            return Shown(
                answer=answer,
                surface=showing.surface,
                generator=item.generator,
                position=position,
                probability=item.probability,
                model=showing.model,
            )
    return None
