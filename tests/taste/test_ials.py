"""iALS: folding in a history, and what each of its entries adds."""

from dataclasses import replace

import numpy as np
import pytest

from antiphon.compute.als import AlsParameters, Factors
from antiphon.taste import ials, ials_kept
from antiphon.taste.interactions import History, Interactions
from antiphon.taste.scaling import damped

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


def large(dimensions: int = 16, items: int = 300) -> ials.Ials:
    factors = np.random.default_rng(5).standard_normal((dimensions, items)).astype(np.float32)
    shared = np.linspace(20, 60, dimensions).astype(np.float32)
    return ials.Ials(tuple(map(str, range(items))), factors, shared, 0.05, 30.0, 1.0)


def of_listener(number: int, plays: int, items: int = 300) -> History:
    chance = np.random.default_rng(number)
    at = 1_000_000 * number + np.arange(plays, dtype=np.int64)
    weights = chance.choice([1.0, 0.4, -0.6, 2.0], plays).astype(np.float32)
    return History(chance.integers(0, items, plays).astype(np.int32), weights, at)


def part(whole: History, start: int, stop: int) -> History:
    return History(whole.items[start:stop], whole.weights[start:stop], whole.at[start:stop])


def assert_as_anew(model: ials.Ials, told: History) -> None:
    """See that the model says what one that knows nobody does."""
    for found, true in (
        (model.from_others(told), replace(model).from_others(told)),
        (model.explain(told, SOME), replace(model).explain(told, SOME)),
    ):
        np.testing.assert_allclose(found, true, atol=1e-4 * np.abs(true).max())


SOME = np.array([3, 50, 120], np.int32)


def test_after_every_play_an_updated_system_answers_as_one_solved_anew() -> None:
    model, whole = large(), of_listener(1, 160)
    for played in range(20, 160):
        assert_as_anew(model, part(whole, max(0, played - 100), played))


def test_listeners_who_take_turns_keep_a_system_each() -> None:
    model = large()
    listeners = [of_listener(number, 60) for number in range(1, 6)]
    for played in range(30, 60):
        for whole in listeners:
            assert_as_anew(model, part(whole, 0, played))


def test_what_is_forgotten_undone_or_said_of_an_old_track_changes_its_system() -> None:
    model, whole = large(), of_listener(1, 60)
    assert_as_anew(model, whole)
    told = np.delete(np.arange(60), [10, 59])
    assert_as_anew(model, History(whole.items[told], whole.weights[told], whole.at[told]))
    weights = whole.weights.copy()
    weights[[5, 30]] += 2.0
    assert_as_anew(model, History(whole.items, weights, whole.at))
    assert_as_anew(model, History(whole.items, -whole.weights, whole.at))


def test_only_so_many_systems_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ials_kept, "KEPT", 3)
    model = large()
    for number in range(1, 10):
        model.from_others(of_listener(number, 40))
    assert model._systems.brought_up(*_wanted(model, of_listener(9, 40))) is not None
    assert model._systems.brought_up(*_wanted(model, of_listener(1, 40))) is None


def _wanted(model: ials.Ials, told: History):
    items, place = np.unique(told.items, return_inverse=True)
    sizes = np.abs(damped(np.bincount(place, told.weights).astype(np.float32)))
    return told, items, sizes, model._own(len(items)), model._vectors
