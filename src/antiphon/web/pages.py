"""What is served beside the API: the player's files, its one page, health and metrics."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import flask

from antiphon.ops import metrics
from antiphon.settings import Settings
from antiphon.store.schema import PROGRESS
from antiphon.taste.registry import Registry
from antiphon.web.access import Access, allow
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("pages", __name__)

UI = Path(__file__).parent / "ui"
_IMPORT_MAP = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)


@blueprint.get("/ui/<path:name>")
@allow(Access.PUBLIC)
def ui_file(name: str) -> flask.Response:
    """Send a file of the player; the browser asks each time whether it has changed."""
    return flask.send_from_directory(UI, name, conditional=True, max_age=0)


@blueprint.get("/", defaults={"path": ""})
@blueprint.get("/<path:path>")
@allow(Access.PUBLIC)
def page(path: str) -> flask.Response:
    """Send the player's one page; it finds out by itself which view an address names."""
    if path.startswith(("api/", "art/", "stream/", "ui/")) or "." in path.rpartition("/")[2]:
        raise Problem(404, "Not found", f"There is nothing at /{path[:200]}.")
    return flask.send_from_directory(UI, "index.html", conditional=True, max_age=0)


@blueprint.get("/healthz")
@allow(Access.PUBLIC)
def healthz() -> dict[str, str]:
    """Tell whether requests can be served: the store answers."""
    site().store.get(PROGRESS, "scan")
    return {"status": "ok"}


@blueprint.get("/metrics")
@allow(Access.METRICS)
def show_metrics() -> flask.Response:
    """Show what a Prometheus server reads."""
    models = Registry(site().settings.artefacts_url, site().settings.artefacts_copies)
    shown = metrics.exposition(site().store, models)
    return flask.Response(shown, content_type=metrics.CONTENT_TYPE)


def content_security_policy(settings: Settings) -> str:
    """Return the policy that lets pages load only what is ours, and hear only our pushes."""
    push = settings.push_url or f"http://*:{settings.push_port} https://*:{settings.push_port}"
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {_import_map_hash()}",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            f"connect-src 'self' {push}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


@cache
def _import_map_hash() -> str:
    page = (UI / "index.html").read_text(encoding="utf-8")
    inline = _IMPORT_MAP.search(page)
    digest = hashlib.sha256(inline[1].encode() if inline else b"").digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
