"""The contract of `Compute.train_als`: the same cases over every engine."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from antiphon.compute import Compute, ComputeError, open_compute
from antiphon.compute.als import AlsParameters, Factors
from antiphon.compute.als_local import train
from antiphon.compute.local import LocalCompute

ENGINES = ["local:", pytest.param("spark-local:2", marks=pytest.mark.slow)]
FEW = AlsParameters(dimensions=8, epochs=4, regularisation=0.01)
CIRCLES, OF_CIRCLE = 6, 20


@pytest.fixture(scope="module", params=ENGINES)
def compute(request: pytest.FixtureRequest) -> Iterator[Compute]:
    if request.param != "local:":
        # It says whether there is a Spark, and sets up what a small driver needs.
        request.getfixturevalue("spark")
    opened = open_compute(request.param, workers=2)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def circles() -> csr_array:
    """120 users and 120 items in six circles; each user played a third of their own circle's."""
    draw = np.random.default_rng(5)
    circle = np.repeat(np.arange(CIRCLES), OF_CIRCLE)
    own = circle[:, None] == circle
    weights = draw.integers(1, 4, own.shape) * (own & (draw.random(own.shape) < 1 / 3))
    return csr_array(weights.astype(np.float32))


def own_circle_first(factors: Factors, matrix: csr_array) -> float:
    """How much of the ten best unheard items are of the user's own circle."""
    scores = factors.users @ factors.items.T
    scores[matrix.nonzero()] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :10]
    return float((best // OF_CIRCLE == np.arange(len(best))[:, None] // OF_CIRCLE).mean())


def predicted(factors: Factors) -> NDArray[np.float32]:
    return factors.users @ factors.items.T


def test_what_is_of_a_users_circle_comes_first(compute: Compute, circles: csr_array) -> None:
    assert own_circle_first(compute.train_als(circles, FEW), circles) > 0.95


def test_every_engine_predicts_what_the_local_one_does(
    compute: Compute, circles: csr_array
) -> None:
    here, there = train(circles, FEW), compute.train_als(circles, FEW)
    np.testing.assert_allclose(predicted(there), predicted(here), atol=1e-3)


def test_users_and_items_of_two_engines_go_together(compute: Compute, circles: csr_array) -> None:
    """A user folded into one engine's items is the user whom the other one trained."""
    here, there = train(circles, FEW), compute.train_als(circles, FEW)
    for factors in (here, there):
        folded = np.array([fold_in(factors.items, row, FEW) for row in circles.toarray()])
        np.testing.assert_allclose(folded @ factors.items.T, predicted(factors), atol=1e-3)


def fold_in(
    items: NDArray[np.float32], weights: NDArray[np.float32], parameters: AlsParameters
) -> NDArray[np.float64]:
    """The minimum of the loss over one user, written down as in the paper, in float64."""
    v = items.astype(np.float64)
    scale = (np.count_nonzero(weights) + parameters.unobserved * len(v)) ** (
        parameters.frequency_scaling
    )
    system = v.T @ (np.abs(weights)[:, None] * v) + parameters.unobserved * v.T @ v
    system += parameters.regularisation * scale * np.eye(v.shape[1])
    return np.linalg.solve(system, v.T @ np.maximum(weights, 0))


def test_epochs_lower_the_loss(compute: Compute, circles: csr_array) -> None:
    scaled = AlsParameters(dimensions=8, epochs=0, frequency_scaling=0.5)
    losses = [
        loss(compute.train_als(circles, parameters), circles, parameters)
        for parameters in (scaled, msgspec.structs.replace(scaled, epochs=4))
    ]
    assert losses[1] < 0.9 * losses[0]


def loss(factors: Factors, matrix: csr_array, parameters: AlsParameters) -> float:
    weights, scores = matrix.toarray(), predicted(factors)
    fit = (weights * (1 - scores) ** 2).sum() + parameters.unobserved * (scores**2).sum()
    users, items = (
        (
            ((weights > 0).sum(axis) + parameters.unobserved * weights.shape[axis])
            ** parameters.frequency_scaling
        )
        @ (side**2).sum(1)
        for axis, side in ((1, factors.users), (0, factors.items))
    )
    return float(fit + parameters.regularisation * (users + items))


def test_a_seed_gives_the_same_vectors_again(compute: Compute, circles: csr_array) -> None:
    one, same = (compute.train_als(circles, FEW) for _ in range(2))
    np.testing.assert_array_equal(one.users, same.users)
    np.testing.assert_array_equal(one.items, same.items)


def test_the_number_of_threads_changes_nothing(circles: csr_array) -> None:
    one, three = train(circles, FEW, threads=1), train(circles, FEW, threads=3)
    np.testing.assert_array_equal(one.users, three.users)


def test_what_nobody_played_and_who_played_nothing_are_zero(
    compute: Compute, circles: csr_array
) -> None:
    holes = circles.toarray()
    holes[[0, 7]], holes[:, [3, 119]] = 0, 0
    factors = compute.train_als(csr_array(holes), FEW)
    assert not factors.users[[0, 7]].any()
    assert not factors.items[[3, 119]].any()
    assert factors.users[1:7].any(axis=1).all()


SMALL = {
    "one user and 40 items": np.ones((1, 40)),
    "40 users of one item": np.ones((40, 1)),
    "two plays": np.eye(2, 40),
    "no plays": np.zeros((3, 40)),
    "no items": np.zeros((3, 0)),
    "no users": np.zeros((0, 40)),
    "heavy weights": np.full((3, 40), 1e6),
}


@pytest.mark.parametrize("weights", SMALL.values(), ids=SMALL.keys())
def test_the_small_and_the_extreme_are_finite(
    compute: Compute, weights: NDArray[np.float64]
) -> None:
    factors = compute.train_als(csr_array(weights.astype(np.float32)), AlsParameters(epochs=2))
    assert factors.users.shape == (len(weights), 128)
    assert factors.items.shape == (weights.shape[1], 128)
    assert np.isfinite(factors.users).all()
    assert np.isfinite(factors.items).all()


def test_what_was_refused_is_predicted_lower_than_what_is_unknown(
    compute: Compute, circles: csr_array
) -> None:
    weights = circles.toarray()
    unheard = np.flatnonzero(weights[0, :OF_CIRCLE] == 0)[0]
    before = predicted(compute.train_als(circles, FEW))[0, unheard]
    weights[0, unheard] = -5
    after = predicted(compute.train_als(csr_array(weights), FEW))[0, unheard]
    assert after < before / 2


def test_it_goes_on_from_earlier_vectors_with_users_and_items_added(
    compute: Compute, circles: csr_array
) -> None:
    """One epoch from there is nearer to the end than one from nothing."""
    before = train(csr_array(circles[:110, :110]), FEW).items
    start = np.zeros((120, 8), np.float32)
    start[:110] = before
    one = AlsParameters(dimensions=8, epochs=1, regularisation=0.01)
    warm, cold = compute.train_als(circles, one, start=start), compute.train_als(circles, one)
    assert loss(warm, circles, one) < loss(cold, circles, one)
    assert own_circle_first(warm, circles) > 0.9
    assert warm.items[110:].any(axis=1).all()


def test_it_tells_how_many_epochs_are_done_and_can_be_stopped(
    compute: Compute, circles: csr_array
) -> None:
    told = []
    compute.train_als(circles, FEW, progress=told.append)
    assert told == [1, 2, 3, 4]

    def stop(done: int) -> None:
        if done == 2:
            raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        compute.train_als(circles, FEW, progress=stop)


def test_what_cannot_be_factorised_is_said(compute: Compute, circles: csr_array) -> None:
    broken = circles.copy()
    broken.data[0] = np.nan
    with pytest.raises(ValueError, match="not a finite number"):
        compute.train_als(broken, FEW)
    with pytest.raises(ValueError, match=r"\(3, 8\), not \(items, dimensions\) = \(120, 8\)"):
        compute.train_als(circles, FEW, start=np.ones((3, 8), np.float32))


@pytest.mark.parametrize("wrong", [{"dimensions": 0}, {"unobserved": 0.0}, {"regularisation": -1}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="iALS needs"):
        AlsParameters(**wrong)


def test_many_blocks_are_as_good_as_one(
    compute: Compute, circles: csr_array, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = predicted(compute.train_als(circles, FEW))
    here = isinstance(compute, LocalCompute)
    setting, few = ("als_local._PARTS", 5) if here else ("als_spark._OF_BLOCK", 200)
    monkeypatch.setattr(f"antiphon.compute.{setting}", few)
    np.testing.assert_allclose(predicted(compute.train_als(circles, FEW)), whole, atol=1e-4)


@pytest.mark.parametrize("compute", ENGINES[1:], indirect=True)
def test_a_spark_that_dies_or_is_closed_while_it_trains_is_said(
    compute: Compute, circles: csr_array
) -> None:
    from pyspark import SparkContext  # noqa: PLC0415 - loads Java's side

    with pytest.raises(ComputeError, match="was closed while it trained"):
        compute.train_als(circles, FEW, progress=lambda _done: compute.close())
    with pytest.raises(ComputeError, match=r"^Spark \(local\[2,4\]\): "):
        compute.train_als(circles, FEW, progress=lambda _done: SparkContext._gateway.proc.kill())
    assert own_circle_first(compute.train_als(circles, FEW), circles) > 0.95
