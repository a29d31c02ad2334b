"""What happens in a listener's player, and the history made of it."""

from typing import Annotated, Literal

import flask
import msgspec
from spectree import Response

from antiphon.events import ListenerEvent
from antiphon.model import Ending, Source, now_ms
from antiphon.store.schema import FORGOTTEN, LISTENS, TRACKS
from antiphon.web.access import Access, allow
from antiphon.web.accounts import listener_id
from antiphon.web.api import present, views
from antiphon.web.api.accepting import accept
from antiphon.web.api.description import spec
from antiphon.web.api.paging import PageQuery, page
from antiphon.web.ids import EVENT_ID
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("listening", __name__)

# A clock may be a little ahead of ours, but nobody has listened tomorrow.
CLOCK_LEEWAY_MS = 10 * 60_000
DAY_MS = 86_400_000


class EventSource(Source, frozen=True):
    """Where a listen came from, as a player says it."""

    id: Annotated[str, msgspec.Meta(max_length=300)] = ""
    answer: Annotated[str, msgspec.Meta(max_length=80)] = ""


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happened in a player; `played_ms` is the time really played."""

    id: Annotated[str, msgspec.Meta(pattern=EVENT_ID)]
    kind: Literal["started", "progress", "ended"]
    track_id: Annotated[str, msgspec.Meta(max_length=80)]
    at: Annotated[int, msgspec.Meta(ge=0)]
    played_ms: Annotated[int, msgspec.Meta(ge=0, le=7 * DAY_MS)] = 0
    reason: Ending | None = None
    source: EventSource | None = None


class Events(msgspec.Struct, frozen=True):
    """Some events, in the order they happened."""

    events: Annotated[list[Event], msgspec.Meta(max_length=500)]


class HistoryQuery(PageQuery, frozen=True, kw_only=True):
    """Which page is asked for, of the listens, or of those that were forgotten."""

    forgotten: bool = False


@blueprint.post("/events")
@spec.validate(json=Events, resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def events(json: Events) -> flask.Response:
    """Take what happened in a player; sending an event again changes nothing."""
    known = site().store.get_many(TRACKS, {event.track_id for event in json.events})
    for event in json.events:
        _check(event, known)
    return accept([_record(event) for event in json.events])


@blueprint.get("/history")
@spec.validate(query=HistoryQuery, resp=Response(HTTP_200=views.ListenPage))
@allow(Access.LISTENER)
def history(query: HistoryQuery) -> flask.Response:
    """List the listener's listens, latest first."""
    store, user_id = site().store, listener_id()
    kept = FORGOTTEN if query.forgotten else LISTENS
    listens, after = page(
        store, kept, {"user_id": user_id}, ("user_id", "at"), query, descending=True
    )
    tracks = present.tracks_by_id(store, user_id, [listen.track_id for listen in listens])
    items = tuple(
        views.ListenView(
            id=listen.id,
            at=listen.at,
            played_ms=listen.played_ms,
            ended=listen.ended,
            source=listen.source,
            track=tracks[listen.track_id],
        )
        for listen in listens
        if listen.track_id in tracks
    )
    return present.json_of(views.ListenPage(items=items, next=after))


def _check(event: Event, known: object) -> None:
    if event.track_id not in known:  # type: ignore[operator]
        raise Problem(422, "This cannot be used", f"There is no track {event.track_id!r}.")
    if event.kind == "ended" and event.reason is None:
        raise Problem(422, "This cannot be used", "An ended event needs its reason.")


def _record(event: Event) -> ListenerEvent:
    now = now_ms()
    return ListenerEvent(
        id=event.id,
        user_id=listener_id(),
        track_id=event.track_id,
        at=min(event.at, now + CLOCK_LEEWAY_MS),
        accepted_at=now,
        kind=event.kind,
        played_ms=event.played_ms,
        reason=event.reason,
        source=event.source,
        client="web",
    )
