"""An order is drawn by scores, and how likely each place of it was is exactly what is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.taste.draw import NEVER, drawn


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=12),
    st.floats(0.01, 5),
    st.integers(0, 2**32 - 1),
    st.data(),
)
def test_each_place_has_the_share_of_what_was_left(
    scores: list[float], temperature: float, seed: int, data: st.DataObject
) -> None:
    """Some leave the draw unplaced, after any place, as by the limit of their artist."""
    draw = drawn(scores, temperature, np.random.default_rng(seed))
    leaves = data.draw(
        st.lists(st.sampled_from([0, 2, 5, NEVER]), min_size=len(scores), max_size=len(scores))
    )
    left = np.array(leaves, np.int64)
    placed: list[int] = []
    expected = []
    for track in draw.order.tolist():
        place = len(placed)
        if left[track] < place:
            continue
        still = [one for one in range(len(scores)) if one not in placed and left[one] >= place]
        weights = np.exp(draw.logits[still] - draw.logits[still].max())
        expected.append(weights[still.index(track)] / weights.sum())
        placed.append(track)
    for place, track in enumerate(placed):
        left[track] = place
    chosen, at = np.array(placed, np.int64), np.arange(len(placed))
    assert draw.probabilities(chosen, at, left) == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_the_colder_the_nearer_to_the_order_of_the_scores() -> None:
    scores = list(np.linspace(3, 0, 30))

    def disorder(temperature: float) -> float:
        orders = [drawn(scores, temperature, np.random.default_rng(n)).order for n in range(30)]
        return float(np.mean([np.abs(order - np.arange(30)).mean() for order in orders]))

    assert disorder(0.0) == 0
    assert 0 < disorder(0.1) < disorder(0.3) < disorder(1.0) < 12


def test_equal_scores_are_drawn_alike_and_nothing_is_no_order() -> None:
    firsts = [int(drawn([2.0] * 4, 0.2, np.random.default_rng(n)).order[0]) for n in range(400)]
    assert np.bincount(firsts) == pytest.approx([100] * 4, abs=35)
    assert not len(drawn([], 0.2, np.random.default_rng(0)).order)


def test_without_chance_nothing_is_less_than_certain() -> None:
    draw = drawn([3.0, 2.0, 1.0], 0.0, np.random.default_rng(0))
    assert draw.order.tolist() == [0, 1, 2]
    two = np.array([0, 1])
    assert draw.probabilities(two, two, np.array([0, 1, NEVER])).tolist() == [1, 1]
