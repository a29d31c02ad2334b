"""The Flask application: made from services, with every route's guard, and nothing at import."""

import time
from collections.abc import Callable

import flask
from werkzeug.middleware.proxy_fix import ProxyFix

from antiphon.events import EventLog
from antiphon.live.models import Models
from antiphon.ops import metrics
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.taste.registry import Registry
from antiphon.taste.weights import weights_in
from antiphon.web import access, accounts, api, artwork, limits, pages, problems, stream
from antiphon.web.reports import Reports
from antiphon.web.showings import Showings
from antiphon.web.site import Site
from antiphon.web.tokens import signing_secret

LARGEST_REQUEST = 2 << 20
_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


def create_app(settings: Settings, store: Store, log: EventLog) -> flask.Flask:
    """Return the application over these services."""
    app = flask.Flask("antiphon.web", static_folder=None)
    secret = signing_secret(store)
    registry = Registry(settings.artefacts_url, settings.artefacts_copies)
    models = Models(
        store,
        registry,
        gap_ms=settings.sitting_gap_min * 60_000,
        weights=weights_in(settings.weights),
    )
    app.extensions["antiphon"] = Site(
        settings, store, log, models, secret, Showings(store), Reports(store)
    )
    app.config.update(SECRET_KEY=secret, MAX_CONTENT_LENGTH=LARGEST_REQUEST)
    problems.register(app)
    accounts.install(app)
    api.install(app)
    for room in (stream, artwork, pages):
        app.register_blueprint(room.blueprint)
    limits.install(app)
    access.guard(app)
    app.before_request(_start_clock)
    app.after_request(_measure)
    app.after_request(_harden(pages.content_security_policy(settings)))
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


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
