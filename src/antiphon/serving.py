"""The parts of `antiphon serve`: each runs by itself, and all of them together on one machine."""

import contextlib
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial

from antiphon import supervisor, wiring
from antiphon.settings import Settings
from antiphon.store import Store
from antiphon.terminal import console


def everything(settings: Settings, *, demo: bool) -> None:
    """Start every part of an instance on this machine, and keep them running until told to stop."""
    from antiphon.ops import demo as making  # noqa: PLC0415 - a command loads what it needs

    supervisor.check_ports(settings)
    store = wiring.open_services(settings).store
    plays_demo = demo and not settings.music
    if plays_demo:
        settings.demo_folder.mkdir(parents=True, exist_ok=True)
        os.environ["ANTIPHON_MUSIC"] = str(settings.demo_folder.absolute())
    names = ("web", "push", "live", "library")
    me = str(os.getpid())
    parts = [supervisor.Part(["serve", name, "--supervised-by", me]) for name in names]
    if plays_demo and not making.is_made(store):
        parts.append(supervisor.Part(["demo"], once=True))
    stopped = supervisor.stop_on_signals()
    threading.Thread(
        target=_announce, args=(settings, store, plays_demo, stopped), daemon=True
    ).start()
    supervisor.supervise(parts, stopped)
    console.print("Antiphon has stopped.")


def web(settings: Settings) -> None:
    """Serve the player and its API."""
    from antiphon.web.server import serve_web  # noqa: PLC0415 - only where it is served

    supervisor.check_port(settings, "port")
    serve_web(settings, "antiphon.wiring:web_app")


def push(settings: Settings) -> None:
    """Serve the pushes."""
    from antiphon.web.server import serve_push  # noqa: PLC0415 - only where it is served

    supervisor.check_port(settings, "push_port")
    serve_push(settings, "antiphon.wiring:push_app")


def live(settings: Settings) -> None:
    """Answer what listeners do."""
    from antiphon.events import take_along  # noqa: PLC0415 - only where it runs
    from antiphon.live import worker  # noqa: PLC0415
    from antiphon.live.models import Models  # noqa: PLC0415

    stopped = supervisor.stop_on_signals()
    with _services(settings) as services:
        take_along(services.store, services.log)
        worker.run(services.store, services.log, Models(services.store), stopped.is_set)


def library(settings: Settings) -> None:
    """Scan, watch and analyse the music."""
    from antiphon.ops import ingest, planning  # noqa: PLC0415 - only where it runs

    planning.plan(settings)  # a setting that cannot be used is told at once
    stopped = supervisor.stop_on_signals()
    with _services(settings) as services:
        ingest.run(
            services.store,
            services.compute,
            partial(planning.planned, settings, services.store),
            settings.music,
            stopped,
            watch=settings.watch,
        )


@contextlib.contextmanager
def _services(settings: Settings) -> Iterator[wiring.Services]:
    """Open the engines; in the end let them finish what they have begun."""
    services = wiring.open_services(settings)
    try:
        yield services
    finally:
        services.log.close()
        services.compute.close()
        services.store.close()


def _announce(settings: Settings, store: Store, plays_demo: bool, stopped: threading.Event) -> None:
    """Say where the player is and make the first account, once somebody can use them."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    while not _answers(f"{address}/healthz"):
        if stopped.wait(0.1):
            return
    console.print(f"\nAntiphon plays at [bold]{address}[/]", highlight=False)
    if account := users.first_run(store):
        user, password = account
        console.print(f"Log in as {user.name} with the password {password}", markup=False)
        console.print("(shown only now; `antiphon user passwd admin` changes it)")
    if plays_demo:
        console.print("No music folder is set: this is the synthetic demo library.")
    elif not settings.music:
        console.print("No music folder is set: set ANTIPHON_MUSIC to one, or use --demo.")
    console.print("Ctrl-C stops it.\n")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
