"""What listeners do: events, feedback, and the history made of them."""

from typing import Annotated, Literal

import flask
import msgspec
from spectree import Response

from antiphon.events import ListenerEvent, Topic
from antiphon.events.records import encode
from antiphon.model import Ending, Source, now_ms
from antiphon.ops import metrics
from antiphon.store.schema import LISTENS, TRACKS
from antiphon.web.access import Access, allow
from antiphon.web.accounts import listener_id
from antiphon.web.api import present, views
from antiphon.web.api.catalogue import existing
from antiphon.web.api.description import spec
from antiphon.web.api.paging import PageQuery, page
from antiphon.web.ids import new_event_id
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("listening", __name__)

# A clock may be a little ahead of ours, but nobody has listened tomorrow.
CLOCK_LEEWAY_MS = 10 * 60_000
DAY_MS = 86_400_000


class EventSource(Source, frozen=True):
    """Where a listen came from, as a player says it."""

    id: Annotated[str, msgspec.Meta(max_length=300)] = ""


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happened in a player; `played_ms` is the time really played."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F-]{16,64}$")]
    kind: Literal["started", "ended"]
    track_id: Annotated[str, msgspec.Meta(max_length=80)]
    at: Annotated[int, msgspec.Meta(ge=0)]
    played_ms: Annotated[int, msgspec.Meta(ge=0, le=7 * DAY_MS)] = 0
    reason: Ending | None = None
    source: EventSource | None = None


class Events(msgspec.Struct, frozen=True):
    """Some events, in the order they happened."""

    events: Annotated[list[Event], msgspec.Meta(max_length=500)]


class FeedbackBody(msgspec.Struct, frozen=True):
    """What the listener thinks of a track; null takes it back."""

    value: Literal["like", "dislike"] | None


@blueprint.post("/events")
@spec.validate(json=Events, resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def events(json: Events) -> flask.Response:
    """Take what happened in a player; sending an event again changes nothing."""
    known = site().store.get_many(TRACKS, {event.track_id for event in json.events})
    for event in json.events:
        _check(event, known)
    _append([_record(event) for event in json.events])
    return present.json_of(views.Accepted(accepted=len(json.events)), 202)


@blueprint.put("/tracks/<id>/feedback")
@spec.validate(json=FeedbackBody, resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def feedback(id: str, json: FeedbackBody) -> flask.Response:
    """Like a track, or say that it is not for one, or take either back."""
    existing(TRACKS, id, "track")
    kind: Literal["liked", "disliked", "undone"] = "undone"
    if json.value is not None:
        kind = "liked" if json.value == "like" else "disliked"
    _append(
        [
            ListenerEvent(
                id=new_event_id(), user_id=listener_id(), track_id=id, at=now_ms(), kind=kind
            )
        ]
    )
    return present.json_of(views.Accepted(accepted=1), 202)


@blueprint.get("/history")
@spec.validate(query=PageQuery, resp=Response(HTTP_200=views.ListenPage))
@allow(Access.LISTENER)
def history(query: PageQuery) -> flask.Response:
    """List the listener's listens, latest first."""
    store, user_id = site().store, listener_id()
    listens, after = page(
        store, LISTENS, {"user_id": user_id}, ("user_id", "at"), query, descending=True
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
    return ListenerEvent(
        id=event.id,
        user_id=listener_id(),
        track_id=event.track_id,
        at=min(event.at, now_ms() + CLOCK_LEEWAY_MS),
        kind=event.kind,
        played_ms=event.played_ms,
        reason=event.reason,
        source=event.source,
        client="web",
    )


def _append(records: list[ListenerEvent]) -> None:
    site().log.append(Topic.LISTENS, listener_id(), [encode(record) for record in records])
    for record in records:
        metrics.EVENTS.labels(kind=record.kind).inc()
