"""The parts of `antiphon serve`: each runs by itself, and all of them together on one machine."""

import contextlib
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from antiphon import supervisor, wiring
from antiphon.settings import NEVER, Settings, SettingsError
from antiphon.store import Store
from antiphon.terminal import console

TRAINING_NICENESS = 10


def everything(settings: Settings, *, demo: bool) -> None:
    """Start every part of an instance on this machine, and keep them running until told to stop."""
    from antiphon.ops import demo as making  # noqa: PLC0415 - a command loads what it needs

    supervisor.check_ports(settings)
    store = wiring.open_services(settings).store
    plays_demo = demo and not settings.music
    if plays_demo:
        settings.demo_folder.mkdir(parents=True, exist_ok=True)
        os.environ["ANTIPHON_MUSIC"] = str(settings.demo_folder.absolute())
    names = ["web", "push", "live", "library"]
    if settings.train_at != NEVER:
        names.append("training")
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
    wiring.compute_with_one_thread()
    from antiphon.events import take_along  # noqa: PLC0415 - only where it runs
    from antiphon.live import measures, worker  # noqa: PLC0415
    from antiphon.live.models import Models  # noqa: PLC0415
    from antiphon.taste.registry import Registry  # noqa: PLC0415
    from antiphon.taste.weights import weights_in  # noqa: PLC0415

    weights = weights_in(settings.weights)
    stopped = supervisor.stop_on_signals()
    registry = Registry(settings.artefacts_url, settings.artefacts_copies)
    with _services(settings) as services:
        take_along(services.store, services.log)
        models = Models(
            services.store,
            registry,
            gap_ms=60_000 * settings.sitting_gap_min,
            weights=weights,
        )
        models.follow(services.log)
        with measures.kept(services.store, "live", [measures.ANSWERING, measures.WORKER]):
            worker.run(services.store, services.log, models, stopped.is_set)
        models.close()


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


def training(settings: Settings) -> None:
    """Train the models every night, and as soon as there is enough to learn from."""
    from antiphon.ops import nightly  # noqa: PLC0415 - only where it runs
    from antiphon.taste.registry import Registry  # noqa: PLC0415

    if settings.train_at == NEVER:
        raise SettingsError(f"ANTIPHON_TRAIN_AT={NEVER}: nothing is to be trained here.")
    _stand_back()
    os.environ.setdefault("OMP_NUM_THREADS", str(settings.worker_count))
    stopped = supervisor.stop_on_signals()
    registry = Registry(settings.artefacts_url, settings.artefacts_copies)
    with _services(settings) as services:
        trained = partial(nightly.last_trained, registry)
        nightly.run(services.store, trained, settings.train_at, stopped)


def _stand_back() -> None:
    """Let what listeners do come first; the training itself inherits this."""
    os.nice(TRAINING_NICENESS)
    # Where the kernel shares time out between sessions, this process has one of its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(TRAINING_NICENESS))


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
