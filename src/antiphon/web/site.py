"""What the views work with: the services of the application that serves the request."""

from dataclasses import dataclass
from typing import cast

import flask

from antiphon.events import EventLog
from antiphon.live.models import Models
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.web.reports import Reports
from antiphon.web.showings import Showings


@dataclass(frozen=True)
class Site:
    """The services of one Flask application."""

    settings: Settings
    store: Store
    log: EventLog
    models: Models
    secret: str
    showings: Showings
    reports: Reports


def site() -> Site:
    """Return the services of the application that serves the present request."""
    return cast("Site", flask.current_app.extensions["antiphon"])
