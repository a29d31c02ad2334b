"""The Flask application: made from services, with every route's guard, and nothing at import."""

import time
from collections.abc import Callable
from typing import Any

import flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix

from antiphon.events import EventLog
from antiphon.live.models import Models
from antiphon.ops import metrics, users
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.taste.registry import Registry
from antiphon.web import access, accounts, api, artwork, pages, problems, stream
from antiphon.web.api.session import LONGEST_NAME
from antiphon.web.site import Site
from antiphon.web.tokens import signing_secret

# Wrong passwords from one address: for one name, and for all names together.
LOGIN_TRIES = "10 per minute; 60 per hour"
LOGIN_TRIES_OF_ADDRESS = "50 per minute; 300 per hour"
LARGEST_REQUEST = 2 << 20
_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


def create_app(settings: Settings, store: Store, log: EventLog) -> flask.Flask:
    """Return the application over these services."""
    app = flask.Flask("antiphon.web", static_folder=None)
    secret = signing_secret(store)
    models = Models(store, Registry(settings.artefacts_url, settings.artefacts_copies))
    app.extensions["antiphon"] = Site(settings, store, log, models, secret)
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
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _limit_logins(app: flask.Flask) -> None:
    """Let only so many wrong passwords come from one address, fewer of them for one name."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", headers_enabled=True)
    endpoint = "session.log_in"
    view: Any = app.view_functions[endpoint]
    for tries, key in (
        (LOGIN_TRIES, _address_and_name),
        (LOGIN_TRIES_OF_ADDRESS, get_remote_address),
    ):
        view = limiter.limit(tries, key_func=key, deduct_when=_was_wrong)(view)
    app.view_functions[endpoint] = view


def _address_and_name() -> str:
    credentials = flask.request.get_json(silent=True)
    name = credentials.get("name") if isinstance(credentials, dict) else None
    return f"{get_remote_address()} {users.key_of(str(name)[:LONGEST_NAME])}"


def _was_wrong(response: flask.Response) -> bool:
    return response.status_code == 401


def _start_clock() -> None:
    flask.g.started = time.perf_counter()


def _measure(response: flask.Response) -> flask.Response:
    started, method = flask.g.get("started"), flask.request.method
    if started is not None:
        metrics.REQUESTS.labels(
            endpoint=flask.request.endpoint or "none",
            # A client may invent methods without end, and a label is kept for ever.
            method=method if method in _METHODS else "other",
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
