"""Genres told by features alone: the Free Music Archive's own benchmark, on its own split.

The classifier is that of the archive's authors: standardised features, a support vector machine
with a radial kernel ("FMA: A Dataset for Music Analysis", 2017, table 5). How strongly errors count
(C) is chosen on the validation split; the test split is looked at once, at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COSTS = (1.0, 3.0, 10.0, 30.0)
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Labelled:
    """Tracks of one split: a row of features for each, and its genre."""

    features: NDArray[np.float32]
    genres: Sequence[str]


@dataclass(frozen=True)
class GenreScore:
    """How many genres of the test split were told, as shares of 1.

    `low` and `high` bound the accuracy with CONFIDENCE (Wilson's interval). `majority` is the
    accuracy of always naming the genre that is most frequent in training. `confusion` counts test
    tracks by their genre (row) and by what they were taken for (column), in the order of `genres`.
    """

    accuracy: float
    low: float
    high: float
    majority: float
    cost: float
    validation_accuracy: float
    genres: tuple[str, ...]
    confusion: NDArray[np.int64]


def classify(training: Labelled, validation: Labelled, test: Labelled) -> GenreScore:
    """Learn genres from one split, choose by the next, and measure on the last.

    Raises:
        ValueError: a split is empty, there is only one genre, or a feature is not a number.
    """
    _check(training, validation, test)
    from sklearn.metrics import confusion_matrix  # noqa: PLC0415 - takes seconds to load
    from sklearn.pipeline import Pipeline, make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415
    from sklearn.svm import SVC  # noqa: PLC0415

    def learnt(cost: float) -> Pipeline:
        machine = make_pipeline(StandardScaler(), SVC(C=cost, kernel="rbf", cache_size=1000))
        return machine.fit(training.features, training.genres)

    machines = {cost: learnt(cost) for cost in COSTS}
    by_cost = {
        cost: float(machine.score(validation.features, validation.genres))
        for cost, machine in machines.items()
    }
    # Of equally good ones the least: it bends to fewer single tracks.
    best = max(COSTS, key=lambda cost: (by_cost[cost], -cost))
    named = machines[best].predict(test.features)
    genres = tuple(sorted({*training.genres, *test.genres}))
    right = int(np.sum(named == np.asarray(test.genres)))
    low, high = interval(right, len(named))
    return GenreScore(
        accuracy=right / len(named),
        low=low,
        high=high,
        majority=_majority(training, test),
        cost=best,
        validation_accuracy=by_cost[best],
        genres=genres,
        confusion=confusion_matrix(test.genres, named, labels=genres),
    )


def interval(right: int, total: int) -> tuple[float, float]:
    """Return Wilson's interval for a share of which `right` of `total` were seen."""
    from scipy.stats import binomtest  # noqa: PLC0415 - takes seconds to load

    found = binomtest(right, total).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def _majority(training: Labelled, test: Labelled) -> float:
    names, counts = np.unique(training.genres, return_counts=True)
    return float(np.mean(np.asarray(test.genres) == names[np.argmax(counts)]))


def _check(training: Labelled, validation: Labelled, test: Labelled) -> None:
    for name, split in (("training", training), ("validation", validation), ("test", test)):
        if not len(split.genres):
            raise ValueError(f"the {name} split has no tracks with features")
        if not np.isfinite(split.features).all():
            raise ValueError(f"the {name} split has features that are no numbers")
    if len(set(training.genres)) < 2:
        raise ValueError("there is only one genre to learn")
