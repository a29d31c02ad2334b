"""The composition root: settings become services, and services become the things that run."""

import atexit
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from antiphon.compute import Compute, open_compute
from antiphon.events import EventLog, open_event_log
from antiphon.settings import Settings, load
from antiphon.store import Store, open_store

if TYPE_CHECKING:
    import flask

    from antiphon.web.push import Push


@dataclass(frozen=True)
class Services:
    """Everything that an instance works with, behind its three ports."""

    settings: Settings
    store: Store
    log: EventLog
    compute: Compute


def open_services(settings: Settings | None = None) -> Services:
    """Open the engines that the settings name; by default those of the environment."""
    settings = settings or load()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    store = open_store(settings.store_url)
    log = open_event_log(settings.events, store)
    atexit.register(log.close)
    return Services(settings, store, log, open_compute(settings.compute, settings.worker_count))


def web_app() -> "flask.Flask":
    """Return the Flask application, for a WSGI server to call."""
    from antiphon.web.app import create_app  # noqa: PLC0415 - only where it is served

    services = open_services()
    return create_app(services.settings, services.store, services.log)


def push_app() -> "Push":
    """Return the push application, for an ASGI server to call."""
    from antiphon.web.push import Push  # noqa: PLC0415 - only where it is served
    from antiphon.web.tokens import signing_secret  # noqa: PLC0415

    services = open_services()
    return Push(services.store, services.log, signing_secret(services.store))
