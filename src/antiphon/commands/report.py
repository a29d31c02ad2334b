"""The command that tells what came of what was recommended."""

from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from antiphon import wiring
from antiphon.terminal import console, progress
from antiphon.wiring import Services

if TYPE_CHECKING:
    from antiphon.evaluation.results import Figure
    from antiphon.ops.offpolicy import OffPolicy
    from antiphon.ops.report import Outcome, Report
    from antiphon.store import Store

_DAY_MS = 86_400_000
_WIDTH = 120


@click.command()
@click.option("--user", "name", metavar="NAME", help="Of this listener alone.")
@click.option("--days", type=click.IntRange(1), default=30, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option(
    "--ranker",
    metavar="WHICH",
    help="Judge another ranker on the logs: a trained version, a recipe's FILE.json, or `sound`.",
)
def report(name: str | None, days: int, as_json: bool, ranker: str | None) -> None:
    """Tell how often what was recommended is skipped, by surface and by generator.

    With --ranker: how often it would have been if another ranker had answered (SNIPS). A version is
    judged on what was heard since its training, a recipe is fitted to what was heard before.
    """
    import msgspec  # noqa: PLC0415 - a command loads what it needs

    from antiphon.model import now_ms  # noqa: PLC0415
    from antiphon.ops import report as reports  # noqa: PLC0415

    services = wiring.open_services()
    store = services.store
    since = now_ms() - days * _DAY_MS
    user_id = _user_id(store, name) if name else None
    if ranker:
        judged = _judged(services, ranker, since, user_id)
        if as_json:
            click.echo(msgspec.json.encode(judged).decode())
        else:
            _tell_of(judged)
        return
    found = reports.report(store, user_id, since)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    if found.is_empty:
        console.print(f"In the last {days} days nothing was heard, and nothing recommended.")
        return
    whose = f"of {name}" if name else "of all listeners"
    _tell(found, f"The last {days} days {whose}")
    if found.simulated is not None:
        _tell(found.simulated, "Simulated listeners, apart")


def _user_id(store: "Store", name: str) -> str:
    """Return the id of the user of that name; simulated ones are called demo and their name.

    Raises:
        click.BadParameter: there is none.
    """
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    found = users.find(store, name)
    if found is None:
        raise click.BadParameter(
            f"There is no user {name!r}; `antiphon user list` shows who there is.",
            param_hint="--user",
        )
    return found.id


def _judged(services: Services, ranker: str, since: int, user_id: str | None) -> "OffPolicy":
    from antiphon.commands.training import recipe_in  # noqa: PLC0415 - as it is needed
    from antiphon.ops import offpolicy, rankers  # noqa: PLC0415
    from antiphon.taste.registry import Registry  # noqa: PLC0415
    from antiphon.taste.weights import weights_in  # noqa: PLC0415

    settings, store = services.settings, services.store
    gap_ms, weights = settings.sitting_gap_min * 60_000, weights_in(settings.weights)
    if ranker == "sound":
        other = rankers.by_sound(store, since)
    elif ranker.endswith(".json"):
        recipe = recipe_in(ranker, "--ranker")
        with progress("Fitting the recipe to what was heard before", "models"):
            other = rankers.of_recipe(
                store,
                services.compute,
                recipe,
                since,
                name=ranker,
                gap_ms=gap_ms,
                weights=weights,
            )
    else:
        registry = Registry(settings.artefacts_url, settings.artefacts_copies)
        other = rankers.of_version(store, registry, ranker, since)
    return offpolicy.judged(
        store,
        other.ensemble,
        other.name,
        other.since,
        user_id=user_id,
        gap_ms=gap_ms,
        weights=weights,
    )


def _tell_of(judged: "OffPolicy") -> None:
    found = judged.estimate
    lines = (
        f"{judged.ranker}, judged on {found.outcomes:,} tracks heard from ranked places of"
        f" {judged.answers:,} answers to {judged.listeners} listeners"
        f" ({judged.left_out:,} more could not be weighed):",
        f"  heard without a skip, as it was: {_share(found.logged)}",
        f"  had it ranked them (SNIPS):      {_share(found.new)}",
        f"  difference, in pairs:            {_points(found.better)}",
        f"That is worth {found.effective:,.0f} outcomes of its own. Weights are"
        f" {found.mean_weight:.2f} on average, which should be nearly 1; {found.clipped:,} were"
        " clipped.",
        "It tells of single places among tracks that were drawn from, not of a whole evening.",
    )
    for line in lines:
        console.print(line, markup=False, highlight=False)


def _points(figure: "Figure") -> str:
    # Adding 0.0 takes the sign from what is rounded to nothing.
    value, low, high = (round(one, 3) + 0.0 for one in (figure.value, figure.low, figure.high))
    return f"{value:+.1%} ({low:+.1%} to {high:+.1%})"


def _tell(found: "Report", title: str) -> None:
    console.print(f"{title}:", markup=False, highlight=False)
    table = Table("surface", "generator", "shown", "heard", "listeners", "skipped", "to the end")
    for one in found.details:
        table.add_row(*_cells(one, one.surface, one.generator))
    table.add_section()
    for one in (*found.surfaces, *found.generators):
        table.add_row(*_cells(one, one.surface or "all", one.generator or "all"))
    table.add_section()
    table.add_row(*_cells(found.overall, "all recommended", ""))
    table.add_row(*_cells(found.own, "chosen by themselves", ""))
    # A table that breaks its figures cannot be read; a terminal that is too narrow breaks lines.
    Console(width=max(console.width, _WIDTH), soft_wrap=True).print(table)
    if found.exploration is not None:
        share = _share(found.exploration)
        console.print(f"Of what was heard of it {share} was unknown music, to let taste grow.")
    console.print(
        "Skipped: ended by hand before half the track or four minutes. In brackets the 95 %"
        " interval; `shown` counts places in answers, again in each.",
        highlight=False,
    )


def _cells(one: "Outcome", surface: str, generator: str) -> tuple[str, ...]:
    return (
        surface,
        generator,
        f"{one.shown:,}",
        f"{one.listens:,}",
        f"{one.listeners:,}",
        _share(one.skip_rate),
        _share(one.completion),
    )


def _share(figure: "Figure | None") -> str:
    if figure is None:
        return "-"
    return f"{figure.value:.1%} ({figure.low:.1%} to {figure.high:.1%})"
