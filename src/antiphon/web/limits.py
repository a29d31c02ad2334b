"""How often somebody may try: wrong passwords from one address, and what one listener says.

Each web process counts by itself.
"""

from typing import Any

import flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from antiphon.ops import users
from antiphon.web.accounts import listener_id
from antiphon.web.api.session import LONGEST_NAME

# Wrong passwords from one address: for one name, and for all names together.
LOGIN_TRIES = "10 per minute; 60 per hour"
LOGIN_TRIES_OF_ADDRESS = "50 per minute; 300 per hour"
# Events of one listener, whatever they are sent by. A telephone that was away for a week sends them
# in some minutes; who sends without end must not be answered instead of the others.
EVENTS = "1000 per 10 second; 3000 per minute"
_TELLING = {"listening", "controls"}


def install(app: flask.Flask) -> None:
    """Limit the views that are there."""
    limiter = Limiter(
        get_remote_address,
        app=app,
        storage_uri="memory://",
        strategy="sliding-window-counter",
        headers_enabled=True,
    )
    _limit_logins(app, limiter)
    _limit_events(app, limiter)


def _limit_logins(app: flask.Flask, limiter: Limiter) -> None:
    endpoint = "session.log_in"
    view: Any = app.view_functions[endpoint]
    for tries, key in (
        (LOGIN_TRIES, _address_and_name),
        (LOGIN_TRIES_OF_ADDRESS, get_remote_address),
    ):
        view = limiter.limit(tries, key_func=key, deduct_when=_was_wrong)(view)
    app.view_functions[endpoint] = view


def _limit_events(app: flask.Flask, limiter: Limiter) -> None:
    """Let a listener say only so much, as the live worker answers one after the other."""
    limited = limiter.shared_limit(
        EVENTS,
        scope="events",
        key_func=listener_id,
        cost=_events_sent,
        methods=["DELETE", "PATCH", "POST", "PUT"],
        error_message="Too much at once: nothing of it was taken. Send it again after Retry-After.",
    )
    views: dict[str, Any] = app.view_functions
    for endpoint, view in views.items():
        if endpoint.partition(".")[0] in _TELLING:
            views[endpoint] = limited(view)


def _events_sent() -> int:
    sent = flask.request.get_json(silent=True)
    events = sent.get("events") if isinstance(sent, dict) else None
    return len(events) or 1 if isinstance(events, list) else 1


def _address_and_name() -> str:
    credentials = flask.request.get_json(silent=True)
    name = credentials.get("name") if isinstance(credentials, dict) else None
    return f"{get_remote_address()} {users.key_of(str(name)[:LONGEST_NAME])}"


def _was_wrong(response: flask.Response) -> bool:
    return response.status_code == 401
