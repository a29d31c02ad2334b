"""How well the models answer on public data, how fast they are trained, and how fast they serve.

On data sets (`--data FOLDER`, with `gowalla/`, `lastfm/` and `nowplaying/` in it, as LightGCN and
the nowplaying session data are published), by the functions of `antiphon evaluate`:

- `gowalla_recall20`, `gowalla_ndcg20`, `lastfm_recall20`, `lastfm_ndcg20`: the recipe of
  `--recipes FOLDER` (`gowalla.json` …, as `antiphon tune` writes them; by default those here), its
  weights learned on a hold-out of the training part, asked for 20 of all items but those known.
- `nowplaying_p20`, `nowplaying_mrr20`: how often the next track is among 20, and its reciprocal
  rank, by what was known when training ended; `nowplaying_live_…`: the test sessions replayed in
  the order of time, everything before a moment learned from at once.

Without `--data`:

- `als_over_best_library`, `spark_over_local`: see `bench/als.py`.
- `fold_in_p50_ms`, `answer_p50_ms`, `answer_p99_ms` and what else is measured of a process that
  serves: see `bench/serving.py`.

`--cache FOLDER` keeps the models that were fitted to the data sets. `--quick` takes them from it,
asks a tenth of the questions, and fits none: where there is none it says so.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

# Before NumPy, which counts the cores as it is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import msgspec
import serving

from antiphon.compute import als_local
from antiphon.evaluation import compare, datasets, protocol, questions
from antiphon.evaluation.sessions import replay
from antiphon.evaluation.splits import Split
from antiphon.taste import artefacts, session_ranker
from antiphon.taste import recipe as recipes
from antiphon.taste.artefacts import Manifest
from antiphon.taste.interactions import Interactions
from antiphon.taste.recommender import Recommender

Figures = dict[str, float | None]

# The figures: unit, goal, and what a first trial gave.
FIGURES: dict[str, tuple[str, float | None, float | None]] = {
    "gowalla_recall20": ("", 0.210, 0.198),
    "gowalla_ndcg20": ("", 0.175, 0.165),
    "lastfm_recall20": ("", 0.295, 0.2805),
    "lastfm_ndcg20": ("", 0.235, 0.2227),
    "nowplaying_p20": ("%", 27.0, 24.5),
    "nowplaying_mrr20": ("%", 10.0, 9.1),
    "nowplaying_live_p20": ("%", 33.0, 28.8),
    "nowplaying_live_mrr20": ("%", 14.0, 12.1),
    "als_over_best_library": ("ratio", 1.0, 1.0),
    "spark_over_local": ("ratio", 3.0, 10.0),
    **serving.FIGURES,
}
TENTH = 0.1
RECIPES_HERE = Path(__file__).parent / "recipes"


def main() -> None:
    """Measure what can be measured here, and print the figures."""
    options = _options()
    figures: Figures = {}
    for title, measure in (
        ("data sets", of_data),
        ("trainers", of_trainers),
        ("serving", of_serving),
    ):
        started = time.monotonic()
        print(f"\n{title}")
        figures.update(measure(options))
        print(f"  ({time.monotonic() - started:.0f} s)")
    shown = {
        name: {"value": figures.get(name), "unit": unit, "goal": goal, "baseline": baseline}
        for name, (unit, goal, baseline) in FIGURES.items()
    }
    print(json.dumps({"bench": "models", "figures": shown}))


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--data", type=Path, help="the folder of the data sets")
    options.add_argument(
        "--recipes", type=Path, default=RECIPES_HERE, help="the folder of what antiphon tune wrote"
    )
    options.add_argument("--cache", type=Path, help="where fitted models are kept")
    options.add_argument("--quick", action="store_true", help="end within 50 s")
    return options.parse_args()


def of_serving(options: argparse.Namespace) -> Figures:
    """Measure a process that serves."""
    return {**serving.figures(quick=options.quick)}


def of_trainers(options: argparse.Namespace) -> Figures:
    """Measure the trainers of iALS; see bench/als.py."""
    try:
        import als  # noqa: PLC0415 - beside this file
    except ImportError:
        print("  bench/als.py is not there")
        return {}
    figures: Figures = als.figures(options.data, quick=options.quick)
    return figures


def of_data(options: argparse.Namespace) -> Figures:
    """Measure the models on the data sets."""
    if options.data is None:
        print("  not measured: --data names the folder of the data sets")
        return {}
    return {**of_lists(options, "gowalla"), **of_lists(options, "lastfm"), **of_sessions(options)}


def of_lists(options: argparse.Namespace, name: str) -> Figures:
    """Measure a recipe on a data set that is divided as LightGCN is measured."""
    dataset = datasets.read(options.data / name)
    split = some(compare.divided(dataset, "lightgcn"), options)
    model = kept(options, name, lambda: blended(options, name, split.training))
    if model is None:
        return {}
    found = protocol.measure(split, lambda *_: model, name=name).row().figures
    _say(name, found, "recall", "ndcg")
    return {f"{name}_recall20": found["recall"].value, f"{name}_ndcg20": found["ndcg"].value}


def blended(options: argparse.Namespace, name: str, training: Interactions) -> Recommender:
    """Learn how to blend a recipe's models, and fit them, by the training part alone."""
    file = options.recipes / f"{name}.json"
    given = recipes.DEFAULT
    if file.is_file():
        given = msgspec.json.decode(file.read_bytes(), type=recipes.Recipe)
    train = partial(als_local.train, threads=os.cpu_count() or 1)
    learned = given if given.weights else recipes.learn(given, training, train=train)
    return recipes.fit(learned, training, train=train)


