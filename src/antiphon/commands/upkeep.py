"""Commands about what is kept: move it, copy it, see whether it is well."""

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import click

from antiphon import wiring
from antiphon.events import EventLog, Topic
from antiphon.events.records import DeadLetter, decode
from antiphon.settings import load
from antiphon.terminal import console, progress

LETTERS_WITHIN_S = 8.0
MORE_WITHIN_S = 1.0


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


@click.command("dead-letters")
@click.option("--send-again", is_flag=True, help="Append each to its topic again.")
def dead_letters(send_again: bool) -> None:
    """Show the events of the last 30 days that could not be used, and why.

    Once the reason is gone they may be sent again: what was done already is not done twice.
    """
    services = wiring.open_services()
    count = 0
    for letter in _dead_letters(services.log):
        count += 1
        place = f"{letter.topic}:{letter.partition}:{letter.offset}"
        text = letter.value.decode(errors="replace")
        console.print(f"{place} {letter.key}: {letter.reason}", markup=False, highlight=False)
        console.print(f"    {text}", markup=False, highlight=False)
        if send_again:
            services.log.append(letter.topic, letter.key, [letter.value])
    done = "sent again" if send_again else "kept"
    said = f"{count} dead letter{'s' if count > 1 else ''} {done}."
    console.print(said if count else "There are no dead letters.")


def _dead_letters(log: EventLog) -> Iterator[DeadLetter]:
    """Yield all that there are; nobody's place in the topic changes by it."""
    with log.consumer(Topic.DEAD_LETTERS, f"look-{uuid.uuid4().hex}") as consumer:
        # A new reader of Kafka is given its partitions within seconds.
        batch = consumer.poll(LETTERS_WITHIN_S)
        while batch:
            for entry in batch:
                yield decode(entry.value, DeadLetter)
            batch = consumer.poll(MORE_WITHIN_S)
