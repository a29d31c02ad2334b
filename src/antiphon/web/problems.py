"""What goes wrong, said as RFC 9457 problem details (`application/problem+json`), in one table."""

import logging

import flask
import msgspec
from werkzeug.exceptions import HTTPException

from antiphon.store import ConflictError, StoreError, StoreUnavailableError

MIME = "application/problem+json"
_log = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A request that cannot be answered: the HTTP status, what is wrong, and what to do."""

    def __init__(
        self, status: int, title: str, detail: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.detail = status, title, detail
        self.headers = headers or {}


# Of the kinds that an exception is, the most particular one counts. What the store itself says may
# name its file: that is for the log.
_KINDS: dict[type[Exception], Problem] = {
    StoreUnavailableError: Problem(
        503, "The store is away or too busy", "Try again in a moment.", {"Retry-After": "2"}
    ),
    ConflictError: Problem(
        409,
        "Changed by somebody else meanwhile",
        "This was changed by somebody else: read it again and repeat the change.",
    ),
    StoreError: Problem(500, "The store failed", "The log of this instance says why."),
    UnicodeEncodeError: Problem(
        422, "This cannot be used", "A text holds half a character (a lone surrogate)."
    ),
}


def register(app: flask.Flask) -> None:
    """Answer every error of the application by a problem document.

    Exceptions that nobody foresaw are logged by Flask and answered by 500 without particulars.
    """
    app.register_error_handler(Problem, respond)
    app.register_error_handler(HTTPException, _http_error)
    for kind in _KINDS:
        app.register_error_handler(kind, _known_error)


def respond(problem: Problem) -> flask.Response:
    """Return the response that says what the problem is."""
    members = {"type": "about:blank", "status": problem.status, "title": problem.title}
    if problem.detail:
        members["detail"] = problem.detail
    response = flask.Response(msgspec.json.encode(members), problem.status, mimetype=MIME)
    response.cache_control.no_store = True
    response.headers.update(problem.headers)
    return response


def _http_error(error: HTTPException) -> flask.typing.ResponseReturnValue:
    """Turn Werkzeug's errors into problems, keeping headers such as Allow; redirects pass."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return respond(Problem(status, error.name, error.description or "", headers))


def _known_error(error: Exception) -> flask.Response:
    problem = next(_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS)
    if problem.status == 503:
        # It passes, and until then every request says it.
        _log.warning("%s: %s", problem.title, error)
    elif problem.status >= 500:
        _log.error("%s: %s", problem.title, error, exc_info=error)
    return respond(problem)
