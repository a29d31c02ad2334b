"""From content to the collaborative space: where a track lies that nobody has played."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from antiphon.compute.als import AlsParameters, Factors
from antiphon.taste import content_map
from antiphon.taste.content_map import ContentMap, ContentMapParameters, extended, fit, ridge
from antiphon.taste.interactions import Interactions, histories

TRACKS, LISTENERS, PLAYED = 40, 20, 30
Vectors = dict[str, np.ndarray]
SMALL = ContentMapParameters(dimensions=8)


def two_crowds() -> Interactions:
    """Even listeners play even tracks, odd ones odd tracks; nobody has played the last ten."""
    chance = np.random.default_rng(0)
    user, item = np.nonzero(
        (np.add.outer(np.arange(LISTENERS), np.arange(PLAYED)) % 2 == 0)
        & (chance.random((LISTENERS, PLAYED)) < 0.7)
    )
    count = len(item)
    return Interactions(
        tuple(f"u{n}" for n in range(LISTENERS)),
        tuple(f"t{n}" for n in range(TRACKS)),
        user.astype(np.int32),
        item.astype(np.int32),
        np.ones(count, np.float32),
        np.zeros(count, np.int64),
        np.full(count, -1, np.int32),
    )


def sound(of: range = range(TRACKS), noise: float = 0.3) -> Vectors:
    """Even tracks sound one way, odd ones another; some columns say nothing, one never varies."""
    chance = np.random.default_rng(1)
    said = {n: chance.normal(size=8) * noise for n in range(of.start, of.stop)}
    return {
        f"t{n}": (np.r_[said[n], 0.0] + np.r_[n % 2, 1000 * (n % 2), np.zeros(6), 7.0]).astype("f4")
        for n in of
    }


def likes_of_even_and_odd(model: ContentMap) -> np.ndarray:
    """Return how much even listeners want even tracks more than odd ones, for each pair of new."""
    scores = model.score(histories(two_crowds()))[:, PLAYED:]
    return (scores[::2, ::2] - scores[::2, 1::2], scores[1::2, 1::2] - scores[1::2, ::2])


def test_tracks_that_nobody_played_go_to_those_who_play_what_sounds_alike() -> None:
    even, odd = likes_of_even_and_odd(fit(two_crowds(), {"summary/1": sound()}, SMALL))
    assert (even > 0.05).all()
    assert (odd > 0.05).all()


def test_features_that_say_nothing_move_no_track() -> None:
    chance = np.random.default_rng(2)
    noise = {f"t{n}": chance.normal(size=8) for n in range(TRACKS)}
    even, odd = likes_of_even_and_odd(fit(two_crowds(), {"summary/1": noise}, SMALL))
    assert abs(even.mean()) < 0.1
    assert abs(odd.mean()) < 0.1


def test_without_features_all_new_tracks_are_alike() -> None:
    scores = fit(two_crowds(), {}, SMALL).score(histories(two_crowds()))
    assert np.ptp(scores[:, PLAYED:], axis=1).max() < 1e-6
    assert np.isfinite(scores).all()


def train(matrix: csr_array, parameters: AlsParameters) -> Factors:
    """Any vectors at all: where the items stand is not the map's."""
    chance = np.random.default_rng(parameters.seed)
    users, items = (chance.normal(size=(count, 4)).astype("f4") for count in matrix.shape)
    return Factors(users, items)


def test_what_many_play_stands_where_they_put_it_and_what_few_play_where_it_sounds() -> None:
    played = two_crowds()
    own = content_map.ials.fit(played, {}, AlsParameters(), train).factors
    count = np.bincount(played.item, minlength=TRACKS)
    for known in (0.5, 4.0):
        parameters = ContentMapParameters(known=known)
        model = fit(played, {"summary/1": sound()}, parameters, train)
        mapped = model.map.placed({"summary/1": sound()}, played.items).T
        share = count / (count + known)
        expected = share * own + (1 - share) * mapped
        np.testing.assert_allclose(model.ials.factors, expected, atol=1e-4)


def test_a_track_that_came_after_training_is_placed_as_if_it_had_been_there() -> None:
    before = two_crowds()
    model = fit(before, {"summary/1": sound()}, SMALL)
    twin = {"new": sound()["t31"], "t3": sound()["t3"]}
    more = extended(model, {"summary/1": twin})
    assert more.items == (*before.items, "new")
    scores = more.score(histories(before))
    np.testing.assert_allclose(scores[:, -1], scores[:, 31], atol=1e-5)
    np.testing.assert_allclose(scores[:, :-1], model.score(histories(before)), atol=1e-5)


def test_no_track_lies_farther_out_than_those_that_were_learned_from() -> None:
    model = fit(two_crowds(), {"summary/1": sound()}, SMALL)
    vectors = np.array(list(sound().values()))[:PLAYED]
    absurd = {"loud": np.full(9, 1e9, "f4"), "most": vectors.max(axis=0)}
    one, other = model.map.placed({"summary/1": absurd}, ["loud", "most"])
    np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_set_that_a_track_lacks_is_taken_for_average() -> None:
    chance = np.random.default_rng(4)
    tags = {f"t{n}": chance.normal(size=3) for n in range(0, TRACKS, 2)}
    model = fit(two_crowds(), {"summary/1": sound(), "tags/1": tags}, SMALL)
    mean = {"tags/1": {"t1": np.mean([tags[f"t{n}"] for n in range(0, PLAYED, 2)], axis=0)}}
    both = model.map.placed({"summary/1": sound(), **mean}, ["t1"])
    np.testing.assert_allclose(both, model.map.placed({"summary/1": sound()}, ["t1"]), atol=1e-4)
    assert np.isfinite(model.map.placed({}, ["t1"])).all()


def test_ridge_takes_the_penalty_of_least_generalised_cross_validation() -> None:
    chance = np.random.default_rng(5)
    features = chance.normal(size=(60, 10)).astype("f4")
    features -= features.mean(axis=0)
    targets = features[:, :2] @ chance.normal(size=(2, 3)) + chance.normal(size=(60, 3))
    targets -= targets.mean(axis=0)
    gram = features.T @ features

    def weights(penalty: float) -> np.ndarray:
        return np.linalg.solve(gram + penalty * np.eye(10), features.T @ targets)

    def score(penalty: float) -> float:
        freedom = np.trace(np.linalg.solve(gram + penalty * np.eye(10), gram))
        residual = ((targets - features @ weights(penalty)) ** 2).sum()
        return float(residual / (1 - 1.4 * freedom / 60) ** 2)

    tried = np.linalg.eigvalsh(gram).max() * 10.0 ** np.arange(-6.0, 1.1, 0.25)
    best = min(tried, key=score)
    np.testing.assert_allclose(ridge(features, targets.astype("f4")), weights(best), atol=1e-3)


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_ridge_of_fewer_rows_than_columns_is_finite(rows: int) -> None:
    chance = np.random.default_rng(6)
    features, targets = (chance.normal(size=(rows, n)).astype("f4") for n in (9, 3))
    found = ridge(features, targets)
    assert found.shape == (9, 3)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [(np.zeros(3, "f4"), "not all of length 9"), (np.full(9, np.nan, "f4"), "what is no number")],
)
def test_features_that_cannot_be_used_are_refused(spoilt: np.ndarray, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        fit(two_crowds(), {"summary/1": {**sound(), "t5": spoilt}}, SMALL)
