"""Commands about what is kept: move it, copy it, see whether it is well."""

import sys
from pathlib import Path

import click

from antiphon import wiring
from antiphon.settings import load
from antiphon.terminal import console, progress


@click.group()
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


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write all that the SQLite store keeps into a new FILE, also while Antiphon runs."""
    from antiphon.store.backup import back_up  # noqa: PLC0415 - a command loads what it needs

    back_up(load().store_url, file)
    console.print(f"{file} holds everything; the music itself is not in it.", markup=False)


@click.command()
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
