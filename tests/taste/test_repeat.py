"""Repeat: what is due now, by memories whose right order is known by eye."""

import time

import numpy as np
import pytest

from antiphon.taste.interactions import History, Interactions, Ints
from antiphon.taste.repeat import Repeat, RepeatParameters, fit, forgetful

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = 20_000 * DAY + 8 * HOUR
DAILY, YEARLY, EVENING, SKIPPED, UNHEARD = range(5)


def sessions(*together: tuple[int, ...], items: int = 5) -> Interactions:
    """Sessions of one user in which these items were played, an hour apart."""
    item = np.array([item for session in together for item in session], np.int32)
    session = np.repeat(np.arange(len(together)), [len(each) for each in together])
    return Interactions(
        ("u",),
        tuple(f"i{place}" for place in range(items)),
        np.zeros(len(item), np.int32),
        item,
        np.ones(len(item), np.float32),
        NOW - (len(item) - np.arange(len(item), dtype=np.int64)) * HOUR,
        session.astype(np.int32),
    )


def heard(*plays: tuple[int, float, float], sitting: int = 0) -> History:
    """A history of (item, hours ago, weight)."""
    item, hours, weight = np.array(plays, np.float64).reshape(-1, 3).T
    at = (NOW - hours * HOUR).astype(np.int64)
    return History(item.astype(np.int32), weight.astype(np.float32), at, sitting, NOW)


def model(items: int = 5, **parameters: float) -> Repeat:
    return fit(sessions(items=items), {}, RepeatParameters(**parameters))


def activation(of: Repeat, history: History) -> np.ndarray:
    return of.score([history])[0]


def test_what_is_played_every_day_at_this_hour_is_due_before_what_was_played_a_year_ago() -> None:
    daily = [(DAILY, 24.0 * day, 1.0) for day in range(30, 0, -1)]
    scores = activation(model(), heard((YEARLY, 365 * 24.0, 1.0), *daily))
    assert scores[DAILY] > scores[YEARLY] > scores[UNHEARD]


def test_activation_is_the_logarithm_of_the_plays_times_their_ages_to_the_power_of_minus_d() -> (
    None
):
    asked = heard((0, 100.0, 1.0), (1, 30.0, 1.0), (0, 4.0, 1.0))
    scores = activation(model(decay=0.7, daily=0.0), asked)
    assert scores[0] == pytest.approx(np.log(100**-0.7 + 4**-0.7), abs=1e-5)
    assert scores[1] == pytest.approx(np.log(30**-0.7), abs=1e-5)


def test_what_was_never_heard_is_one_below_all_that_was() -> None:
    scores = activation(model(), heard((0, 9000.0, 1.0), (1, 3.0, 1.0)))
    assert scores[2:].tolist() == [scores[:2].min() - 1] * 3


def test_of_two_tracks_played_alike_the_one_of_this_hour_is_due() -> None:
    mornings = [(DAILY, 24.0 * day, 1.0) for day in range(1, 8)]
    evenings = [(EVENING, 24.0 * day - 12, 1.0) for day in range(1, 8)]
    asked = heard(*mornings, *evenings)
    assert activation(model(daily=2.0), asked)[DAILY] > activation(model(daily=2.0), asked)[EVENING]
    indifferent = activation(model(daily=0.0), asked)
    assert indifferent[EVENING] > indifferent[DAILY]


def test_what_was_just_skipped_is_not_due_and_comes_back_with_time() -> None:
    plays = [(SKIPPED, 24.0 * day, 1.0) for day in range(2, 6)]
    other = (YEARLY, 200.0, 1.0)
    just = activation(model(daily=0.0), heard(*plays, other, (SKIPPED, 0.2, -1.0)))
    assert just[SKIPPED] == just[UNHEARD] < just[YEARLY]
    later = activation(model(daily=0.0), heard(*plays, other, (SKIPPED, 23.0, -1.0)))
    assert later[SKIPPED] > later[YEARLY]


def test_what_goes_with_the_present_sitting_is_due() -> None:
    together = fit(sessions((0, 1), (0, 1), (0, 1), (2, 3)), {}, RepeatParameters(spreading=3.0))
    alike = [(1, 50.0, 1.0), (3, 50.0, 1.0)]
    scores = activation(together, heard(*alike, (0, 0.1, 1.0), sitting=1))
    assert scores[1] == pytest.approx(scores[3] + 3.0 * 3 / 4, abs=1e-5)
    outside = activation(together, heard(*alike, (0, 0.1, 1.0)))
    assert outside[1] == pytest.approx(outside[3])


