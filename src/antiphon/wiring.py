"""The composition root: settings become services, and services become the things that run."""

import atexit
import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from antiphon.compute import Compute, open_compute
from antiphon.events import EventLog, open_event_log
from antiphon.settings import Settings, load
from antiphon.store import Store, open_store

if TYPE_CHECKING:
    import flask

    from antiphon.web.push import Push

SWITCH_S = 0.0005


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


def compute_with_one_thread() -> None:
    """Have each answer computed by one thread; the others are for other listeners.

    Two threads that share a small product mostly wait for each other: one answer in a hundred then
    took 170 ms. It MUST be called before SciPy is loaded; for what is loaded already it is set.
    """
    # The thread that keeps the models up is at it for a second at a time; at the usual 5 ms a turn,
    # an answer that takes the interpreter thirty times would wait 150 ms for it.
    sys.setswitchinterval(SWITCH_S)
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only where answers are computed

    threadpool_limits(1, "blas")


def web_app() -> "flask.Flask":
    """Return the Flask application, for a WSGI server to call."""
    compute_with_one_thread()
    from antiphon.web.app import create_app  # noqa: PLC0415 - only where it is served

    services = open_services()
    app = create_app(services.settings, services.store, services.log)
    models = app.extensions["antiphon"].models
    models.follow(services.log)
    # Before the log, which was registered earlier.
    atexit.register(models.close)
    return app


def push_app() -> "Push":
    """Return the push application, for an ASGI server to call."""
    from antiphon.web.push import Push  # noqa: PLC0415 - only where it is served
    from antiphon.web.tokens import signing_secret  # noqa: PLC0415

    services = open_services()
    return Push(services.store, services.log, signing_secret(services.store))
