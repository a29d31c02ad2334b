"""Who may call a view: every view says so, and one that does not cannot be registered."""

import hmac
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

import flask

from antiphon.web.accounts import account
from antiphon.web.problems import Problem
from antiphon.web.site import site

View = TypeVar("View", bound=Callable[..., Any])


class Access(Enum):
    """Who may call a view: anybody, whoever is logged in, admins, admins and the metrics token."""

    PUBLIC = "public"
    LISTENER = "listener"
    ADMIN = "admin"
    METRICS = "metrics"


def allow(access: Access) -> Callable[[View], View]:
    """Mark a view with who may call it."""

    def mark(view: View) -> View:
        view.__dict__["access"] = access
        return view

    return mark


def access_of(app: flask.Flask, endpoint: str) -> Access:
    """Return who may call the view at an endpoint.

    Raises:
        LookupError: the view does not say.
    """
    access = getattr(app.view_functions[endpoint], "access", None)
    if isinstance(access, Access):
        return access
    raise LookupError(f"The view {endpoint!r} does not say who may call it: mark it by allow().")


def guard(app: flask.Flask) -> None:
    """Refuse every request that its view does not allow; call it when all views are there.

    Raises:
        LookupError: a view does not say who may call it.
    """
    for endpoint in app.view_functions:
        access_of(app, endpoint)
    app.before_request(_refuse)


def _refuse() -> None:
    endpoint = flask.request.endpoint
    if endpoint is None:
        return
    access = access_of(flask.current_app, endpoint)
    if access is Access.PUBLIC or (access is Access.METRICS and _has_metrics_token()):
        return
    listener = account()
    if listener is None:
        raise Problem(401, "Log in first", "This needs a session: POST /api/v1/session.")
    if access is not Access.LISTENER and listener.owner.role != "admin":
        raise Problem(403, "Not for you", "Only an admin may do this.")


def _has_metrics_token() -> bool:
    expected = site().settings.metrics_token
    given = flask.request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
