"""Popularity: overall, lately, and within the genres of the listener."""

import numpy as np
import pytest

from antiphon.taste.interactions import History, Interactions
from antiphon.taste.popularity import PopularityParameters, fit

DAY = 86_400_000


def plays(*rows: tuple[int, int, int]) -> Interactions:
    """Plays of (user, item, day) of four listeners in a library of four tracks."""
    user, item, day = np.array(rows, np.int64).reshape(-1, 3).T
    return Interactions(
        tuple("abcd"),
        tuple("wxyz"),
        user.astype(np.int32),
        item.astype(np.int32),
        np.ones(len(rows), np.float32),
        day * DAY,
        np.full(len(rows), -1, np.int32),
    )


def heard(*items: int, weight: float = 1.0) -> History:
    count = len(items)
    weights = np.full(count, weight, np.float32)
    return History(np.array(items, np.int32), weights, np.zeros(count, np.int64))


def ranked(scores: np.ndarray) -> list[int]:
    return np.argsort(-scores, kind="stable").tolist()


def test_what_many_play_comes_first_and_all_shares_are_one() -> None:
    model = fit(plays((0, 2, 1), (1, 2, 1), (2, 2, 1), (0, 1, 1), (1, 1, 1), (3, 0, 1)), {})
    assert ranked(model.score([heard()])[0]) == [2, 1, 0, 3]
    assert model.share.sum() == pytest.approx(1)


def test_one_who_plays_a_track_ten_times_does_not_outvote_four() -> None:
    model = fit(plays(*[(0, 0, 1)] * 10, (0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1)), {})
    assert model.share[1] > model.share[0] > 0.25


def test_what_was_popular_long_ago_fades_only_if_asked_to() -> None:
    known = plays((0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 100), (1, 1, 100))
    assert ranked(fit(known, {}).share) == [0, 1, 2, 3]
    lately = fit(known, {}, PopularityParameters(half_life_days=30))
    assert ranked(lately.share) == [1, 0, 2, 3]


def test_a_play_of_one_half_life_ago_counts_as_half_a_play() -> None:
    model = fit(plays((0, 0, 0), (0, 1, 10)), {}, PopularityParameters(half_life_days=10))
    assert model.share[0] / model.share[1] == pytest.approx(np.log2(1.5))


def test_listeners_of_a_genre_get_what_is_popular_in_it() -> None:
    genres = {"w": np.array([1, 0]), "x": np.array([1, 0]), "y": np.array([0, 1])}
    known = plays((0, 2, 1), (1, 2, 1), (2, 2, 1), (0, 1, 1), (1, 1, 1), (3, 0, 1))
    model = fit(known, {"genres": genres}, PopularityParameters(prior=0.1))
    everybody, fan, hater = model.score([heard(), heard(0, 0), heard(0, 0, weight=-1.0)])
    assert ranked(everybody) == [2, 1, 0, 3]
    assert ranked(fan) == [1, 0, 2, 3]
    assert ranked(hater)[0] == 2
    assert np.isfinite([everybody, fan, hater]).all()


def test_the_parts_of_a_score_and_the_overall_popularity_are_the_score() -> None:
    genres = {"w": np.array([1.0, 1.0]), "x": np.array([1.0, 0.0]), "y": np.array([0.0, 1.0])}
    model = fit(plays((0, 2, 1), (1, 2, 1), (0, 1, 1), (3, 0, 1)), {"genres": genres})
    asked = heard(0, 1, 1, 2)
    for item in range(4):
        parts = model.contributions(asked, item).sum() + model.prior * model.share[item]
        assert parts == pytest.approx(model.score([asked])[0, item], rel=1e-5)


def test_where_nothing_was_played_all_are_alike() -> None:
    assert fit(plays(), {}).share.tolist() == [0.25] * 4
