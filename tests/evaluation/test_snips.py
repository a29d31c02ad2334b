"""Off-policy estimates, on logs of which it is known what the other policy is worth."""

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.evaluation.snips import Estimate, estimate

ACTIONS = 6
LIKED = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.2])


def policy(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    odds = np.exp(scores / temperature)
    return odds / odds.sum(axis=-1, keepdims=True)


def logged_evenings(seed: int, evenings: int = 120, each: int = 8) -> tuple[Estimate, float]:
    """Evenings have moods that raise or lower all likings; return the estimate and the mean.

    The logged policy likes what the listeners do not, the new one what they do.
    """
    chance = np.random.default_rng(seed)
    unit = np.repeat(np.arange(evenings, dtype=np.int32), each)
    mood = np.repeat(chance.normal(0, 0.08, evenings), each)
    old, new = policy(-LIKED, 0.6), policy(LIKED, 0.6)
    done = chance.choice(ACTIONS, len(unit), p=old)
    reward = (chance.random(len(unit)) < np.clip(LIKED[done] + mood, 0, 1)).astype(float)
    return estimate(reward, new[done], old[done], unit), float(reward.mean())


# The moods are even, but where a liking leaves no room above or below.
TRUTH = float(policy(LIKED, 0.6) @ LIKED)


def test_the_interval_covers_what_the_new_policy_is_worth() -> None:
    """In about 95 of 100 repetitions; what was logged, averaged as it is, would never."""
    found = [logged_evenings(seed) for seed in range(200)]
    covered = sum(one.new.low <= TRUTH <= one.new.high for one, _ in found)
    assert 0.9 <= covered / len(found) <= 1.0
    by_average = sum(one.logged.low <= TRUTH <= one.logged.high for one, _ in found)
    assert by_average == 0
    assert np.mean([one.new.value for one, _ in found]) == pytest.approx(TRUTH, abs=0.01)
    assert all(one.better.low > 0 for one, _ in found), "and it says which is better"


def test_it_says_how_much_the_log_is_worth() -> None:
    found, mean = logged_evenings(0)
    assert found.logged.value == pytest.approx(mean)
    assert 100 < found.effective < found.outcomes
    assert found.mean_weight == pytest.approx(1.0, abs=0.15)
    assert found.clipped == 0


def test_the_same_policy_is_worth_the_same() -> None:
    reward, chances = np.array([1.0, 0.0, 1.0, 1.0]), np.array([0.2, 0.5, 0.9, 0.1])
    found = estimate(reward, chances, chances, np.arange(4, dtype=np.int32))
    assert found.new == found.logged
    assert (found.better.low, found.better.high) == (0.0, 0.0)
    assert found.effective == pytest.approx(4)


def test_one_lucky_outcome_does_not_decide() -> None:
    reward, logged = np.array([1.0, *np.zeros(99)]), np.full(100, 0.5)
    logged[0] = 0.0001
    found = estimate(reward, np.full(100, 0.5), logged, np.arange(100, dtype=np.int32))
    assert found.clipped == 1
    assert found.new.value < 0.1


def test_a_policy_that_would_have_done_nothing_of_it_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing of what was done"):
        estimate(np.ones(3), np.zeros(3), np.ones(3), np.arange(3, dtype=np.int32))
