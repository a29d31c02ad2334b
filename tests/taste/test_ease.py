"""EASE: the closed form, whichever side it is solved by."""

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from antiphon.taste import ease
from antiphon.taste.ease import EaseParameters
from antiphon.taste.interactions import Interactions

PLAIN = {"user_exponent": 0.0, "item_exponent": 0.0, "target_exponent": 0.0, "count": 10_000}


def plays(users: int, items: int) -> tuple[Interactions, np.ndarray]:
    table = random_array((users, items), density=0.3, format="coo", rng=np.random.default_rng(1))
    user, item = table.coords
    count = len(user)
    dense = csr_array((np.ones(count), (user, item)), shape=(users, items)).toarray()
    return Interactions(
        tuple(map(str, range(users))),
        tuple(map(str, range(items))),
        user.astype(np.int32),
        item.astype(np.int32),
        np.ones(count, np.float32),
        np.zeros(count, np.int64),
        np.full(count, -1, np.int32),
    ), dense


def closed_form(table: np.ndarray, regularisation: float) -> np.ndarray:
    """Steck 2019, equation 8, as it stands there."""
    inverse = np.linalg.inv(table.T @ table + regularisation * np.eye(table.shape[1]))
    weights = -inverse / np.diagonal(inverse)
    np.fill_diagonal(weights, 0)
    return weights


@pytest.mark.parametrize(("users", "items"), [(60, 20), (20, 60)])
def test_either_side_gives_the_closed_form_of_the_paper(users: int, items: int):
    interactions, table = plays(users, items)
    found = ease.fit(interactions, {}, EaseParameters(regularisation=3.0, **PLAIN))
    np.testing.assert_allclose(found.weights.toarray(), closed_form(table, 3.0), atol=1e-5)


def test_with_all_singular_vectors_the_spectrum_gives_the_same():
    interactions, table = plays(40, 30)
    parameters = EaseParameters(regularisation=3.0, dense=10, rank=30, **PLAIN)
    found = ease.fit(interactions, {}, parameters)
    np.testing.assert_allclose(found.weights.toarray(), closed_form(table, 3.0), atol=1e-4)


def test_only_the_largest_weights_of_a_row_are_kept():
    interactions, _ = plays(40, 30)
    all_of_them = ease.fit(interactions, {}, EaseParameters(count=30)).weights.toarray()
    few = ease.fit(interactions, {}, EaseParameters(count=3)).weights.toarray()
    for row, kept in zip(all_of_them, few, strict=True):
        largest = np.argsort(-np.abs(row))[:3]
        assert set(np.flatnonzero(kept)) == set(largest)
        np.testing.assert_allclose(kept[largest], row[largest], rtol=1e-5)


def test_scaling_gives_popular_items_less_to_say_and_more_to_be_asked_for():
    interactions, _ = plays(40, 30)
    even = ease.fit(interactions, {}, EaseParameters(target_exponent=0.0)).weights.toarray()
    given = ease.fit(interactions, {}, EaseParameters(target_exponent=1.0)).weights.toarray()
    counts = np.bincount(interactions.item, minlength=30)
    np.testing.assert_allclose(given, even * counts, rtol=1e-4, atol=1e-6)
