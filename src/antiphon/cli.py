"""The command line: `antiphon …`; each command is a thin call into a room."""

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from antiphon import __version__, serving, supervisor, wiring
from antiphon.compute import ComputeError
from antiphon.events import EventLogError
from antiphon.ops.users import AccountError
from antiphon.settings import Settings, SettingsError, load
from antiphon.store import StoreError
from antiphon.terminal import console, fail, progress

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


def main() -> None:
    """Run the command line, saying failures in a sentence instead of a traceback."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        fail("Stopped.", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if not isinstance(error, tuple(FAILURES)):
            raise
        fail(str(error), next(FAILURES[kind] for kind in type(error).__mro__ if kind in FAILURES))


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
    parts: dict[str, Callable[[Settings], None]] = {
        "all": partial(serving.everything, demo=demo),
        "web": serving.web,
        "push": serving.push,
        "live": serving.live,
        "library": serving.library,
    }
    parts[part](settings)


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
    with progress("Scanning", "files") as show:
        report = scanning.scan(services.store, services.compute, roots, show)
    seconds = time.monotonic() - started
    console.print(
        f"{report.seen} files seen, {report.read} read in {seconds:.1f} s; "
        f"{report.failed} could not be used, {report.missing} are now missing."
    )
    for problem in report.problems:
        console.print(problem, style="yellow", markup=False)
    if report.failed:
        console.print("`antiphon doctor` says which could not be used, and why.")
    if purge:
        console.print(f"{catalogue.purge(services.store)} missing tracks forgotten.")


@cli.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same music.")
def demo(folder: Path | None, seed: int) -> None:
    """Synthesise a small library and simulated listeners, to look around without music."""
    from antiphon.ops import demo as making  # noqa: PLC0415 - a command loads what it needs

    services = wiring.open_services()
    target = folder or services.settings.demo_folder
    with progress("Synthesising the demo library", "tracks") as show:
        count = making.make(
            services.store,
            services.log,
            services.compute,
            target,
            seed=seed,
            processes=services.settings.worker_count,
            on_progress=show,
        )
    console.print(f"{count} synthetic tracks are in {target}.", markup=False)


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
    console.print(f"{added.name} may log in now.", markup=False)


@user.command("list")
def user_list() -> None:
    """Show who there is."""
    from antiphon.store.schema import USERS  # noqa: PLC0415 - a command loads what it needs

    table = Table("name", "role", "")
    for one in _store().find(USERS):
        table.add_row(Text(one.name), one.role, "simulated, cannot log in" if one.synthetic else "")
    console.print(table)


@user.command("passwd")
@click.argument("name")
@click.password_option(help="Asked for when not given.")
def user_passwd(name: str, password: str) -> None:
    """Change a password; every session opened with the old one ends."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    users.set_password(_store(), name, password)
    console.print("The password is changed.")


@user.command("remove")
@click.argument("name")
@click.confirmation_option(prompt="Remove the account with its history, likes and playlists?")
def user_remove(name: str) -> None:
    """Remove an account with everything that is only theirs."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    services = wiring.open_services()
    services.log.forget(users.remove(services.store, name).id)
    console.print("The account is removed.")


@cli.group()
def store() -> None:
    """Move what is kept to another store."""


@store.command("copy")
@click.option("--from", "source", required=True, metavar="URL", help="As in ANTIPHON_STORE.")
@click.option("--to", "target", required=True, metavar="URL", help="An empty store.")
def store_copy(source: str, target: str) -> None:
    """Copy all that a store keeps into an empty one, of whichever engine, and compare them.

    Broken off, the same command goes on where it was. Nothing may write to either meanwhile.
    """
    from antiphon.store import copying, open_existing, open_store  # noqa: PLC0415 - a command loads what it needs

    done = copying.copy(
        open_existing(source), open_store(target), lambda title: progress(title, "documents")
    )
    console.print(f"The copy is whole: {done} documents, each the same as its source.")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write all that the SQLite store keeps into a new FILE, also while Antiphon runs."""
    from antiphon.store.backup import back_up  # noqa: PLC0415 - a command loads what it needs

    back_up(load().store_url, file)
    console.print(f"{file} holds everything; the music itself is not in it.", markup=False)


@cli.command()
def doctor() -> None:
    """Say what is wrong with this instance, and which files could not be used and why."""
    from antiphon.ops import doctor as examining  # noqa: PLC0415 - a command loads what it needs

    services = wiring.open_services()
    findings = examining.examine(services.settings, services.store)
    for finding in findings:
        mark = "[green]✓[/]" if finding.well else "[red]✗[/]"
        console.print(mark, end=" ")
        console.print(f"{finding.about}: {finding.says}", markup=False, highlight=False)
    if examining.can_tell_problems(findings):
        for problem in examining.problems(services.store):
            console.print("[yellow]![/]", end=" ")
            console.print(f"{problem.id}: {problem.reason}", markup=False, highlight=False)
    if not all(finding.well for finding in findings):
        sys.exit(1)


def _store() -> "Store":
    return wiring.open_services().store
