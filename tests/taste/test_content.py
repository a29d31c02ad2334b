"""The content model: what several feature sets say together, whatever of them is there."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from antiphon.taste import nearest
from antiphon.taste.content import ContentModel, located, spread
from antiphon.taste.interactions import History
from antiphon.taste.metric import RECIPES, Recipe, learn, unit
from antiphon.taste.nearest import NEIGHBOURS, SHARPNESS, Nearest

Vectors = dict[str, np.ndarray]


def kinds(tracks: int, columns: int, seed: int, kinds: int = 4) -> Vectors:
    """Tracks of several kinds: t0, t4, t8 ... are noisy copies of one sound, t1, t5 ... of next."""
    chance = np.random.default_rng(seed)
    sounds = chance.normal(size=(kinds, columns)) * 5
    noise = chance.normal(size=(tracks, columns))
    return {f"t{n}": (sounds[n % kinds] + noise[n]).astype("f4") for n in range(tracks)}


def both(tracks: int = 40) -> dict[str, Vectors]:
    return {"musicnn/1": kinds(tracks, 20, 1), "summary/1": kinds(tracks, 12, 2)}


def nearness(model: ContentModel, one: str, other: str) -> float:
    return float(model.vectors[model.rows[one]] @ model.vectors[model.rows[other]])


def heard(model: ContentModel, *ids: str, weight: float = 1.0) -> History:
    rows = np.array([model.rows[id] for id in ids if id in model.rows], np.int32)
    return History(rows, np.full(len(rows), weight, np.float32), np.zeros(len(rows), np.int64))


def cosines(model: ContentModel, ids: list[str]) -> np.ndarray:
    vectors = model.vectors[[model.rows[id] for id in ids]]
    return vectors @ vectors.T


def test_nearness_is_the_mean_of_the_sets_cosines() -> None:
    features = both()
    together = located(features)
    alone = [located({name: vectors}) for name, vectors in features.items()]
    for other in ("t4", "t1", "t2"):
        mean = np.mean([nearness(model, "t0", other) for model in alone])
        assert nearness(together, "t0", other) == pytest.approx(mean, abs=1e-5)


def test_a_set_in_large_units_counts_no_more_than_one_in_small() -> None:
    features = both()
    louder = {**features, "summary/1": {id: v * 1e6 for id, v in features["summary/1"].items()}}
    ids = list(features["summary/1"])
    assert np.allclose(cosines(located(features), ids), cosines(located(louder), ids), atol=1e-4)


def test_tracks_without_an_embedding_are_still_near_to_their_like() -> None:
    features = both()
    features["musicnn/1"] = dict(list(features["musicnn/1"].items())[:20])
    model = located(features)
    assert len(model) == 40
    assert np.allclose(np.linalg.norm(model.vectors, axis=1), 1, atol=1e-5)
    for known, seed in (("half", "t30"), ("both", "t2")):
        scores = model.score([heard(model, seed)])[0]
        best = [model.items[row] for row in np.argsort(-scores)[:8]]
        assert {int(id[1:]) % 4 for id in best} == {2}, known


def test_answers_move_step_by_step_while_the_embedding_is_computed() -> None:
    """They end where both sets speak, and no step of a twentieth moves them by much."""
    features = {"musicnn/1": kinds(200, 20, 1, kinds=7), "summary/1": kinds(200, 12, 2)}
    ids = list(features["summary/1"])
    embedded = list(features["musicnn/1"].items())
    steps = [
        cosines(located({**features, "musicnn/1": dict(embedded[:n])}), ids)
        for n in range(0, 201, 10)
    ]
    moves = [float(np.abs(b - a).mean()) for a, b in pairwise(steps)]
    assert max(moves) < 0.25 * float(np.abs(steps[-1] - steps[0]).mean())
    assert moves[0] < 0.05


@pytest.mark.parametrize("tracks", [0, 1, 2, 3])
def test_the_smallest_libraries_have_models(tracks: int) -> None:
    model = located(both(tracks))
    assert len(model) == tracks
    assert np.isfinite(model.vectors).all()
    assert np.isfinite(model.score([heard(model, "t0")])).all()
    assert len(spread(model, 5, seed=1)) == tracks


@given(
    raw=arrays.arrays(np.float32, (6, 4), elements=st.floats(-1e6, 1e6, width=32, allow_nan=False)),
    embedded=st.integers(0, 6),
)
def test_every_row_of_a_model_is_a_direction_or_nothing(raw: np.ndarray, embedded: int) -> None:
    vectors = {f"t{n}": row for n, row in enumerate(raw)}
    model = located({"summary/1": vectors, "musicnn/1": dict(list(vectors.items())[:embedded])})
    lengths = np.linalg.norm(model.vectors, axis=1)
    assert np.isfinite(model.vectors).all()
    assert np.all((np.abs(lengths - 1) < 1e-3) | (lengths < 1e-3))


def test_a_column_that_never_varies_counts_for_nothing() -> None:
    features = both()["summary/1"]
    constant = {id: np.append(v, np.float32(12345.678)) for id, v in features.items()}
    ids = list(features)
    assert np.allclose(
        cosines(located({"summary/1": features}), ids),
        cosines(located({"summary/1": constant}), ids),
        atol=1e-5,
    )


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_refused(wrong: float) -> None:
    features = both()
    features["musicnn/1"]["t3"][5] = wrong
    with pytest.raises(ValueError, match="musicnn/1 holds what is no number"):
        located(features)


def test_vectors_of_two_versions_are_not_mixed() -> None:
    features = both()
    features["summary/1"]["t3"] = np.ones(5, np.float32)
    with pytest.raises(ValueError, match="summary/1 are not of one length"):
        located(features)


def test_half_whitening_shortens_the_long_axes_and_keeps_their_order() -> None:
    raw = np.random.default_rng(0).uniform(-1, 1, (500, 3)).astype("f4")
    raw = np.hstack([raw, raw[:, :1] + 0.1 * raw[:, 1:2]])
    spreads = {}
    for whitening in (0.0, 0.25, 0.5):
        axes = learn(raw, Recipe(whitening=whitening)).axes
        standard = (raw - raw.mean(axis=0)) / raw.std(axis=0)
        along = (standard @ axes).std(axis=0)
        spreads[whitening] = along[0] / along[-1]
    assert spreads[0.0] > spreads[0.25] > spreads[0.5] == pytest.approx(1, abs=0.05)


def test_the_products_sets_are_those_with_a_recipe() -> None:
    model = located(both())
    assert set(model.lenses) == set(RECIPES)
    for lens, columns in zip(model.lenses.values(), (20, 12), strict=True):
        assert lens.axes.shape[0] == columns


def test_many_histories_are_scored_as_each_alone() -> None:
    model = located(both())
    histories = [heard(model, "t0", "t5"), heard(model), heard(model, "t3", weight=-1.0)]
    alone = np.vstack([model.score([history]) for history in histories])
    assert np.allclose(model.score(histories), alone)


def test_contributions_add_up_to_the_score() -> None:
    model = located(both())
    rows = np.array([0, 4, 0, 9, 4], np.int32)
    weights = np.array([1.0, -0.5, 2.5, 0.4, 0.7], np.float32)
    history = History(rows, weights, np.arange(1, 6))
    scores = model.score([history])[0]
    for item in (0, 1, 4, 8, 9):
        assert model.contributions(history, item).sum() == pytest.approx(scores[item], abs=1e-4)


def test_an_old_listen_speaks_softer_but_does_not_fall_silent() -> None:
    model = located(both())
    old = History(np.zeros(1, np.int32), np.ones(1, np.float32), np.ones(1, np.int64))
    then = History(np.r_[0, [1] * 200].astype("i4"), np.ones(201, np.float32), np.arange(1, 202))
    alone, later = model.score([old])[0][4], model.contributions(then, 4)[0]
    assert 0.05 * alone < later < 0.5 * alone


def points(count: int, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, 16)).astype("f4"))


def test_the_nearest_are_found_and_about_as_many_as_are_wanted() -> None:
    vectors = points(9000)
    ((near, nearness),) = Nearest(vectors).of(np.array([7], np.int32))
    exact = vectors @ vectors[7]
    assert 0.6 * NEIGHBOURS < len(near) < 1.6 * NEIGHBOURS
    assert 7 not in near
    assert set(near) == {*np.argsort(-exact)[: len(near) + 1]} - {7}
    assert np.allclose(nearness, exact[near] ** SHARPNESS, atol=1e-6)


def test_in_a_small_library_everything_that_is_near_at_all_is_a_neighbour() -> None:
    vectors = points(300)
    ((near, _),) = Nearest(vectors).of(np.array([7], np.int32))
    assert set(near) == {*np.flatnonzero(vectors @ vectors[7] > 0)} - {7}


def test_neighbours_are_looked_for_once_and_only_so_many_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nearest, "KEPT", 3)
    found = Nearest(points(50))
    first = found.of(np.array([1, 2, 3], np.int32))
    assert all(a[0] is b[0] for a, b in zip(first, found.of(np.array([1, 2, 3])), strict=True))
    found.of(np.array([4], np.int32))
    assert found.of(np.array([2], np.int32))[0][0] is first[1][0]
    assert found.of(np.array([1], np.int32))[0][0] is not first[0][0]


def test_what_was_asked_of_a_model_is_looked_for_in_the_next_before_it_is_asked() -> None:
    before, after = located(both()), located(both(50))
    before.score([heard(before, "t3", "t1", "t4")])
    after.remember([*before.asked, "t-nowhere"])
    assert after.asked == before.asked
    assert sorted(after.asked) == ["t1", "t3", "t4"]
