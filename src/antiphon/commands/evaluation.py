"""Commands that measure models on data, and that find their parameters."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from antiphon import wiring
from antiphon.commands import archive
from antiphon.terminal import console, progress

if TYPE_CHECKING:
    from antiphon.evaluation.compare import Shown
    from antiphon.evaluation.datasets import Dataset
    from antiphon.evaluation.here import Mapper
    from antiphon.evaluation.protocol import Fit
    from antiphon.evaluation.results import Evaluation, Figure, Tuning
    from antiphon.evaluation.splits import Split
    from antiphon.taste.recipe import Recipe

_FOLDER = click.Path(path_type=Path, file_okay=False)
_DATA = click.Path(path_type=Path, file_okay=False, exists=True)
_SHARE = click.FloatRange(0.001, 1.0)
_FILE = click.Path(path_type=Path, dir_okay=False)
PROTOCOLS = (
    "lightgcn",
    "hold-out",
    "time-split",
    "leave-last",
    "session",
    "replay",
    "cold-start",
)
BASELINES = ("popularity", "random")
_WIDTH = 110
_ACCURACY = {"recall": "recall", "ndcg": "nDCG", "mrr": "MRR", "hit_rate": "hit rate"}
_BEYOND = {
    "coverage": "coverage",
    "novelty": "novelty",
    "diversity": "diversity",
    "artist_diversity": "artists",
    "popularity_lift": "lift",
    "calibration": "miscalibr.",
    "repeat_accuracy": "repeats",
}


@dataclass(frozen=True)
class _Asked:
    """What to ask, as the options of `evaluate` say it."""

    protocol: str | None
    models: Sequence[str]
    cut: int
    share: float
    seed: int
    part: float
    shuffled: bool
    out: Path | None


@click.group(invoke_without_command=True)
@click.option("--data", type=_DATA, help="A data set; without it, this instance's own history.")
@click.option("--protocol", type=click.Choice(PROTOCOLS), help="By default what suits the data.")
@click.option(
    "--model",
    "models",
    multiple=True,
    help="A model's name, `recipe` (all of them, blended) or a recipe's FILE; or several.",
)
@click.option("--at", "cut", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--share", type=click.FloatRange(0.01, 0.9), default=0.1, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--part", type=_SHARE, default=1.0, help="Ask only this share, drawn by the seed.")
@click.option("--shuffled", is_flag=True, help="Shuffle the right answers: all must be at chance.")
@click.option("--json", "form", flag_value="json", help="Print JSON instead of tables.")
@click.option("--markdown", "form", flag_value="markdown", help="Print rows of a Markdown table.")
@click.option("--report", type=_FILE, help="Write a page with plots, for anybody to read.")
@click.option("--search", type=_FILE, help="The tuning.json of a search, to put on that page.")
@click.option("--out", type=_FOLDER, help="Write the split into a folder, for others to use.")
@click.pass_context
def evaluate(
    context: click.Context,
    /,
    data: Path | None,
    form: str | None,
    report: Path | None,
    search: Path | None,
    **asked: Any,
) -> None:
    """Measure how good recommendations are, on a data set or on this instance's history.

    Baselines (popularity, random) stand beside the models. Formats are told by the files that a
    folder has: train.txt and test.txt (LightGCN's lists), train_sessions.txt, HetRec's
    user_artists.dat, train.tsv (user, item, weight, at, session), or a split written by --out.
    """
    if context.invoked_subcommand:
        return
    with _phases("questions") as show:
        found = _evaluated(data, _Asked(**asked), show)
    _show(found, form)
    if report:
        _write_report(report, found, search)


evaluate.add_command(archive.evaluate_fma)


@click.command()
@click.option("--data", type=_DATA, help="A data set; without it, this instance's own history.")
@click.option("--recipe", type=_FILE, help="Where to begin; by default with the built-in recipe.")
@click.option("--trials", type=click.IntRange(1), default=30, show_default=True, help="Of each.")
@click.option("--minutes", type=click.FloatRange(0.01), default=30.0, show_default=True)
@click.option("--parallel", type=click.IntRange(1), default=1, show_default=True)
@click.option("--cluster", is_flag=True, help="Run trials where ANTIPHON_COMPUTE says.")
@click.option("--pruner", type=click.Choice(["median", "hyperband"]), default="median")
@click.option("--at", "cut", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--work", type=_FOLDER, help="Where the search is kept, to go on later.")
@click.option("--out", type=_FILE, default=Path("recipe.json"), show_default=True)
@click.option("--report", type=_FILE, help="Write a page with plots, for anybody to read.")
@click.option("--weights", is_flag=True, help="Find how much completing, skipping … tells instead.")
def tune(  # noqa: PLR0917 - click gives them by name
    data: Path | None,
    recipe: Path | None,
    trials: int,
    minutes: float,
    parallel: int,
    cluster: bool,
    pruner: str,
    cut: int,
    seed: int,
    work: Path | None,
    out: Path,
    report: Path | None,
    weights: bool,
) -> None:
    """Find a recipe's parameters and weights, on a hold-out of what may be learnt from.

    A test part that came with the data is not looked at. Broken off, the same command goes on. The
    recipe is written as JSON: `antiphon evaluate --model FILE` and `antiphon train --recipe FILE`
    take it.

    With --weights it is the table of taste/weights.py that is looked for, and written: how much a
    completed track, an early skip … speaks for or against it.
    """
    import msgspec  # noqa: PLC0415 - a command loads what it needs

    begun = _recipe(recipe) if recipe else _built_in()
    if weights:
        from antiphon.commands import weighing  # noqa: PLC0415

        dataset = _dataset(data) if data else None
        budget = {"trials": trials, "seconds": 60 * minutes, "seed": seed, "cut": cut}
        with _phases("tables") as show:
            weighing.tune(dataset, begun, out, show, **budget)
        return
    from antiphon.evaluation.search import Search  # noqa: PLC0415
    from antiphon.evaluation.tune import tune as find  # noqa: PLC0415

    dataset = _dataset(data)
    folder = work or out.with_suffix(".search")
    folder.mkdir(parents=True, exist_ok=True)
    how = Search(
        dataset.name,
        folder,
        _compute(parallel, minutes, cluster=cluster),
        trials=trials,
        seconds=60 * minutes,
        parallel=parallel,
        cut=cut,
        seed=seed,
        pruner="hyperband" if pruner == "hyperband" else "median",
    )
    with _phases("trials") as show:
        found, tuning = find(how, dataset.interactions, dataset.features, begun, show)
    out.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    (folder / "tuning.json").write_bytes(msgspec.json.encode(tuning))
    _say(tuning, out)
    if report:
        from antiphon.evaluation.report import page  # noqa: PLC0415 - as it is needed

        report.write_text(page([], tuning), encoding="utf-8")
        console.print(f"The page is {report}.", markup=False)


def _evaluated(data: Path | None, asked: _Asked, show: "Shown") -> "Evaluation":
    from antiphon.evaluation import cold_start, compare, written  # noqa: PLC0415 - as it is needed

    if data and written.is_split(data):
        dataset, split = compare.of_written(data)
        return _compared(dataset, split, asked, show)
    dataset = _dataset(data)
    protocol = asked.protocol or compare.usual(dataset)
    if protocol == "replay":
        if data is None:
            raise click.UsageError("The protocol replay needs --data with timed sessions.")
        return compare.replayed(
            dataset, data, _fits(dataset, asked, protocol), _baselines(asked, protocol),
            part=asked.part, cut=asked.cut, seed=asked.seed, progress=show,
        )  # fmt: skip
    if protocol == "cold-start" and dataset.tagged is not None:
        return cold_start.evaluate(
            dataset.name, dataset.interactions, cold_start.Tagged(*dataset.tagged.T),
            share=asked.share, seed=asked.seed, cut=asked.cut,
        )  # fmt: skip
    split = compare.divided(dataset, protocol, asked.share, asked.seed)
    return _compared(dataset, split, asked, show)


def _compared(dataset: "Dataset", split: "Split", asked: _Asked, show: "Shown") -> "Evaluation":
    from antiphon.evaluation import questions, written  # noqa: PLC0415 - as it is needed
    from antiphon.evaluation.compare import compare  # noqa: PLC0415

    if asked.part < 1:
        count = max(1, round(asked.part * len(split.questions)))
        split = replace(split, questions=questions.some(split.questions, count, asked.seed))
    if asked.shuffled:
        split = replace(split, questions=questions.relabelled(split.questions, asked.seed))
    if asked.out:
        about = f"{dataset.name}, {split.protocol}, seed {asked.seed}"
        written.write(split, asked.out, about, dataset.features_for(split.questions))
    fits = _fits(dataset, asked, split.protocol) | _baselines(asked, split.protocol)
    return compare(dataset, split, fits, cut=asked.cut, seed=asked.seed, progress=show)


def _models(dataset: "Dataset") -> Sequence[str]:
    """Return what is measured where nothing is said: what the product would use."""
    from antiphon.taste.recipe import KINDS  # noqa: PLC0415 - as it is needed

    if dataset.format != "sessions":
        return ("recipe",)
    return tuple(name for name in ("session_ranker", "sessions") if name in KINDS)


def _fits(dataset: "Dataset", asked: _Asked, protocol: str) -> "dict[str, Fit]":
    names = asked.models or _models(dataset)
    return {_title(name): _fit(name, asked, protocol) for name in names}


def _baselines(asked: _Asked, protocol: str) -> "dict[str, Fit]":
    return {name: _fit(name, asked, protocol) for name in BASELINES}


def _dataset(data: Path | None) -> "Dataset":
    from antiphon.evaluation.datasets import read  # noqa: PLC0415 - as it is needed

    return read(data) if data else _own()


def _own() -> "Dataset":
    """Return this instance's history."""
    from antiphon.evaluation.datasets import Dataset  # noqa: PLC0415 - as it is needed
    from antiphon.evaluation.errors import DataError  # noqa: PLC0415
    from antiphon.ops import history  # noqa: PLC0415
    from antiphon.store.schema import TRACKS  # noqa: PLC0415

    services = wiring.open_services()
    with progress("Reading the history", "listens") as show:
        gap_ms = services.settings.sitting_gap_min * 60_000
        known = history.read(services.store, gap_ms, show)
    if not len(known):
        raise DataError("Nobody has listened to anything here yet: give --data FOLDER.")
    tracks = services.store.get_many(TRACKS, known.items)
    artists = tuple((*tracks[id].artist_ids, "")[0] if id in tracks else "" for id in known.items)
    features = history.features(services.store)
    return Dataset("this instance", "history", known, features=features, artists=artists)


def _title(model: str) -> str:
    return Path(model).stem if model.endswith(".json") else model


def _fit(model: str, asked: _Asked, protocol: str) -> "Fit":
    """Return how to fit what `--model` names."""
    from antiphon.evaluation import baselines  # noqa: PLC0415 - as it is needed
    from antiphon.evaluation.trial import trainer  # noqa: PLC0415
    from antiphon.taste import recipe as recipes  # noqa: PLC0415

    if model == "random":
        return baselines.fit
    if model == "recipe" or model.endswith(".json"):
        given = _built_in() if model == "recipe" else _recipe(Path(model))
        return lambda known, features: recipes.fit(
            given
            if given.weights
            else recipes.learn(given, known, features, trainer(), asked.seed),
            known,
            features,
            trainer(),
        )
    try:
        recipes.kind(model)
    except ValueError as error:
        raise click.BadParameter(f"{error}, recipe, or a FILE.json", param_hint="--model") from None
    # Its forest learns from lists as they will be: frozen, or grown until the moment.
    parameters = {"replayed": protocol == "replay"} if model == "session_ranker" else {}
    return lambda known, features: recipes.fit_one(model, parameters, known, features, trainer())


def _built_in() -> "Recipe":
    from antiphon.taste.recipe import DEFAULT  # noqa: PLC0415 - as it is needed

    return DEFAULT


def _recipe(file: Path) -> "Recipe":
    import msgspec  # noqa: PLC0415 - a command loads what it needs

    from antiphon.taste.recipe import Recipe  # noqa: PLC0415

    try:
        return msgspec.json.decode(file.read_bytes(), type=Recipe)
    except msgspec.MsgspecError as error:
        raise click.BadParameter(f"{file} is no recipe: {error}") from None


def _compute(parallel: int, minutes: float, *, cluster: bool) -> "Mapper":
    """Return where trials run: here with all cores, in processes of one core, or on the cluster."""
    from antiphon.compute.local import LocalCompute  # noqa: PLC0415 - as it is needed
    from antiphon.evaluation.here import Here  # noqa: PLC0415

    if cluster:
        return wiring.open_services().compute
    return LocalCompute(parallel, 60 * minutes) if parallel > 1 else Here()


def _accuracy(evaluation: "Evaluation") -> Table:
    table = Table("model", *_ACCURACY.values(), "over the first")
    for row in evaluation.rows:
        cells = (_figure(row.figures[name]) for name in _ACCURACY)
        table.add_row(row.model, *cells, _figure(row.versus, "+") if row.versus else "")
    return table


def _beyond(evaluation: "Evaluation") -> Table:
    there = [name for name in _BEYOND if name in evaluation.rows[0].figures]
    words = (_BEYOND[name] for name in there)
    table = Table("model", *words, "fit s", "ms", "MB")
    for row in evaluation.rows:
        figures = (f"{row.figures[name].value:.3g}" for name in there)
        costs = (f"{row.fit_s:.1f}", f"{row.answer_ms:.2f}", f"{row.peak_mb:.0f}")
        table.add_row(row.model, *figures, *costs)
    return table


def _figure(figure: "Figure", sign: str = "") -> str:
    """Write a share without the 0 before the point, and how far chance reaches."""
    away = max(figure.value - figure.low, figure.high - figure.value)
    return f"{figure.value:{sign}.4f} ±{away:.4f}".replace("0.", ".")


def _markdown(evaluation: "Evaluation") -> Iterator[str]:
    """Yield a row for each model, as they stand in docs/recommendations.md."""
    what = f"{evaluation.data}, {evaluation.protocol}"
    for row in evaluation.rows:
        cells = (_figure(row.figures[name]) for name in _ACCURACY)
        cost = f"{row.fit_s:.0f} s, {row.answer_ms:.2f} ms, {row.peak_mb:.0f} MB"
        yield f"| {what} | {row.model} | {' | '.join(cells)} | {cost} |"


def _show(evaluation: "Evaluation", form: str | None) -> None:
    if form == "json":
        import msgspec  # noqa: PLC0415 - as it is needed

        click.echo(msgspec.json.encode(evaluation).decode())
        return
    if form == "markdown":
        click.echo("\n".join(_markdown(evaluation)))
        return
    console.print(
        f"{evaluation.data}, {evaluation.protocol}: {evaluation.users:,} listeners,"
        f" {evaluation.items:,} items, {evaluation.interactions:,} plays to learn from,"
        f" {evaluation.questions:,} questions, the first {evaluation.cut} places."
        f" Guessing finds {evaluation.chance:.4f}.",
        highlight=False,
    )
    # A table that breaks its figures cannot be read; a terminal that is too narrow breaks lines.
    wide = Console(width=max(console.width, _WIDTH), soft_wrap=True)
    wide.print(_accuracy(evaluation), _beyond(evaluation))
    console.print("± is a 95 % interval; `over the first` the difference of nDCG, in pairs.")
    for remark in evaluation.remarks:
        console.print(remark, markup=False)


def _write_report(file: Path, evaluation: "Evaluation", search: Path | None) -> None:
    import msgspec  # noqa: PLC0415 - as it is needed

    from antiphon.evaluation.report import page  # noqa: PLC0415
    from antiphon.evaluation.results import Tuning  # noqa: PLC0415

    tuning = msgspec.json.decode(search.read_bytes(), type=Tuning) if search else None
    file.write_text(page([evaluation], tuning), encoding="utf-8")
    console.print(f"The page is {file}.", markup=False)


def _say(tuning: "Tuning", out: Path) -> None:
    failed = [trial for trial in tuning.trials if trial.error]
    for trial in failed[:3]:
        console.print(f"{trial.model}, trial {trial.number}: {trial.error}", style="yellow")
    console.print(
        f"{len(tuning.trials)} trials, {len(failed)} of them failed, in"
        f" {tuning.seconds / 60:.1f} minutes. nDCG@{tuning.cut} on the hold-out: as it was"
        f" {_figure(tuning.default)}, as found {_figure(tuning.tuned)}.",
        highlight=False,
    )
    kept = "the parameters found" if tuning.kept == "tuned" else "the parameters it came with"
    console.print(f"{out} has {kept}. Next: antiphon evaluate --model {out}", markup=False)


@contextmanager
def _phases(unit: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show one progress after the other, as what is done changes."""
    with ExitStack() as stack:
        shown: dict[str, Callable[[int, int], None]] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in shown:
                stack.close()
                shown[what] = stack.enter_context(progress(what, unit))
            shown[what](done, total)

        yield show
