"""The Flask application: made from services, with every route's guard, and nothing at import."""

import time
from collections.abc import Callable
from typing import Any, cast

import flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from antiphon.events import EventLog
from antiphon.live.models import Models
from antiphon.ops import metrics
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.web import access, accounts, api, artwork, pages, problems, stream
from antiphon.web.site import Site
from antiphon.web.tokens import signing_secret

LOGIN_TRIES = "10 per minute; 60 per hour"
LARGEST_REQUEST = 2 << 20


def create_app(settings: Settings, store: Store, log: EventLog) -> flask.Flask:
    """Return the application over these services."""
    app = flask.Flask("antiphon.web", static_folder=None)
    secret = signing_secret(store)
    app.extensions["antiphon"] = Site(settings, store, log, Models(store), secret)
    app.config.update(SECRET_KEY=secret, MAX_CONTENT_LENGTH=LARGEST_REQUEST)
    problems.register(app)
    accounts.install(app)
    api.install(app)
    for room in (stream, artwork, pages):
        app.register_blueprint(room.blueprint)
    _limit_logins(app)
    access.guard(app)
    app.before_request(_start_clock)
    app.after_request(_measure)
    app.after_request(_harden(pages.content_security_policy(settings)))
    return app


def _limit_logins(app: flask.Flask) -> None:
    """Let only so many wrong passwords come from one address."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=True)
    only_failures = limiter.limit(
        LOGIN_TRIES, deduct_when=lambda response: response.status_code == 401
    )
    endpoint = "session.log_in"
    app.view_functions[endpoint] = cast("Any", only_failures(app.view_functions[endpoint]))


def _start_clock() -> None:
    flask.g.started = time.perf_counter()


def _measure(response: flask.Response) -> flask.Response:
    started = flask.g.get("started")
    if started is not None:
        metrics.REQUESTS.labels(
            endpoint=flask.request.endpoint or "none",
            method=flask.request.method,
            status=str(response.status_code),
        ).observe(time.perf_counter() - started)
    return response


def _harden(policy: str) -> Callable[[flask.Response], flask.Response]:
    def harden(response: flask.Response) -> flask.Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        return response

    return harden
