"""A page that tells what was measured, to people who are no engineers: one file, no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from antiphon.evaluation import charts
from antiphon.evaluation.charts import Point
from antiphon.evaluation.results import Evaluation, Figure, Row, Trial, Tuning

# What each figure means: its name on the page, what it says, and whether more of it is better.
MEANING: Mapping[str, tuple[str, str]] = {
    "recall": ("recall", "Of what the listener went on to play, how much was in the list."),
    "ndcg": ("nDCG", "The same, but what stands higher in the list counts more. 1 is perfect."),
    "mrr": ("MRR", "One over the place of the first right one: 0.5 means the second place."),
    "hit_rate": ("hit rate", "How often anything in the list was right."),
    "coverage": ("coverage", "How much of the catalogue is recommended to anybody at all."),
    "novelty": ("novelty", "How little known what is recommended is, in bits; more is rarer."),
    "diversity": ("diversity", "How different the items of one list are: 0 the same, 1 unlike."),
    "artist_diversity": ("artists", "How many artists a list has, by its length."),
    "popularity_lift": (
        "popularity lift",
        "How much more popular lists are than what the listener plays: +1 is twice, 0 the same.",
    ),
    "calibration": (
        "miscalibration",
        "How far a list's mixture is from the listener's own (of genres, or of hits and rarities"
        " where no genres are known); 0 is the same.",
    ),
    "repeat_accuracy": (
        "repeats found",
        "Of what the listener returned to, how much was in the list.",
    ),
}
RIGHT = ("recall", "ndcg", "mrr", "hit_rate")
PROTOCOLS: Mapping[str, str] = {
    "lightgcn": "The data came divided. Each listener's hidden items are asked for, all items are"
    " ranked, and those already known are left out: as the papers on these data do.",
    "hold-out": "A share of each listener's items is hidden at random and asked for.",
    "time-split": "Time is cut at one moment for everybody. What came before may be learnt from,"
    " what came after is asked for.",
    "leave-last": "The last thing that each listener played is asked for.",
    "session": "Listening sessions that were never seen are played track by track, and each next"
    " track is asked for. The models were fixed before.",
    "replay": "Listening sessions are played in the order of time, each next track is asked for,"
    " and what has happened by then may be learnt from at once.",
    "cold-start": "Some items are hidden altogether, as if they had just been added. Only these"
    " are ranked: nobody has played them, so only their content can speak for them.",
}


@dataclass(frozen=True)
class _Slice:
    """How good the trials of a model were by one of its parameters."""

    name: str
    svg: str


def page(evaluations: Sequence[Evaluation], tuning: Tuning | None = None) -> str:
    """Return the page, as HTML."""
    from jinja2 import Environment  # noqa: PLC0415 - only whoever wants a page loads it

    template = files("antiphon.evaluation").joinpath("report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": charts.number_of, "share": _share, "big": "{:,}".format}
    return environment.from_string(template).render(
        evaluations=[_section(each) for each in evaluations],
        tuning=tuning,
        best_so_far=_best_so_far(tuning) if tuning else "",
        slices=_slices(tuning) if tuning else {},
        curves=_curves(tuning) if tuning else {},
        meaning=MEANING,
    )


def _section(evaluation: Evaluation) -> dict[str, object]:
    rows = evaluation.rows
    best = max(rows, key=lambda row: row.figures["ndcg"].value)
    there = [name for name in MEANING if any(name in row.figures for row in rows)]
    return {
        "of": evaluation,
        "protocol": PROTOCOLS.get(evaluation.protocol, ""),
        "right": [name for name in there if name in RIGHT],
        "beyond": [name for name in there if name not in RIGHT],
        "best": best,
        "popular": next((row for row in rows if row.model == "popularity"), None),
        "top": {name: _top(rows, name) for name in RIGHT},
        "recall": _bars(rows, "recall", evaluation.cut),
        "ndcg": _bars(rows, "ndcg", evaluation.cut),
        "activity": _activity(rows),
        "spread": _spread(rows),
    }


def _top(rows: Sequence[Row], name: str) -> str:
    return max(rows, key=lambda row: row.figures[name].value if name in row.figures else 0).model


def _bars(rows: Sequence[Row], name: str, cut: int) -> str:
    values = {row.model: row.figures[name] for row in rows if name in row.figures}
    found = {model: (each.value, each.low, each.high) for model, each in values.items()}
    return charts.bars(found, f"{MEANING[name][0]} of the first {cut}")


def _activity(rows: Sequence[Row]) -> str:
    """Recall by how much the listener had played: for whom the models work."""
    series = {
        row.model: [((each.least + each.most) / 2, each.recall.value) for each in row.activity]
        for row in rows
        if len(row.activity) > 1
    }
    if not series:
        return ""
    return charts.lines(series, "items that the listener had played", "recall", log=True)


def _spread(rows: Sequence[Row]) -> str:
    points = {
        row.model: (row.figures["popularity_lift"].value, row.figures["coverage"].value)
        for row in rows
        if {"popularity_lift", "coverage"} <= set(row.figures)
    }
    if not points:
        return ""
    return charts.dots(points, "popularity lift (0: as popular as what they play)", "coverage")


def _by_model(tuning: Tuning) -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = {}
    for trial in tuning.trials:
        if trial.finished:
            found.setdefault(trial.model, []).append(trial)
    return found


def _best_so_far(tuning: Tuning) -> str:
    series: dict[str, list[Point]] = {}
    for model, trials in _by_model(tuning).items():
        best = 0.0
        for trial in trials:
            best = max(best, trial.values[-1])
            series.setdefault(model, []).append((trial.number + 1.0, best))
    return charts.lines(series, "trial", "best nDCG so far", steps=True) if series else ""


def _slices(tuning: Tuning) -> dict[str, list[_Slice]]:
    """Return a cloud for each number that a model was searched by."""
    return {
        model: [
            _Slice(name, _cloud(trials, name))
            for name in trials[0].parameters
            if len({trial.parameters[name] for trial in trials}) > 1
            and all(_is_number(trial.parameters[name]) for trial in trials)
        ]
        for model, trials in _by_model(tuning).items()
    }


def _cloud(trials: Sequence[Trial], name: str) -> str:
    points = [(float(trial.parameters[name]), trial.values[-1]) for trial in trials]
    best = max(range(len(points)), key=lambda place: points[place][1])
    values = [value for value, _ in points]
    log = min(values) > 0 and max(values) / min(values) > 10
    return charts.cloud(points, name, "nDCG", log=log, marked=best)


def _is_number(value: str | float | bool) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _curves(tuning: Tuning) -> dict[str, str]:
    return {
        name: charts.lines({"": points}, name, "nDCG", log=True)
        for name, points in tuning.curves.items()
        if len(points) > 1
    }


def _share(figure: Figure) -> str:
    return f"{figure.value:.4f}" if abs(figure.value) < 1 else f"{figure.value:.2f}"
