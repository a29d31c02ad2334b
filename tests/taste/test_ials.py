"""iALS: folding in a history, and what each of its entries adds."""

import numpy as np
import pytest

from antiphon.compute.als import AlsParameters, Factors
from antiphon.taste import ials
from antiphon.taste.interactions import History, Interactions

ITEMS, DIMENSIONS = 12, 4
PARAMETERS = AlsParameters(dimensions=DIMENSIONS, unobserved=0.2, regularisation=0.05)
VECTORS = np.random.default_rng(3).standard_normal((ITEMS, DIMENSIONS)).astype(np.float32)


def given(matrix, parameters):
    """Stand for a trainer whose item vectors are known."""
    return Factors(np.zeros((matrix.shape[0], DIMENSIONS), np.float32), VECTORS)


@pytest.fixture(scope="module")
def model() -> ials.Ials:
    nothing = np.empty(0, np.int32)
    interactions = Interactions(
        ("u",),
        tuple(map(str, range(ITEMS))),
        nothing,
        nothing,
        np.empty(0, np.float32),
        np.empty(0, np.int64),
        nothing,
    )
    return ials.fit(interactions, {}, PARAMETERS, given)


def history(items: list[int], weights: list[float]) -> History:
    at = np.arange(len(items), dtype=np.int64)
    return History(np.array(items, np.int32), np.array(weights, np.float32), at)


def solved(items: list[int], weights: list[float]) -> np.ndarray:
    """Solve the listener's normal equations as the loss is written, by one Cholesky's worth."""
    vectors = VECTORS[items].astype(np.float64)
    strength = np.log2(1 + np.abs(weights))
    wanted = np.array(weights) > 0
    own = PARAMETERS.regularisation * (len(items) + PARAMETERS.unobserved * ITEMS)
    left = PARAMETERS.unobserved * VECTORS.T.astype(np.float64) @ VECTORS + own * np.eye(DIMENSIONS)
    left += vectors.T @ (vectors * strength[:, None])
    return VECTORS @ np.linalg.solve(left, vectors.T @ (strength * wanted))


@pytest.mark.parametrize(
    ("items", "weights"),
    [
        ([1], [1.0]),
        ([1, 5, 7], [1.0, 3.0, -1.0]),
        ([0, 1, 2, 3, 5, 7, 9], [1.0, 2.0, -1.0, 0.5, 1.0, 4.0, -2.0]),
    ],
    ids=["one", "fewer entries than dimensions", "more"],
)
def test_a_history_is_folded_in_by_the_loss_it_was_trained_with(model, items, weights):
    found = model.score([history(items, weights)])[0]
    np.testing.assert_allclose(found, solved(items, weights), rtol=1e-3, atol=1e-4)


def test_what_an_entry_adds_is_what_the_score_loses_without_it(model):
    items, weights = [1, 5, 7, 2, 9, 11], [1.0, 3.0, -1.0, 1.0, 0.5, 2.0]
    found = model.explain(history(items, weights), np.arange(ITEMS, dtype=np.int32))
    # The regulariser counts the entries; what one adds is told for a listener who stays the same.
    own = PARAMETERS.regularisation * (len(items) + PARAMETERS.unobserved * ITEMS)
    gram = PARAMETERS.unobserved * VECTORS.T.astype(np.float64) @ VECTORS + own * np.eye(DIMENSIONS)

    def scores(kept: list[int]) -> np.ndarray:
        vectors = VECTORS[[items[n] for n in kept]].astype(np.float64)
        strength = np.log2(1 + np.abs([weights[n] for n in kept]))
        wanted = np.array([weights[n] for n in kept]) > 0
        left = gram + vectors.T @ (vectors * strength[:, None])
        return VECTORS @ np.linalg.solve(left, vectors.T @ (strength * wanted))

    whole = list(range(len(items)))
    for entry in whole:
        lost = scores(whole) - scores([n for n in whole if n != entry])
        np.testing.assert_allclose(found[:, entry], lost, rtol=1e-3, atol=1e-4)


def test_a_refused_item_is_wanted_less_than_before(model):
    liked = model.score([history([1, 5], [1.0, 1.0])])[0]
    likely = int(np.argmax(np.where(np.isin(np.arange(ITEMS), [1, 5]), -np.inf, liked)))
    assert liked[likely] > 0
    assert model.score([history([1, 5, likely], [1.0, 1.0, -1.0])])[0][likely] < liked[likely]


def test_plays_of_one_item_share_what_it_adds(model):
    once = model.explain(history([1, 5], [2.0, 1.0]), np.array([3], np.int32))
    twice = model.explain(history([1, 5, 1], [0.5, 1.0, 1.5]), np.array([3], np.int32))
    np.testing.assert_allclose(twice[0, 0] + twice[0, 2], once[0, 0], rtol=1e-4, atol=1e-6)
    assert twice[0, 2] == pytest.approx(3 * twice[0, 0], rel=1e-4)
