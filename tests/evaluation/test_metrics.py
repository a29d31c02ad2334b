"""The measures, against other implementations and against what can be told by eye."""

import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix, random_array
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score
from tests.evaluation import toys

from antiphon.evaluation import metrics
from antiphon.evaluation.intervals import difference, interval
from antiphon.evaluation.metrics import Traits, traits

RANDOM = np.random.default_rng(3)


def drawn(questions: int, items: int, k: int) -> tuple[np.ndarray, csr_array]:
    """Lists without doubles, and wanted items, one of each question at least."""
    lists = np.stack([RANDOM.permutation(items)[:k] for _ in range(questions)]).astype(np.int32)
    wanted = csr_array(random_array((questions, items), density=0.1, rng=RANDOM) > 0)
    wanted = csr_array(wanted + csr_array(np.eye(questions, items)) > 0, dtype=np.float32)
    return lists, wanted


def test_the_measures_are_those_of_another_implementation() -> None:
    irspack = pytest.importorskip("irspack")
    lists, wanted = drawn(60, 80, 10)
    hits, counts = metrics.hits(lists, wanted), np.diff(wanted.indptr).astype(np.int32)
    theirs = irspack.Evaluator(csr_matrix(wanted), cutoff=10, n_threads=1)
    found = theirs.get_score_from_score_matrix(scores_of(lists, 80))
    assert metrics.recall(hits, counts).mean() == pytest.approx(found["recall"])
    assert metrics.ndcg(hits, counts).mean() == pytest.approx(found["ndcg"])
    assert metrics.hit_rate(hits).mean() == pytest.approx(found["hit"])
    assert metrics.coverage(lists, 80) == pytest.approx(found["appeared_item"] / 80)
    assert 0 < found["recall"] < 1


def test_ndcg_and_reciprocal_rank_are_those_of_scikit_learn() -> None:
    lists, wanted = drawn(60, 80, 80)
    hits, counts = metrics.hits(lists, wanted), np.diff(wanted.indptr).astype(np.int32)
    scores = scores_of(lists, 80)
    expected = ndcg_score(wanted.toarray(), scores, k=10)
    assert metrics.ndcg(hits[:, :10], counts).mean() == pytest.approx(expected)
    # With one right answer their average precision of labels is the reciprocal rank.
    one = csr_array(np.eye(60, 80), dtype=np.float32)
    expected = label_ranking_average_precision_score(one.toarray(), scores)
    assert metrics.reciprocal_rank(metrics.hits(lists, one)).mean() == pytest.approx(expected)


def scores_of(lists: np.ndarray, items: int) -> np.ndarray:
    """Scores of which these are the best lists."""
    scores = np.full((len(lists), items), -1.0)
    np.put_along_axis(scores, lists, 100.0 - np.arange(lists.shape[1]), axis=1)
    return scores


def test_a_perfect_list_is_one_by_every_measure() -> None:
    wanted = csr_array(np.array([[1, 1, 0, 0, 0]], np.float32))
    hits = metrics.hits(np.array([[0, 1, 2]], np.int32), wanted)
    counts = np.array([2], np.int32)
    for value in (
        metrics.recall(hits, counts), metrics.ndcg(hits, counts), metrics.reciprocal_rank(hits),
        metrics.hit_rate(hits),
    ):  # fmt: skip
        assert value.tolist() == pytest.approx([1])


def test_a_place_without_an_item_is_no_hit() -> None:
    wanted = csr_array(np.array([[1, 0]], np.float32))
    assert metrics.hits(np.array([[-1, 1]], np.int32), wanted).tolist() == [[False, False]]


