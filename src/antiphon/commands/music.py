"""Commands about the music: scan it, listen to it, or make some."""

import time
from collections.abc import Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from antiphon import wiring
from antiphon.settings import SettingsError, load
from antiphon.terminal import console, progress
from antiphon.wiring import Services

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.argument("folders", nargs=-1, type=_FOLDER)
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


@click.command()
@click.argument("folders", nargs=-1, type=_FOLDER)
@click.option("--compute", metavar="URL", help="Where, as in ANTIPHON_COMPUTE.")
@click.option("--pause", "word", flag_value="pause", help="Let it rest, in every process.")
@click.option("--resume", "word", flag_value="resume", help="Let it go on.")
def analyse(folders: tuple[Path, ...], compute: str | None, word: str | None) -> None:
    """Listen to every track that was not listened to yet; first scan FOLDERS, if any are named."""
    settings = load()
    services = wiring.open_services(replace(settings, compute=compute or settings.compute))
    if word:
        _say_word(services, word)
    else:
        _analyse(services, folders)


def _say_word(services: Services, word: str) -> None:
    from antiphon.ops import pausing  # noqa: PLC0415 - a command loads what it needs
    from antiphon.ops.progress import ANALYSIS  # noqa: PLC0415

    if word == "pause":
        pausing.pause(services.store, ANALYSIS)
        console.print("The analysis is paused; `antiphon analyse --resume` lets it go on.")
    else:
        pausing.resume(services.store, ANALYSIS)
        console.print("The analysis goes on.")


def _analyse(services: Services, folders: Sequence[Path]) -> None:
    from antiphon.library import scan as scanning  # noqa: PLC0415 - a command loads what it needs
    from antiphon.ops import analysis, planning  # noqa: PLC0415

    plan = planning.planned(services.settings, services.store)
    if planning.lacks_nets(services.settings):
        console.print(f"Note: {planning.NO_NETS} {planning.ADVICE}.", markup=False)
    if folders:
        with progress("Scanning", "files") as show:
            scanning.scan(services.store, services.compute, folders, show)
    started = time.monotonic()
    with progress("Listening", "tracks") as show:
        done = analysis.analyse(services.store, services.compute, plan, lambda: False, show)
    seconds = time.monotonic() - started
    console.print(f"{done} tracks listened to in {seconds:.1f} s, for {', '.join(plan.sets)}.")
    console.print("`antiphon doctor` says which could not be used, and why.")


@click.command()
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
