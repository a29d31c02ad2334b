"""The JSON API under /api/v1: one module for each chapter, its description made from the code."""

import flask

from antiphon.web.api import (
    catalogue,
    controls,
    description,
    listening,
    playlists,
    recommendations,
    reports,
    session,
)

PREFIX = "/api/v1"


def install(app: flask.Flask) -> None:
    """Add every chapter to the application."""
    for chapter in (
        *(session, catalogue, listening, controls, recommendations, reports),
        *(playlists, description),
    ):
        app.register_blueprint(chapter.blueprint, url_prefix=PREFIX)


__all__ = ["PREFIX", "install"]
