"""What a listener says goes into the event log: once it is accepted it is safe, and has effects.

Its effects are made by the live worker, mostly within milliseconds.
"""

from collections.abc import Sequence
from typing import Any

import flask

from antiphon.events import ListenerEvent, Topic
from antiphon.events.records import Kind, encode
from antiphon.model import now_ms
from antiphon.ops import metrics
from antiphon.web.accounts import listener_id
from antiphon.web.api import present, views
from antiphon.web.ids import new_event_id
from antiphon.web.site import site


def say(kind: Kind, **about: Any) -> flask.Response:
    """Accept one thing that the listener says now by a control."""
    return accept([said(kind, **about)])


def said(kind: Kind, **about: Any) -> ListenerEvent:
    """Return what the listener says now; `about` are further fields of the event."""
    now = now_ms()
    return ListenerEvent(
        id=new_event_id(),
        user_id=listener_id(),
        at=now,
        accepted_at=now,
        kind=kind,
        client="web",
        **about,
    )


def accept(events: Sequence[ListenerEvent]) -> flask.Response:
    """Append the listener's events to the log, in this order, and say which were accepted."""
    site().log.append(Topic.LISTENS, listener_id(), [encode(event) for event in events])
    for event in events:
        metrics.EVENTS.labels(kind=event.kind).inc()
    ids = tuple(event.id for event in events)
    return present.json_of(views.Accepted(accepted=len(ids), events=ids), 202)
