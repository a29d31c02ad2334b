"""The command line: `antiphon …`; each command is a thin call into a room."""

import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Table
from rich.text import Text

from antiphon import __version__, supervisor, wiring
from antiphon.compute import ComputeError
from antiphon.events import EventLogError
from antiphon.ops.users import AccountError
from antiphon.settings import Settings, SettingsError, load
from antiphon.store import StoreError

if TYPE_CHECKING:
    from antiphon.store import Store

# What goes wrong by what an operator can mend: one line, and this exit code.
FAILURES: dict[type, int] = {
    SettingsError: 78,
    StoreError: 74,
    EventLogError: 78,
    ComputeError: 78,
    AccountError: 65,
    OSError: 74,
}
# Without a terminal, progress is a line so often.
LINE_EVERY_S = 5.0
_console = Console(soft_wrap=True)


def main() -> None:
    """Run the command line, saying failures in a sentence instead of a traceback."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        _fail("Stopped.", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if not isinstance(error, tuple(FAILURES)):
            raise
        _fail(str(error), next(FAILURES[kind] for kind in type(error).__mro__ if kind in FAILURES))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="antiphon")
def cli() -> None:
    """Antiphon: a self-hosted music streaming service that answers its listener."""


@cli.command()
@click.argument("part", type=click.Choice(["all", "web", "push", "live", "library"]), default="all")
@click.option(
    "--demo", is_flag=True, help="Play the synthesised demo library if there is no other."
)
@click.option("--supervised-by", type=int, hidden=True)
def serve(part: str, demo: bool, supervised_by: int | None) -> None:
    """Serve the player; a PART other than all runs just that process, for clusters."""
    settings = load()
    if supervised_by is not None:
        supervisor.end_with_parent(supervised_by, lambda: os.kill(os.getpid(), signal.SIGTERM))
    parts = {
        "all": lambda: _serve_all(settings, demo=demo),
        "web": lambda: _serve_web(settings),
        "push": lambda: _serve_push(settings),
        "live": lambda: _serve_live(settings),
        "library": lambda: _serve_library(settings),
    }
    parts[part]()


@cli.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--purge", is_flag=True, help="Forget what is missing, after the scan.")
def scan(folders: tuple[Path, ...], purge: bool) -> None:
    """Bring the catalogue up to date with music FOLDERS (default: ANTIPHON_MUSIC)."""
    from antiphon.library import catalogue  # noqa: PLC0415 - a command loads what it needs
    from antiphon.library import scan as scanning  # noqa: PLC0415

    services = wiring.open_services()
    roots = folders or services.settings.music
    if not roots:
        raise SettingsError("Which music? Name a folder, or set ANTIPHON_MUSIC.")
    started = time.monotonic()
    with _progress("Scanning", "files") as show:
        report = scanning.scan(services.store, services.compute, roots, show)
    seconds = time.monotonic() - started
    _console.print(
        f"{report.seen} files seen, {report.read} read in {seconds:.1f} s; "
        f"{report.failed} could not be used, {report.missing} are now missing."
    )
    for problem in report.problems:
        _console.print(problem, style="yellow", markup=False)
    if report.failed:
        _console.print("`antiphon doctor` says which could not be used, and why.")
    if purge:
        _console.print(f"{catalogue.purge(services.store)} missing tracks forgotten.")


@cli.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same music.")
def demo(folder: Path | None, seed: int) -> None:
    """Synthesise a small library and simulated listeners, to look around without music."""
    from antiphon.ops import demo as making  # noqa: PLC0415 - a command loads what it needs

    services = wiring.open_services()
    target = folder or demo_folder(services.settings)
    with _progress("Synthesising the demo library", "tracks") as show:
        count = making.make(
            services.store,
            services.log,
            services.compute,
            target,
            seed=seed,
            processes=services.settings.worker_count,
            on_progress=show,
        )
    _console.print(f"{count} synthetic tracks are in {target}.", markup=False)


@cli.group()
def user() -> None:
    """Add, list, change and remove accounts."""


@user.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="May do everything.")
@click.password_option(help="Asked for when not given.")
def user_add(name: str, admin: bool, password: str) -> None:
    """Make an account."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    added = users.add(_store(), name, password, "admin" if admin else "listener")
    _console.print(f"{added.name} may log in now.", markup=False)


@user.command("list")
def user_list() -> None:
    """Show who there is."""
    from antiphon.store.schema import USERS  # noqa: PLC0415 - a command loads what it needs

    table = Table("name", "role", "")
    for one in _store().find(USERS):
        table.add_row(Text(one.name), one.role, "simulated, cannot log in" if one.synthetic else "")
    _console.print(table)


