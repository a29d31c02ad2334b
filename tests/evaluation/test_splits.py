"""Nothing that is asked for may be learnt from, whichever way a history is divided."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation import toys

from antiphon.evaluation import splits, written
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.splits import Split
from antiphon.taste.interactions import Interactions, only

KNOWN = toys.random_interactions(30, 50, 900)


def pairs(known: Interactions) -> set[tuple[int, int]]:
    return set(zip(known.user.tolist(), known.item.tolist(), strict=True))


def wanted(split: Split) -> set[tuple[int, int]]:
    """Units (users) and items."""
    table = split.questions.wanted.tocoo()
    return set(zip(split.questions.unit[table.row].tolist(), table.col.tolist(), strict=True))


def same(one: Split, other: Split) -> bool:
    return (
        np.array_equal(one.training.item, other.training.item)
        and np.array_equal(one.training.user, other.training.user)
        and wanted(one) == wanted(other)
    )


def test_a_hold_out_hides_a_share_of_everybodys_items_altogether() -> None:
    split = splits.hold_out(KNOWN, 0.2, seed=1)
    assert not pairs(split.training) & wanted(split)
    assert pairs(split.training) | wanted(split) == pairs(KNOWN)
    hidden = np.bincount([user for user, _ in wanted(split)], minlength=30)
    distinct = np.bincount([user for user, _ in pairs(KNOWN)], minlength=30)
    assert (hidden == np.round(0.2 * distinct)).all()


def test_a_seed_decides_and_nothing_else_does() -> None:
    for way in (splits.hold_out, splits.cold_start):
        assert same(way(KNOWN, 0.2, 1), way(KNOWN, 0.2, 1))
        assert not same(way(KNOWN, 0.2, 1), way(KNOWN, 0.2, 2))


def test_time_is_cut_at_one_moment_for_all() -> None:
    split = splits.time_split(KNOWN, 0.25)
    moment = {history.now for history in split.questions.histories}.pop()
    assert split.training.at.max() < moment
    later = only(KNOWN, KNOWN.at >= moment)
    assert wanted(split) == pairs(later)
    assert all((history.at < moment).all() for history in split.questions.histories)
    assert split.repeats, "somebody returned to something, so what is known can be right"


def test_what_was_refused_later_is_not_asked_for() -> None:
    refused = replace(KNOWN, weight=np.where(KNOWN.item % 2, 1, -1).astype(np.float32))
    for split in (splits.time_split(refused), splits.leave_last(refused), splits.hold_out(refused)):
        assert len(wanted(split))
        assert all(item % 2 for _, item in wanted(split))


def test_the_last_thing_of_everybody_is_held_out() -> None:
    known = toys.interactions(
        [(0, 1, 1, 10, 0), (1, 0, 1, 11, 1), (0, 2, 1, 12, 2), (0, 3, 1, 13, 2), (0, 1, -1, 14, 2)]
    )
    split = splits.leave_last(known)
    assert wanted(split) == {(0, 3)}, "the second listener did only one thing"
    assert pairs(split.training) == {(0, 1), (1, 0), (0, 2)}
    (history,) = split.questions.histories
    assert history.items.tolist() == [1, 2]
    assert (history.sitting, history.now) == (1, 13)


def test_sessions_are_asked_track_by_track_and_nothing_later_is_learnt() -> None:
    known = toys.interactions(
        [(0, 0, 1, 1, 0), (0, 1, 1, 2, 0), (1, 5, 1, 3, 7), (0, 2, 1, 4, 3), (1, 5, 1, 5, 7),
         (0, 3, 1, 6, 3), (0, 4, 1, 7, 3)]
    )  # fmt: skip
    split = splits.session_split(known, 0.3)
    assert split.training.at.tolist() == [1, 2, 3], "the moment is the start of session 3"
    asked = [(history.items.tolist(), history.sitting) for history in split.questions.histories]
    assert asked == [([0, 1, 2], 1), ([0, 1, 2, 3], 2)]
    assert split.questions.wanted.indices.tolist() == [3, 4]
    assert split.questions.unit.tolist() == [3, 3]


def test_cold_items_were_never_played_and_only_they_are_ranked() -> None:
    split = splits.cold_start(KNOWN, 0.2)
    assert split.among is not None
    assert split.among.sum() == 10
    assert not split.among[split.training.item].any()
    assert split.among[split.questions.wanted.indices].all()
    assert len(split.training.items) == 50, "a model must answer for items that it has not seen"


@pytest.mark.parametrize(
    "way", [splits.hold_out, splits.time_split, splits.leave_last, splits.session_split,
            splits.cold_start, splits.validation],
)  # fmt: skip
def test_changing_the_future_changes_nothing_that_is_learnt(way) -> None:
    split = way(KNOWN)
    assert splits.leaks(split) == ()
    assert len(split.questions)
    hidden = ~np.isin(KNOWN.at, split.training.at)
    assert hidden.any()
    other = replace(KNOWN, item=np.where(hidden, (KNOWN.item + 7) % 50, KNOWN.item))
    if way not in (splits.hold_out, splits.cold_start):
        assert np.array_equal(way(other).training.item, split.training.item)
        assert np.array_equal(way(other).training.at, split.training.at)


def test_a_leak_is_told() -> None:
    split = splits.hold_out(KNOWN)
    whole = splits.hold_out(KNOWN, 0.5)
    leaking = replace(split, questions=whole.questions)
    known = replace(leaking, questions=replace(
        whole.questions, histories=split.questions.histories[: len(whole.questions)]
    ))  # fmt: skip
    assert "right answers are in the history" in splits.leaks(known)[0]
    cold = splits.cold_start(KNOWN)
    assert splits.leaks(replace(cold, training=KNOWN))


def test_the_validation_part_is_the_latest_where_time_is_known() -> None:
    assert splits.validation(KNOWN).protocol == "session"
    no_sessions = replace(KNOWN, session=np.full(len(KNOWN), -1, np.int32))
    assert splits.validation(no_sessions).protocol == "time-split"
    no_times = replace(no_sessions, at=np.zeros(len(KNOWN), np.int64))
    assert splits.validation(no_times).protocol == "hold-out"


@pytest.mark.parametrize("way", [splits.time_split, splits.leave_last, splits.session_split])
def test_data_without_time_say_so(way) -> None:
    with pytest.raises(DataError, match=r"no (times|order|sessions)"):
        way(toys.interactions([(0, 1), (0, 2), (1, 2)]))


@pytest.mark.parametrize("rows", [[(0, 0)], [(0, 0), (1, 0)], [(0, 0, 1, 5, 0), (0, 0, 1, 6, 0)]])
def test_hardly_any_data_leave_nothing_to_ask_and_break_nothing(rows) -> None:
    known = toys.interactions(rows)
    for way in (splits.hold_out, splits.cold_start, splits.validation):
        assert not splits.leaks(way(known))


@pytest.mark.parametrize(
    "way", [splits.hold_out, splits.time_split, splits.session_split, splits.cold_start]
)
def test_a_split_is_read_as_it_was_written(way, tmp_path: Path) -> None:
    split = way(replace(KNOWN, weight=(KNOWN.weight / 3).astype(np.float32)))
    features = {"genres": {"i3": np.array([1.0, 2.0])}, "musicnn/1": {"i4": np.array([0.5])}}
    written.write(split, tmp_path, "a test", features)
    assert written.is_split(tmp_path)
    found = written.read(tmp_path)
    assert (found.protocol, found.repeats) == (split.protocol, split.repeats)
    assert found.training.items == split.training.items
    assert np.array_equal(found.training.item, split.training.item)
    assert np.array_equal(found.training.weight, split.training.weight)
    assert (found.questions.wanted != split.questions.wanted).nnz == 0
    assert found.among is None if split.among is None else np.array_equal(found.among, split.among)
    for one, other in zip(found.questions.histories, split.questions.histories, strict=True):
        assert np.array_equal(one.items, other.items)
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.at, other.at)
        assert (one.sitting, one.now) == (other.sitting, other.now)
    assert written.features(tmp_path)["musicnn/1"]["i4"].tolist() == [0.5]
    (tmp_path / "questions.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match=r"questions\.jsonl, line 1"):
        written.read(tmp_path)
