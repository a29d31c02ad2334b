"""Forgetting listens, as if they had never been, until the listener brings them back."""

from collections.abc import Sequence

from msgspec.structs import replace

from antiphon.events import ListenerEvent, UnreadableEventError
from antiphon.events.records import ALL_LISTENS
from antiphon.live import wishes
from antiphon.live.desk import Desk, familiarity_id, known_by
from antiphon.model import Familiarity, Listen
from antiphon.store.port import Collection
from antiphon.store.schema import FAMILIARITIES, FORGOTTEN, LISTENS

_ORDER = ("user_id", "track_id", "at")


def forget(desk: Desk, event: ListenerEvent) -> None:
    """Forget one listen, or all of a track; those that are not there are forgotten already.

    Raises:
        UnreadableEventError: it does not say what.
    """
    _move(desk, event, LISTENS, FORGOTTEN)


def bring_back(desk: Desk, event: ListenerEvent) -> None:
    """Remember again what was forgotten.

    Raises:
        UnreadableEventError: it does not say what.
    """
    _move(desk, event, FORGOTTEN, LISTENS)


def _move(
    desk: Desk, event: ListenerEvent, source: Collection[Listen], target: Collection[Listen]
) -> None:
    if wishes.was_seen(desk, event):
        desk.known += 1
        return
    listens = _named(desk, event, source)
    for listen in listens:
        desk.ledger.drop(source, listen.id)
        desk.ledger.put(target, listen)
        wishes.learn(desk, listen, forgotten=target is FORGOTTEN)
    wishes.note(desk, event)
    if listens:
        for track_id in {listen.track_id for listen in listens}:
            _count_anew(desk, event.user_id, track_id)
        desk.remember_anew(event.user_id)


def _named(desk: Desk, event: ListenerEvent, where: Collection[Listen]) -> Sequence[Listen]:
    if event.listen_id not in {"", ALL_LISTENS}:
        one = desk.ledger.get(where, f"{event.user_id}:{event.listen_id}")
        return [one] if one else []
    if not event.track_id:
        raise UnreadableEventError(f"a {event.kind} event without what it is about")
    about = {"user_id": event.user_id, "track_id": event.track_id}
    return desk.ledger.find(where, about, *_ORDER)


def _count_anew(desk: Desk, user_id: str, track_id: str) -> None:
    """Make what a listener and a track have been through from their listens."""
    about = {"user_id": user_id, "track_id": track_id}
    listens = desk.ledger.find(LISTENS, about, *_ORDER)
    counted = replace(
        known_by(desk, user_id, track_id),
        plays=sum(listen.played for listen in listens),
        skips=sum(listen.skipped for listen in listens),
        last_at=max((listen.at for listen in listens), default=0),
    )
    id = familiarity_id(user_id, track_id)
    if counted == Familiarity(id=id, user_id=user_id, track_id=track_id):
        desk.ledger.drop(FAMILIARITIES, id)
    else:
        desk.ledger.put(FAMILIARITIES, counted)
