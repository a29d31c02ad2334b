"""Commands about models: the pretrained nets, and what was trained here."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from antiphon.audio.musicnn import available
from antiphon.settings import load
from antiphon.terminal import console

if TYPE_CHECKING:
    from antiphon.taste.artefacts import Manifest
    from antiphon.taste.registry import Registry


@click.group()
def models() -> None:
    """Fetch pretrained nets; see and choose the models that were trained here."""


@models.command()
@click.option(
    "--wheel",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The wheel of musicnn 0.1.0, where it cannot be downloaded.",
)
def fetch(wheel: Path | None) -> None:
    """Have the embedding in ANTIPHON_MODELS; a library that has none is then listened to again."""
    from antiphon.audio.musicnn import fetch as fetching  # noqa: PLC0415 - a command loads what it needs

    folder = load().models
    if wheel is None and not available(folder):
        console.print("Fetching the embedding (29 MB) …")
    was_fetched = fetching.fetch(folder, wheel)
    console.print(
        f"The embedding {'is' if was_fetched else 'was already'} in {folder}.", markup=False
    )


@models.command("list")
def list_() -> None:
    """Show the trained versions, the newest first; * marks the one in use."""
    registry = _registry()
    current, versions = registry.current(), registry.versions()
    if not versions:
        console.print("Nothing was trained yet: `antiphon train` does it.")
    for manifest in versions:
        mark = "*" if manifest.version == current else " "
        console.print(f"{mark} {_described(manifest)}", markup=False, highlight=False)


@models.command()
@click.argument("version")
def use(version: str) -> None:
    """Have a trained VERSION used from now on, if it is whole."""
    console.print(f"In use: {_described(_registry().use(version))}", markup=False, highlight=False)


@models.command()
def rollback() -> None:
    """Go back to the version before the one in use."""
    console.print(f"In use: {_described(_registry().roll_back())}", markup=False, highlight=False)


def _registry() -> "Registry":
    from antiphon.taste.registry import Registry  # noqa: PLC0415 - a command loads what it needs

    settings = load()
    return Registry(settings.artefacts_url, settings.artefacts_copies)


def _described(manifest: "Manifest") -> str:
    from antiphon.ops.doctor import described  # noqa: PLC0415 - a command loads what it needs

    return f"{manifest.version}: {described(manifest)}"