def of_sessions(options: argparse.Namespace) -> Figures:
    """Measure the session models on nowplaying, frozen and replayed."""
    folder = options.data / "nowplaying"
    dataset = datasets.read(folder)
    figures: Figures = {}
    train = partial(als_local.train, threads=os.cpu_count() or 1)
    for replayed, prefix in ((False, "nowplaying"), (True, "nowplaying_live")):
        threads = os.cpu_count() or 1
        how = session_ranker.SessionRankerParameters(replayed=replayed, threads=threads)
        model = kept(
            options,
            prefix,
            lambda how=how: session_ranker.fit(dataset.interactions, {}, how, train),
        )
        if model is None:
            continue
        if replayed:
            part = TENTH if options.quick else 1.0
            measured = replay(dataset, folder, lambda *_, m=model: m, name=prefix, part=part)
        else:
            split = some(compare.divided(dataset, "session"), options)
            measured = protocol.measure(split, lambda *_, m=model: m, name=prefix)
        found = measured.row().figures
        _say(prefix, found, "hit_rate", "mrr")
        figures[f"{prefix}_p20"] = 100 * found["hit_rate"].value
        figures[f"{prefix}_mrr20"] = 100 * found["mrr"].value
    return figures


def some(split: Split, options: argparse.Namespace) -> Split:
    """Return a split with a tenth of its questions when it has to be quick."""
    if not options.quick:
        return split
    asked = questions.some(split.questions, round(TENTH * len(split.questions)), seed=0)
    return replace(split, questions=asked)


def kept(
    options: argparse.Namespace, name: str, fit: Callable[[], Recommender]
) -> Recommender | None:
    """Return a fitted model from the cache, or fit it; to be quick, only from there."""
    folder = options.cache / name if options.cache else None
    if folder is not None and (folder / artefacts.MANIFEST).is_file():
        print(f"  {name}: the model in {folder}")
        return artefacts.load(folder)
    if options.quick:
        print(f"  {name}: not measured, as no fitted model is in --cache: run it without --quick")
        return None
    started = time.monotonic()
    model = fit()
    print(f"  {name}: fitted in {time.monotonic() - started:.0f} s")
    if folder is not None:
        artefacts.save(model, folder, Manifest(version="", made_at=0, antiphon="", recipe={}))
    return model


def _say(title: str, found: Mapping[str, Any], *names: str) -> None:
    parts = (
        f"{name} {found[name].value:.4f} [{found[name].low:.4f}, {found[name].high:.4f}]"
        for name in names
    )
    print(f"  {title}:", ", ".join(parts))


if __name__ == "__main__":
    main()