@user.command("passwd")
@click.argument("name")
@click.password_option(help="Asked for when not given.")
def user_passwd(name: str, password: str) -> None:
    """Change a password; every session opened with the old one ends."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    users.set_password(_store(), name, password)
    _console.print("The password is changed.")


@user.command("remove")
@click.argument("name")
@click.confirmation_option(prompt="Remove the account with its history, likes and playlists?")
def user_remove(name: str) -> None:
    """Remove an account with everything that is only theirs."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    services = wiring.open_services()
    services.log.forget(users.remove(services.store, name).id)
    _console.print("The account is removed.")


@cli.command()
def doctor() -> None:
    """Say what is wrong with this instance, and which files could not be used and why."""
    from antiphon.ops import doctor as examining  # noqa: PLC0415 - a command loads what it needs

    services = wiring.open_services()
    findings = examining.examine(services.settings, services.store)
    for finding in findings:
        mark = "[green]✓[/]" if finding.well else "[red]✗[/]"
        _console.print(mark, end=" ")
        _console.print(f"{finding.about}: {finding.says}", markup=False, highlight=False)
    for problem in examining.problems(services.store):
        _console.print("[yellow]![/]", end=" ")
        _console.print(f"{problem.id}: {problem.reason}", markup=False, highlight=False)
    if not all(finding.well for finding in findings):
        sys.exit(1)


def demo_folder(settings: Settings) -> Path:
    """Return where the demo library is, unless one says otherwise."""
    return settings.data / "demo"


def _serve_all(settings: Settings, *, demo: bool) -> None:
    from antiphon.ops import demo as making  # noqa: PLC0415 - a command loads what it needs

    supervisor.check_ports(settings)
    store = wiring.open_services(settings).store
    plays_demo = demo and not settings.music
    if plays_demo:
        demo_folder(settings).mkdir(parents=True, exist_ok=True)
        os.environ["ANTIPHON_MUSIC"] = str(demo_folder(settings).absolute())
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
    _console.print("Antiphon has stopped.")


def _serve_web(settings: Settings) -> None:
    from antiphon.web.server import serve_web  # noqa: PLC0415 - only where it is served

    supervisor.check_port(settings, "port")
    serve_web(settings, "antiphon.wiring:web_app")


def _serve_push(settings: Settings) -> None:
    from antiphon.web.server import serve_push  # noqa: PLC0415 - only where it is served

    supervisor.check_port(settings, "push_port")
    serve_push(settings, "antiphon.wiring:push_app")


def _serve_live(settings: Settings) -> None:
    from antiphon.live import worker  # noqa: PLC0415 - only where it runs
    from antiphon.live.models import Models  # noqa: PLC0415

    services = wiring.open_services(settings)
    stopped = supervisor.stop_on_signals()
    worker.run(services.store, services.log, Models(services.store), stopped.is_set)


def _serve_library(settings: Settings) -> None:
    from antiphon.ops import ingest  # noqa: PLC0415 - only where it runs

    services = wiring.open_services(settings)
    stopped = supervisor.stop_on_signals()
    ingest.run(services.store, services.compute, settings.music, stopped, watch=settings.watch)


def _announce(
    settings: Settings, store: "Store", plays_demo: bool, stopped: threading.Event
) -> None:
    """Say where the player is and make the first account, once somebody can use them."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    while not _answers(f"{address}/healthz"):
        if stopped.wait(0.1):
            return
    _console.print(f"\nAntiphon plays at [bold]{address}[/]", highlight=False)
    if account := users.first_run(store):
        user, password = account
        _console.print(f"Log in as {user.name} with the password {password}", markup=False)
        _console.print("(shown only now; `antiphon user passwd admin` changes it)")
    if plays_demo:
        _console.print("No music folder is set: this is the synthetic demo library.")
    elif not settings.music:
        _console.print("No music folder is set: set ANTIPHON_MUSIC to one, or use --demo.")
    _console.print("Ctrl-C stops it.\n")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def _progress(title: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress with rate and remaining time; without a terminal, a line now and then."""
    if _console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with RichProgress(*columns, console=_console) as bar:
            task = bar.add_task(title, total=None, rate="")

            def draw(done: int, total: int) -> None:
                rate = _rate(done, started, unit)
                bar.update(task, completed=done, total=total or None, rate=rate)

            started = time.monotonic()
            yield draw
        return

    started = said_at = time.monotonic()

    def say(done: int, total: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= LINE_EVERY_S:
            said_at = time.monotonic()
            of = f" of {total}" if total else ""
            print(f"{title}: {done}{of} {unit}, {_rate(done, started, unit)}", flush=True)

    yield say


def _rate(done: int, started: float, unit: str) -> str:
    return f"{done / max(time.monotonic() - started, 1e-3):.0f} {unit}/s"


def _store() -> "Store":
    return wiring.open_services().store


def _fail(message: str, code: int) -> NoReturn:
    Console(stderr=True, soft_wrap=True).print(message, style="red", markup=False)
    sys.exit(code)
