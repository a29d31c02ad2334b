"""The servers that the web and push processes run under."""

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from antiphon.settings import Settings

BLOCKING_THREADS = 8
BACKPRESSURE = 4096
# How long requests may take to end when the server stops; open streams of events never do.
WEB_STOPS_WITHIN_S = 5
PUSH_STOPS_WITHIN_S = 1


def serve_web(settings: Settings, target: str) -> None:
    """Serve the WSGI application that the factory `target` makes, until told to stop."""
    Granian(
        target,
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        blocking_threads=BLOCKING_THREADS,
        backpressure=BACKPRESSURE,
        workers_kill_timeout=WEB_STOPS_WITHIN_S,
        log_level=LogLevels.error,
    ).serve()


def serve_push(settings: Settings, target: str) -> None:
    """Serve the ASGI application that the factory `target` makes, until told to stop."""
    Granian(
        target,
        factory=True,
        address=settings.host,
        port=settings.push_port,
        interface=Interfaces.ASGI,
        backpressure=BACKPRESSURE,
        workers_kill_timeout=PUSH_STOPS_WITHIN_S,
        log_level=LogLevels.error,
    ).serve()
