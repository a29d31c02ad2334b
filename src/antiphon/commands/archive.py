"""Commands about the Free Music Archive: fetch it, import it, measure by it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from antiphon import wiring
from antiphon.settings import load
from antiphon.terminal import console, progress

if TYPE_CHECKING:
    from antiphon.evaluation.genres import GenreScore
    from antiphon.ops.fma import Benchmark

_FOLDER = click.Path(path_type=Path, file_okay=False)
_SUBSETS = ("small", "medium", "large", "full")


@click.group()
def fma() -> None:
    """Fetch and import the Free Music Archive."""


@fma.command("fetch")
@click.option("--subset", type=click.Choice(_SUBSETS), help="Sound too, not only the tables.")
@click.option("--to", "folder", type=_FOLDER, required=True, help="Where to unpack it.")
@click.option("--keep-zip", is_flag=True, help="Do not remove what has been unpacked.")
def fma_fetch(subset: str | None, folder: Path, keep_zip: bool) -> None:
    """Fetch the archive's tables, and a subset of its sound; broken off, it goes on later.

    Sound takes 8 GB (small: 8,000 clips of 30 s), 24 GB (medium: 25,000 clips), 100 GB (large:
    106,574 clips) or 940 GB (full: the same tracks whole), and twice that while it is unpacked.
    """
    from antiphon.library.fma import fetch  # noqa: PLC0415 - a command loads what it needs

    packages = [fetch.METADATA, *([fetch.SUBSETS[subset]] if subset else [])]
    for package in packages:
        with _phases() as show:
            is_new = fetch.fetch(load().fma_url, package, folder, show, keep_zip=keep_zip)
        said = "is verified and unpacked" if is_new else "was there already"
        console.print(f"{package.name} {said} in {folder}.", markup=False)
    console.print(f"Next: antiphon fma import {folder}", markup=False)


@fma.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--features", is_flag=True, help="Keep the published features (fma518/1) too.")
def fma_import(folder: Path, features: bool) -> None:
    """Bring the archive in FOLDER into the catalogue; again, it brings it up to date."""
    from antiphon.library.fma.importing import import_archive  # noqa: PLC0415 - as it is needed

    services = wiring.open_services()
    started = time.monotonic()
    with _phases() as show:
        report = import_archive(services.store, services.compute, folder, show)
    seconds = time.monotonic() - started
    console.print(
        f"{report.tracks} tracks in the tables, {report.changed} of them new or changed; "
        f"{report.files} files of theirs, {report.read} of them read, in {seconds:.1f} s."
    )
    for problem in report.problems:
        console.print(problem, style="yellow", markup=False)
    if report.failed:
        console.print(f"{report.failed} files could not be used: `antiphon doctor` says which.")
    if features:
        from antiphon.ops.fma import keep_published  # noqa: PLC0415 - it loads what hears sound

        with progress("Published features", "tracks") as count:
            kept = keep_published(services.store, folder, count)
        console.print(f"{kept} tracks have the published features now.")


@click.command("fma")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--subset", type=click.Choice(_SUBSETS[:2]), default="medium", show_default=True)
@click.option("--features", "name", default="fma518/1", show_default=True, metavar="SET")
@click.option(
    "--from",
    "source",
    type=click.Choice(["csv", "store", "audio"]),
    default="csv",
    show_default=True,
    help="The published features, those that an analysis has kept, or made now of the sound.",
)
def evaluate_fma(folder: Path, subset: str, name: str, source: str) -> None:
    """Tell genres by features alone, on the archive's own split in FOLDER.

    The archive's authors report 63 % for a support vector machine on the published features of
    the medium subset.
    """
    from antiphon.audio.features import FEATURE_SETS  # noqa: PLC0415 - a command loads what it needs
    from antiphon.ops import fma as archive  # noqa: PLC0415

    if name not in FEATURE_SETS:
        raise click.BadParameter(f"there are: {', '.join(FEATURE_SETS)}.", param_hint="--features")
    if source == "csv" and name != archive.PUBLISHED:
        raise click.BadParameter(
            f"{name} was not published: say --from audio, or --from store.", param_hint="--from"
        )
    known = archive.labels(folder, subset)
    if source == "csv":
        result = archive.benchmark(known, archive.published(folder))
    elif source == "store":
        store = wiring.open_services().store
        result = archive.benchmark(known, archive.stored(store, name, known))
    else:
        result = _benchmark_sound(folder, name, known)
    splits = ", ".join(f"{count} for {split}" for split, count in result.tracks.items())
    console.print(f"{name}, {result.columns} columns, subset {subset}: {splits}.", highlight=False)
    if result.without:
        console.print(f"{result.without} tracks of the subset have no features.", style="yellow")
    _show(result.score)


def _benchmark_sound(folder: Path, name: str, known: dict[str, tuple[str, str]]) -> "Benchmark":
    from msgspec.structs import replace  # noqa: PLC0415 - a command loads what it needs

    from antiphon.ops import fma as archive  # noqa: PLC0415
    from antiphon.ops.planning import plan  # noqa: PLC0415

    services = wiring.open_services()
    wanted = plan(replace(services.settings, features=(name,)))
    if name not in wanted.sets:
        raise click.UsageError(f"{name} needs its nets: `antiphon models fetch` gets them.")
    with progress("Listening", "tracks") as show:
        return archive.benchmark(
            known, archive.heard(services.compute, wanted, folder, known, show)
        )


def _show(score: "GenreScore") -> None:
    table = Table("genre", "tracks", "told", "most often taken for")
    for row, genre in enumerate(score.genres):
        counts = score.confusion[row]
        total, right = int(counts.sum()), int(counts[row])
        others = counts.copy()
        others[row] = 0
        taken = f"{score.genres[int(others.argmax())]} ({others.max()})" if others.any() else ""
        if total:
            table.add_row(genre, str(total), f"{right / total:.0%}", taken)
    console.print(table)
    console.print(
        f"Accuracy on the test split: {score.accuracy:.1%} (95 %: {score.low:.1%} to "
        f"{score.high:.1%}); always naming the most frequent genre: {score.majority:.1%}.",
        highlight=False,
    )
    console.print(
        f"C = {score.cost:g} was chosen on the validation split ({score.validation_accuracy:.1%}).",
        highlight=False,
    )


@contextmanager
def _phases() -> Iterator[Callable[[str, int, int], None]]:
    """Show one progress after the other, as what is done changes."""
    with ExitStack() as stack:
        shown: dict[str, Callable[[int, int], None]] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in shown:
                stack.close()
                shown[what] = stack.enter_context(progress(what, _unit(what)))
            shown[what](done, total)

        yield show


def _unit(what: str) -> str:
    units = {"Fetching": "bytes", "Verifying": "bytes", "Reading the tables": "tracks"}
    return next((unit for words, unit in units.items() if what.startswith(words)), "files")
