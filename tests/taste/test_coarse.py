"""Products by 8-bit numbers: nearly the exact ones, and only where it is worth it."""

import numpy as np
import pytest

from antiphon.taste import coarse as module
from antiphon.taste.coarse import Coarse, coarse


@pytest.fixture(autouse=True)
def _worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", 100)


def table(rows: int = 5000) -> np.ndarray:
    """Columns of very different sizes, as of vectors along principal axes."""
    numbers = np.random.default_rng(0).normal(size=(rows, 40))
    return (numbers * np.exp(-np.arange(40) / 8)).astype("f4")


def made(rows: np.ndarray) -> Coarse:
    found = coarse(rows)
    assert found is not None
    return found


def test_products_are_within_a_few_hundredths_of_their_spread() -> None:
    rows, vector = table(), np.random.default_rng(1).normal(size=40).astype("f4")
    exact = rows @ vector
    found = made(rows).products(vector)
    assert np.abs(found - exact).max() < 0.1 * exact.std()
    assert np.std(found - exact) < 0.02 * exact.std()
    nearest = {*np.argsort(-exact)[:50]} & {*np.argsort(-found)[:50]}
    assert len(nearest) >= 46


def test_rows_come_back_nearly_as_they_were() -> None:
    rows = table()
    places = np.array([3, 0, 4999], np.int32)
    assert np.allclose(made(rows).rows(places), rows[places], atol=np.abs(rows).max(axis=0) / 250)


def test_a_column_of_nothing_stays_nothing() -> None:
    rows = table()
    rows[:, 7] = 0
    found = made(rows)
    assert np.isfinite(found.products(np.ones(40, np.float32))).all()
    assert not found.rows(np.arange(9, dtype=np.int32))[:, 7].any()


def test_a_small_table_is_left_alone() -> None:
    assert coarse(table(99)) is None
