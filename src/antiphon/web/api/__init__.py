"""The JSON API under /api/v1: one module for each chapter, its description made from the code."""

import flask

from antiphon.web.api import catalogue, description, listening, playlists, recommendations, session

PREFIX = "/api/v1"


def install(app: flask.Flask) -> None:
    """Add every chapter to the application."""
    for chapter in (session, catalogue, listening, recommendations, playlists, description):
        app.register_blueprint(chapter.blueprint, url_prefix=PREFIX)


__all__ = ["PREFIX", "install"]
