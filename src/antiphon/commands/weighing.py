"""What `antiphon tune --weights` does: look for the table of weights, write it, say how good."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from antiphon import wiring
from antiphon.evaluation import weighing
from antiphon.terminal import console, progress

if TYPE_CHECKING:
    from antiphon.evaluation.datasets import Dataset
    from antiphon.evaluation.results import Figure
    from antiphon.evaluation.weighing import Read
    from antiphon.taste.interactions import Interactions
    from antiphon.taste.recipe import Recipe
    from antiphon.taste.recommender import FeatureVectors
    from antiphon.taste.weights import Weights


def tune(
    dataset: "Dataset | None",
    recipe: "Recipe",
    out: Path,
    show: Callable[[str, int, int], None],
    **how: Any,
) -> None:
    """Look for a table on a data set, or (None) on this instance's history; `how` is the search's.

    Raises:
        DataError: there is too little to learn from, or it is not known how listens ended.
    """
    read, features = _own() if dataset is None else (weighing.of_data(dataset), dataset.features)
    found = weighing.tune(read, features, recipe, progress=show, **how)
    out.write_bytes(msgspec.json.format(msgspec.json.encode(found.weights)) + b"\n")
    console.print(
        f"{len(found.tried)} tables in {found.seconds / 60:.1f} minutes. nDCG of those who judge:"
        f" by the given one {_figure(found.default)}, by the one found {_figure(found.tuned)};"
        f" the difference in pairs {_figure(found.better)}.",
        highlight=False,
    )
    kept = "the table found" if found.better.low > 0 else "the given table, as no other is better"
    console.print(f"{out} has {kept}.", markup=False, highlight=False)


def _own() -> "tuple[Read, FeatureVectors]":
    """Return how this instance's history is read with a table of weights, and its features."""
    from antiphon.ops import history  # noqa: PLC0415 - as it is needed

    services = wiring.open_services()
    gap_ms = services.settings.sitting_gap_min * 60_000

    def read(weights: "Weights") -> "Interactions":
        with progress("Reading the history", "listens") as note:
            return history.read(services.store, gap_ms, note, weights)

    return read, history.features(services.store)


def _figure(figure: "Figure") -> str:
    return f"{figure.value:.4f} ({figure.low:.4f} to {figure.high:.4f})"
