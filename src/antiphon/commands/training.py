"""The command that trains the models of taste."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec.structs import replace

from antiphon import wiring
from antiphon.settings import load
from antiphon.terminal import console, progress

if TYPE_CHECKING:
    from antiphon.ops.progress import OnProgress
    from antiphon.ops.training import Trained
    from antiphon.taste.recipe import Recipe

# Instead of a file: the recipe that comes with Antiphon.
DEFAULT = "default"


@click.command()
@click.option(
    "--recipe",
    metavar="FILE",
    help="By what `antiphon tune` wrote, from now on; `default`: by what comes with Antiphon.",
)
@click.option("--force", is_flag=True, help="Train although nothing is new, use it although worse.")
@click.option("--compute", metavar="URL", help="Where, as in ANTIPHON_COMPUTE.")
@click.option("--quiet", is_flag=True, help="Show no progress, only what came of it.")
def train(recipe: str | None, force: bool, compute: str | None, quiet: bool) -> None:
    """Learn from what was listened to, and use the new models unless they are worse."""
    from antiphon.ops import training  # noqa: PLC0415 - a command loads what it needs
    from antiphon.taste.registry import Registry  # noqa: PLC0415
    from antiphon.taste.weights import weights_in  # noqa: PLC0415

    settings = load()
    given = recipe_in(recipe, "--recipe") if recipe else None
    services = wiring.open_services(replace(settings, compute=compute or settings.compute))
    try:
        done = training.train(
            services.store,
            services.compute,
            Registry(settings.artefacts_url, settings.artefacts_copies),
            gap_ms=settings.sitting_gap_min * 60_000,
            weights=weights_in(settings.weights),
            given=given,
            force=force,
            show=_silent if quiet else progress,
        )
    finally:
        services.compute.close()
    _tell(done)


def recipe_in(file: str, option: str) -> "Recipe":
    """Return the recipe in a file that an option names, if its models and parameters are known.

    Raises:
        click.BadParameter: it is no recipe.
    """
    from antiphon.taste import recipe as recipes  # noqa: PLC0415 - a command loads what it needs

    if file == DEFAULT:
        return recipes.DEFAULT
    try:
        found = msgspec.json.decode(Path(file).read_bytes(), type=recipes.Recipe)
        for name in found.models:
            recipes.kind(name)
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"{file} is no recipe: {error}", param_hint=option) from error
    return found


@contextmanager
def _silent(title: str, unit: str) -> "Iterator[OnProgress]":  # noqa: ARG001 - as `progress` has them
    yield lambda _done, _total: None


def _tell(done: "Trained") -> None:
    if done.manifest is None:
        console.print(done.reason, markup=False, highlight=False)
        return
    made = done.manifest
    lines = [
        f"{made.version} is in use: trained in {made.seconds:.0f} s on {made.listens} listens of"
        f" {made.listeners} listeners, {made.tracks} tracks."
    ]
    if judgement := done.judgement:
        lines.append(
            f"Asked what {judgement.judges} listeners wanted later: "
            + ", ".join(f"{name} {figure}" for name, figure in judgement.figures.items())
        )
    if judgement and judgement.better:
        lines.append(f"Compared with those in use until now: nDCG@20 {judgement.better}")
    for line in lines:
        console.print(line, markup=False, highlight=False)
