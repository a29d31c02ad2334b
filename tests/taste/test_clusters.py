"""Points fall into as many clusters as there are kinds of them."""

import numpy as np
import pytest

from antiphon.taste.clusters import LEAST, clusters


def points(sizes: list[int], seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed)
    centres = np.eye(8)[: len(sizes)]
    found = np.vstack(
        [
            centre + noise.normal(0, 0.15, (size, 8))
            for centre, size in zip(centres, sizes, strict=True)
        ]
    )
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("sizes", [[9, 7], [12, 9, 6], [10, 9, 8, 7], [9, 8, 7, 6, 5]])
def test_there_are_as_many_as_there_are_kinds(sizes: list[int]) -> None:
    found = clusters(points(sizes))
    assert [len(each) for each in found] == sizes
    assert [int(each[0]) for each in found] == [sum(sizes[:n]) for n in range(len(sizes))]


def test_a_few_strays_are_no_cluster() -> None:
    found = clusters(points([12, 10, LEAST - 1]))
    assert [len(each) for each in found][:2] == [12, 10]
    assert all(len(each) >= LEAST for each in found)


def test_too_few_points_make_none() -> None:
    assert clusters(points([2 * LEAST - 1])) == []
    assert clusters(points([1])[:0]) == []


def test_the_order_of_the_points_does_not_matter() -> None:
    found = points([12, 9, 6])
    order = np.random.default_rng(1).permutation(len(found))
    again = [sorted(order[each].tolist()) for each in clusters(found[order])]
    assert again == [each.tolist() for each in clusters(found)]
