"""The genre benchmark, on features whose right answers are known by construction."""

import numpy as np
import pytest

from antiphon.evaluation.genres import COSTS, Labelled, classify, interval

GENRES = ("Folk", "Noise", "Pop")


def split(count: int, seed: int, noise: float = 0.3) -> Labelled:
    """Three genres around three corners, in features of very different size."""
    random = np.random.default_rng(seed)
    chosen = random.integers(0, 3, count)
    corners = np.eye(3)[chosen] + random.normal(0, noise, (count, 3))
    return Labelled((corners * [1, 1e4, 1e-4]).astype(np.float32), [GENRES[n] for n in chosen])


def test_genres_that_sound_different_are_told_apart() -> None:
    score = classify(*(split(n, n, noise=0.4) for n in (300, 100, 200)))
    assert score.accuracy > 0.8
    assert score.low < score.accuracy < score.high
    assert score.majority < 0.45
    assert score.cost in COSTS
    assert score.genres == GENRES
    assert score.confusion.sum() == 200
    assert score.confusion.trace() == round(200 * score.accuracy)


def test_what_has_nothing_to_do_with_genre_is_no_better_than_guessing() -> None:
    training, validation, test = (split(300, seed, noise=100) for seed in (1, 2, 3))
    score = classify(training, validation, test)
    assert score.accuracy == pytest.approx(1 / 3, abs=0.1)


def test_a_genre_that_was_never_learnt_is_never_told() -> None:
    training = split(300, 1)
    test = Labelled(training.features[:50], ["Opera"] * 50)
    score = classify(training, split(100, 2), test)
    assert score.accuracy == 0
    assert score.confusion[score.genres.index("Opera")].sum() == 50


def test_the_test_split_decides_nothing() -> None:
    training, validation = split(300, 1), split(100, 2)
    one, other = (classify(training, validation, split(200, seed, 0.5)) for seed in (3, 4))
    assert (one.cost, one.validation_accuracy) == (other.cost, other.validation_accuracy)
    assert not np.array_equal(one.confusion, other.confusion)


def test_the_majority_is_that_of_the_training_split() -> None:
    training = Labelled(split(4, 1).features, ["Folk", "Folk", "Folk", "Pop"])
    test = Labelled(split(4, 2).features, ["Pop", "Pop", "Pop", "Folk"])
    assert classify(training, training, test).majority == 0.25


def test_the_interval_is_wilsons() -> None:
    assert interval(63, 100) == pytest.approx((0.5322, 0.7182), abs=1e-4)
    assert interval(0, 10)[0] == 0
    assert interval(10, 10)[1] == 1


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (Labelled(np.empty((0, 3), np.float32), []), "no tracks"),
        (Labelled(np.full((2, 3), np.nan, np.float32), ["Folk", "Pop"]), "no numbers"),
    ],
)
def test_what_cannot_be_measured_is_refused(spoilt: Labelled, why: str) -> None:
    good = split(50, 1)
    for splits in ((spoilt, good, good), (good, spoilt, good), (good, good, spoilt)):
        with pytest.raises(ValueError, match=why):
            classify(*splits)


def test_one_genre_is_nothing_to_learn() -> None:
    alone = Labelled(split(10, 1).features, ["Folk"] * 10)
    with pytest.raises(ValueError, match="only one genre"):
        classify(alone, alone, alone)
