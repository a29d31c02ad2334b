"""The command line: `antiphon …`, and what its failures say."""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial

import click

from antiphon import __version__, serving, supervisor
from antiphon.audio.errors import ModelError
from antiphon.commands import accounts, archive, evaluation, models, music, report, training, upkeep
from antiphon.compute import ComputeError
from antiphon.evaluation.errors import DataError
from antiphon.events import EventLogError
from antiphon.library.fma import ArchiveError
from antiphon.ops.errors import WorseModelError
from antiphon.ops.pausing import NotNowError
from antiphon.ops.users import AccountError
from antiphon.settings import Settings, SettingsError, load
from antiphon.store import StoreError
from antiphon.taste.errors import ArtefactError, WeightsError
from antiphon.terminal import fail

# What goes wrong by what an operator can mend: one line, and this exit code.
FAILURES: dict[type, int] = {
    SettingsError: 78,
    StoreError: 74,
    EventLogError: 78,
    ComputeError: 78,
    AccountError: 65,
    ArchiveError: 65,
    DataError: 65,
    ModelError: 69,
    NotNowError: 75,
    ArtefactError: 74,
    WeightsError: 78,
    WorseModelError: 70,
    OSError: 74,
}
PARTS = ["all", "web", "push", "live", "library", "training"]


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
@click.argument("part", type=click.Choice(PARTS), default="all")
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
        "training": serving.training,
    }
    parts[part](settings)


for command in (
    music.scan,
    music.analyse,
    music.demo,
    models.models,
    training.train,
    archive.fma,
    evaluation.evaluate,
    evaluation.tune,
    report.report,
    accounts.user,
    upkeep.store,
    upkeep.backup,
    upkeep.doctor,
    upkeep.dead_letters,
):
    cli.add_command(command)
