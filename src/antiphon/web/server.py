"""The servers that the web and push processes run under."""

from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from antiphon.settings import Settings

# Half of them always remain for short answers: `stream.LONG_ANSWERS` is the other half.
BLOCKING_THREADS = 16
BACKPRESSURE = 4096
# How long requests may take to end when the server stops; open streams of events never do.
WEB_STOPS_WITHIN_S = 5
PUSH_STOPS_WITHIN_S = 1


def serve_web(settings: Settings, target: str) -> None:
    """Serve the WSGI application that the factory `target` makes, until told to stop."""
    _serve(
        target,
        Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        blocking_threads=BLOCKING_THREADS,
        workers_kill_timeout=WEB_STOPS_WITHIN_S,
    )


def serve_push(settings: Settings, target: str) -> None:
    """Serve the ASGI application that the factory `target` makes, until told to stop."""
    _serve(
        target,
        Interfaces.ASGI,
        address=settings.host,
        port=settings.push_port,
        workers_kill_timeout=PUSH_STOPS_WITHIN_S,
    )


def _serve(target: str, interface: Interfaces, **options: Any) -> None:
    Granian(
        target,
        factory=True,
        interface=interface,
        backpressure=BACKPRESSURE,
        log_level=LogLevels.error,
        **options,
    ).serve()