def test_reasons_are_the_plays_of_the_track_and_what_spreads_to_it() -> None:
    together = fit(sessions((0, 1), (0, 1)), {})
    asked = heard((1, 90.0, 1.0), (2, 60.0, 1.0), (1, 2.0, 1.0), (0, 0.1, 1.0), sitting=1)
    parts = together.contributions(asked, 1)
    assert parts[2] > parts[0] > 0
    assert parts[1] == 0
    assert parts[3] > 0
    scores = activation(together, asked)
    assert parts.sum() == pytest.approx(scores[1] - scores[UNHEARD], abs=1e-4)
    assert not together.contributions(asked, UNHEARD).any()


def test_without_any_training_a_history_is_enough() -> None:
    asked = heard((YEARLY, 9000.0, 1.0), (DAILY, 24.0, 1.0), sitting=1)
    scores = activation(forgetful(tuple(f"i{place}" for place in range(5))), asked)
    assert np.argsort(-scores)[:2].tolist() == [DAILY, YEARLY]


def test_without_times_the_order_decides() -> None:
    at = np.zeros(3, np.int64)
    asked = History(np.array([0, 1, 2], np.int32), np.ones(3, np.float32), at)
    assert np.argsort(-activation(model(), asked))[:3].tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    "asked", [heard(), heard((0, 5.0, -1.0), (1, 1.0, -0.3)), heard((0, 5.0, 1.0), (0, 5.0, -1.0))]
)
def test_who_has_nothing_to_come_back_to_is_answered_alike_for_all(asked: History) -> None:
    assert not activation(model(), asked).any()
    assert not model().explain(asked, np.arange(5, dtype=np.int32)).any()


def test_a_play_of_this_moment_and_one_of_the_future_are_finite() -> None:
    assert np.isfinite(activation(model(), heard((0, 0.0, 1.0), (1, -5.0, 1.0)))).all()


def simulated(seed: int, decay: float, plays: int = 400) -> tuple[Ints, np.ndarray]:
    """A listener who comes back by memory, and now and then finds something new: items, hours."""
    chance = np.random.default_rng(seed)
    hours = np.cumsum(chance.exponential(6.0, plays)) + 1
    items = np.zeros(plays, np.int32)
    for play in range(1, plays):
        if chance.random() < 0.15:
            items[play] = items[:play].max() + 1
        else:
            needed = (hours[play] - hours[:play]) ** -decay
            items[play] = chance.choice(items[:play], p=needed / needed.sum())
    return items, hours


def found(listeners: list[tuple[Ints, np.ndarray]], decay: float) -> float:
    """Return the mean reciprocal rank of what was really repeated, over the last plays."""
    asked = model(items=200, decay=decay, daily=0.0)
    ranks = []
    for items, hours in listeners:
        for play in range(300, 400):
            if items[play] in items[:play]:
                at = (hours[:play] * HOUR).astype(np.int64)
                now = int(hours[play] * HOUR)
                known = History(items[:play], np.ones(play, np.float32), at, 0, now)
                scores = activation(asked, known)
                ranks.append(1 / (1 + np.count_nonzero(scores > scores[items[play]])))
    return float(np.mean(ranks))


def test_listeners_who_come_back_by_memory_are_foreseen_best_by_their_own_decay() -> None:
    listeners = [simulated(seed, decay=0.8) for seed in range(12)]
    own, by_count, by_time = (found(listeners, decay) for decay in (0.8, 0.01, 8.0))
    assert own > 1.02 * by_count
    assert own > 1.02 * by_time


def test_five_hundred_plays_are_answered_in_a_fifth_of_a_millisecond() -> None:
    chance = np.random.default_rng(0)
    items = chance.integers(0, 5000, 500)
    large = fit(sessions(*(tuple(row) for row in items.reshape(-1, 20)), items=20_000), {})
    plays = zip(items, np.sort(chance.random(500) * 9000)[::-1], np.ones(500), strict=True)
    asked = [heard(*plays, sitting=12)]
    seconds = []
    for _ in range(200):
        started = time.perf_counter()
        large.score(asked)
        seconds.append(time.perf_counter() - started)
    # The best of many: what else this machine does is not measured.
    assert min(seconds) < 0.2e-3