def known_traits() -> Traits:
    """Four items: two of one artist, alike and of one genre, and two unlike any other."""
    played = toys.interactions([(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (3, 0), (3, 3)])
    genres = {"i0": [1, 0], "i1": [2, 0], "i2": [0, 3], "i3": [1, 1]}
    features = {"genres": {id: np.array(vector, float) for id, vector in genres.items()}}
    return traits(played, features, ("a", "a", "b", "c"))


def test_what_is_beyond_being_right() -> None:
    lists = np.array([[0, 1], [0, 2], [3, -1]], np.int32)
    of = known_traits()
    assert of.share.tolist() == [0.75, 0.5, 0.25, 0.25]
    assert metrics.coverage(lists, 8) == 0.5
    assert metrics.novelty(lists, of) == pytest.approx(
        -np.array([np.log2(0.75 * 0.5) / 2, np.log2(0.75 * 0.25) / 2, np.log2(0.25)])
    )
    assert metrics.diversity(lists, of)[:2] == pytest.approx([0, 1], abs=1e-6)
    assert metrics.artist_diversity(lists, of).tolist() == [0.5, 1, 1]


def test_without_features_items_are_alike_by_who_played_them() -> None:
    of = traits(toys.interactions([(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)]), {})
    assert metrics.diversity(np.array([[0, 1], [0, 2]], np.int32), of) == pytest.approx(
        [0, 1], abs=1e-6
    )
    assert of.artist.size == 0


def test_the_lift_is_against_what_the_listener_plays() -> None:
    known = csr_array(np.array([[0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]], np.float32))
    lists = np.array([[0, 1], [2, 3], [0, 1]], np.int32)
    lift = metrics.popularity_lift(lists, known, known_traits())
    assert lift == pytest.approx([0.625 / 0.25 - 1, 0.25 / 0.75 - 1, 0])


def test_a_list_of_the_listeners_own_genres_is_calibrated() -> None:
    known = csr_array(np.array([[1, 0, 0, 0], [1, 0, 1, 0]], np.float32))
    of = known_traits()
    own = metrics.calibration(np.array([[1, -1], [1, 2]], np.int32), known, of)
    other = metrics.calibration(np.array([[2, -1], [0, 1]], np.int32), known, of)
    assert own == pytest.approx([0, 0], abs=1e-9)
    assert (other > 0.5).all()
    assert other[0] == pytest.approx(-np.log2(metrics.CALIBRATION_MIX))


def test_repeats_are_what_was_known_and_wanted_again() -> None:
    known = csr_array(np.array([[1, 1, 0, 0]], np.float32))
    wanted = csr_array(np.array([[1, 1, 1, 0]], np.float32))
    lists = np.array([[0, 2]], np.int32)
    hits = metrics.hits(lists, wanted)
    assert metrics.repeats(known, wanted).tolist() == [2]
    assert metrics.repeat_accuracy(hits, lists, known, wanted).tolist() == [0.5]


def test_an_interval_holds_the_mean_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(60):
        values = random.random(80)
        found = interval(values, np.arange(80, dtype=np.int32))
        held += found.low <= 0.5 <= found.high
    assert 52 <= held <= 60


def test_questions_of_one_session_are_no_independent_witnesses() -> None:
    values = np.repeat(np.random.default_rng(0).random(40), 25)
    alone = interval(values, np.arange(1000, dtype=np.int32))
    together = interval(values, np.repeat(np.arange(40, dtype=np.int32), 25))
    assert together.value == pytest.approx(alone.value)
    assert (together.high - together.low) > 3 * (alone.high - alone.low)


def test_pairs_tell_a_small_difference_that_intervals_side_by_side_do_not() -> None:
    random = np.random.default_rng(1)
    unit = np.arange(300, dtype=np.int32)
    hard = random.random(300)
    one, other = hard + 0.02 + random.normal(0, 0.05, 300), hard
    first, second = interval(one, unit), interval(other, unit)
    assert first.low < second.high
    found = difference(one, other, unit)
    assert 0 < found.low < 0.02 < found.high


def test_weights_count_and_none_at_all_is_zero() -> None:
    unit = np.arange(3, dtype=np.int32)
    assert interval(np.array([1.0, 0, 5]), unit, np.array([1.0, 3, 0])).value == 0.25
    assert interval(np.ones(3), unit, np.zeros(3)).value == 0
