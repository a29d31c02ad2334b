"""What an evaluation and a search found: values to print, to keep as JSON, to draw."""

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """A mean, and where it lies with 95 % confidence when others of the same kind are asked."""

    value: float
    low: float
    high: float


class Activity(msgspec.Struct, frozen=True):
    """Recall of the listeners who knew `least` to `most` items."""

    least: int
    most: int
    questions: int
    recall: Figure


class Row(msgspec.Struct, frozen=True):
    """One model: its figures by name, all at the evaluation's cut, and what they cost.

    `fit_s` and `answer_ms` (of one answer) are on one process; `peak_mb` is the most memory that
    the whole process had. `versus` is the paired difference of nDCG to the first model asked for.
    """

    model: str
    figures: dict[str, Figure]
    fit_s: float
    answer_ms: float
    peak_mb: float
    activity: tuple[Activity, ...] = ()
    versus: Figure | None = None


class Evaluation(msgspec.Struct, frozen=True):
    """One data set, one protocol, all the models that were asked the same questions.

    `chance` is the recall of guessing.
    """

    data: str
    protocol: str
    seed: int
    cut: int
    users: int
    items: int
    interactions: int
    questions: int
    rows: tuple[Row, ...]
    chance: float
    remarks: tuple[str, ...] = ()


class Trial(msgspec.Struct, frozen=True):
    """One trial of a search: parameters, and the value at each share of the listeners."""

    model: str
    number: int
    parameters: dict[str, str | float | bool]
    values: tuple[float, ...]
    seconds: float
    finished: bool
    error: str = ""


class Tuning(msgspec.Struct, frozen=True):
    """What a search found; `default` and `tuned` are nDCG of the whole recipe on validation."""

    data: str
    cut: int
    shares: tuple[float, ...]
    trials: tuple[Trial, ...]
    default: Figure
    tuned: Figure
    kept: str
    seconds: float
    curves: dict[str, tuple[tuple[float, float], ...]] = {}
