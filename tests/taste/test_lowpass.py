"""The low-pass: the slow waves, and only them."""

import numpy as np

from antiphon.taste import lowpass
from antiphon.taste.interactions import History, Interactions
from antiphon.taste.lowpass import LowpassParameters
from antiphon.taste.spectrum import leading

USERS, ITEMS = 30, 24


def two_camps() -> Interactions:
    """Half of the users like half of the items; a tenth of it is missing."""
    user, item = np.indices((USERS, ITEMS)).reshape(2, -1)
    kept = (user % 2 == item % 2) & (np.random.default_rng(0).random(len(user)) > 0.1)
    count = int(kept.sum())
    return Interactions(
        tuple(map(str, range(USERS))),
        tuple(map(str, range(ITEMS))),
        user[kept].astype(np.int32),
        item[kept].astype(np.int32),
        np.ones(count, np.float32),
        np.zeros(count, np.int64),
        np.full(count, -1, np.int32),
    )


def test_two_waves_tell_two_camps_apart():
    model = lowpass.fit(two_camps(), {}, LowpassParameters(rank=2))
    history = History(np.array([1], np.int32), np.ones(1, np.float32), np.zeros(1, np.int64))
    scores = model.score([history])[0]
    assert scores[1::2].min() > scores[0::2].max()


def test_the_vectors_are_those_of_a_whole_decomposition():
    rng = np.random.default_rng(0)
    table = lowpass.scaled(
        lowpass.matrix(two_camps()), np.ones(USERS, np.float32), np.ones(ITEMS, np.float32)
    )
    values, vectors = leading(table, 2)
    _, true_values, true_vectors = np.linalg.svd(table.toarray(), full_matrices=False)
    np.testing.assert_allclose(values, true_values[:2], rtol=1e-4)
    start = rng.standard_normal(ITEMS)
    np.testing.assert_allclose(
        vectors @ (vectors.T @ start), true_vectors[:2].T @ (true_vectors[:2] @ start), atol=1e-2
    )


def test_never_so_many_waves_that_nothing_is_filtered():
    model = lowpass.fit(two_camps(), {}, LowpassParameters(rank=1000))
    assert model.source.shape[1] <= min(USERS, ITEMS) // 4
