"""Commands about pretrained nets."""

from pathlib import Path

import click

from antiphon.audio.musicnn import available
from antiphon.settings import load
from antiphon.terminal import console


@click.group()
def models() -> None:
    """Fetch the pretrained nets that tracks are compared by."""


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
