"""Cold start: what nobody has played is found by what others say of it, and by nothing else."""

import numpy as np
import pytest

from antiphon.evaluation.cold_start import Tagged, described, evaluate, times
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.results import Evaluation
from antiphon.evaluation.splits import cold_start
from antiphon.taste.interactions import Interactions

LISTENERS, ITEMS, GENRES = 60, 80, 4


def fans() -> Interactions:
    """Listeners of four genres, each of whom plays half of what there is of their genre."""
    chance = np.random.default_rng(0)
    same = np.equal.outer(np.arange(LISTENERS) % GENRES, np.arange(ITEMS) % GENRES)
    user, item = np.nonzero(same & (chance.random(same.shape) < 0.5))
    return of(user, item, ITEMS)


def of(user: np.ndarray, item: np.ndarray, items: int) -> Interactions:
    count = len(item)
    return Interactions(
        tuple(f"{n}" for n in range(LISTENERS)),
        tuple(f"{n}" for n in range(items)),
        user.astype(np.int32),
        item.astype(np.int32),
        np.ones(count, np.float32),
        np.zeros(count, np.int64),
        np.full(count, -1, np.int32),
    )


def honest() -> Tagged:
    """Tags of some who never played the items: the genre, and a word without sense."""
    chance = np.random.default_rng(1)
    item = np.repeat(np.arange(ITEMS), 6)
    tag = np.where(np.arange(len(item)) % 2, item % GENRES, 10 + chance.integers(0, 8, len(item)))
    return Tagged(chance.integers(0, LISTENERS, len(item)), item, tag)


def confessing() -> Tagged:
    """Each listener gives what they play a word that nobody else uses, and nothing else is said."""
    played = fans()
    return Tagged(played.user, played.item, 100 + played.user)


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate("toy", fans(), honest(), cut=5)


def recall(found: Evaluation) -> dict[str, float]:
    return {row.model: row.figures["recall"].value for row in found.rows}


def test_what_others_say_of_a_genre_finds_its_new_items(found: Evaluation) -> None:
    values = recall(found)
    assert values["content_map"] > 0.9
    assert values["content_map"] > 2 * values["random"]
    assert values["content_map"] > values["popularity (listeners who tagged)"]
    assert values["random"] == pytest.approx(5 / len(held_out_by(found.seed)), abs=0.15)


def test_how_many_times_more_content_finds_is_said_with_its_interval(found: Evaluation) -> None:
    ours = found.rows[0].figures["times"]
    assert (ours.low, ours.value, ours.high) == (1, 1, 1)
    by_chance = next(row for row in found.rows if row.model == "random").figures["times"]
    assert 1.5 < by_chance.low < by_chance.value < by_chance.high
    said = f"content_map finds {by_chance.value:.2f} times as much as random (95 %:"
    assert any(remark.startswith(said) for remark in found.remarks)


def test_what_was_held_out_is_not_learned_from(found: Evaluation) -> None:
    assert (found.protocol, found.items) == ("cold-start", ITEMS)
    assert found.interactions < len(fans())
    assert not any("may have played" in remark for remark in found.remarks)


def test_every_listener_is_asked_once_whatever_the_group(found: Evaluation) -> None:
    asked = np.unique(fans().user[np.isin(fans().item, held_out_by(found.seed))])
    assert found.questions == len(asked)


def held_out_by(seed: int) -> np.ndarray:
    split = cold_start(fans(), 0.2, seed)
    assert split.among is not None
    return np.flatnonzero(split.among)


def test_what_a_listener_says_never_answers_that_listener() -> None:
    """Each listener's own words would find all; those of others who like the same find as much."""
    heard = np.arange(LISTENERS) != 7
    own, others = (described(confessing(), given, ITEMS) for given in (heard | True, heard))
    assert (own.tags.shape[1], others.tags.shape[1]) == (LISTENERS, LISTENERS - 1)
    assert others.taggers.sum() == own.taggers.sum() - (fans().user == 7).sum()


def test_words_that_only_the_listener_who_is_asked_would_give_find_nothing() -> None:
    lonely = alone_in_taste()
    found = evaluate("toy", lonely, whispered(lonely), cut=20)
    for row in found.rows:
        assert row.figures["recall"].low < 1.5 * 20 / (0.2 * len(lonely.items)), row.model


def alone_in_taste() -> Interactions:
    """Nobody plays what anybody else plays."""
    item = np.random.default_rng(2).permutation(6 * LISTENERS)
    return of(np.arange(len(item)) % LISTENERS, item, len(item))


def whispered(played: Interactions) -> Tagged:
    """Each listener gives what they play their own word; others give it anybody's by chance."""
    chance = np.random.default_rng(3)
    item = np.repeat(np.arange(len(played.items)), 8)
    listener, word = (
        chance.integers(0, LISTENERS, len(item)),
        chance.integers(0, LISTENERS, len(item)),
    )
    return Tagged(
        np.concatenate([played.user, listener]),
        np.concatenate([played.item, item]),
        np.concatenate([played.user, word]),
    )


def test_tags_count_by_the_logarithm_of_those_who_gave_them() -> None:
    tagged = Tagged(np.array([0, 1, 2, 2]), np.array([5, 5, 5, 6]), np.array([8, 8, 9, 8]))
    known = described(tagged, np.ones(3, bool), ITEMS)
    assert known.taggers[[5, 6]].tolist() == [3, 1]
    assert known.tags[5] == pytest.approx(np.log([3, 2]))
    assert known.tags[6] == pytest.approx(np.log([2, 1]))


def test_a_ratio_is_of_the_means_and_its_interval_holds_it() -> None:
    chance = np.random.default_rng(0)
    other = chance.random(300)
    ratio = times(2 * other + 0.1 * chance.random(300), other)
    assert ratio.low < ratio.value < ratio.high
    assert ratio.value == pytest.approx(2.1, abs=0.05)
    assert times(other, other) == times(other, other)
    assert times(other, other).low == times(other, other).high == 1


def test_too_little_data_is_said() -> None:
    alone = Interactions(
        ("0",), ("0",), *(np.zeros(1, kind) for kind in ("i4", "i4", "f4", "i8", "i4"))
    )
    nothing = Tagged(*(np.empty(0, np.int32) for _ in range(3)))
    with pytest.raises(DataError, match="too little data"):
        evaluate("toy", alone, nothing)
