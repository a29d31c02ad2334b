"""The API's own description (OpenAPI 3), made from the views' types, and how input is refused."""

from typing import Any, cast

import flask
import msgspec
from spectree import SpecTree
from spectree.model_adapter.msgspec_adapter import MsgspecModelAdapter

from antiphon import __version__
from antiphon.web.access import Access, allow
from antiphon.web.problems import Problem

blueprint = flask.Blueprint("description", __name__)


def _refuse(_request: Any, _response: Any, error: Exception | None, *_: Any) -> None:
    if isinstance(error, msgspec.ValidationError):
        raise Problem(422, "This cannot be used", f"{error}.") from error


spec = SpecTree(
    "flask",
    model_adapter=cast("Any", MsgspecModelAdapter()),
    before=_refuse,
    mode="strict",
    title="Antiphon",
    version=__version__,
    naming_strategy=lambda model: str(getattr(model, "__name__", "Value")),
    nested_naming_strategy=lambda _parent, child: child,
)


@blueprint.get("/openapi.json")
@allow(Access.LISTENER)
def openapi() -> flask.Response:
    """Describe this API."""
    return flask.jsonify(document(flask.current_app._get_current_object()))  # type: ignore[attr-defined]  # noqa: SLF001


def document(app: flask.Flask) -> dict[str, Any]:
    """Return the OpenAPI description of the application's API."""
    spec.app = app
    return dict(spec.spec)
