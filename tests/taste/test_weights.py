"""The table of weights says of two listens which one speaks more for its track."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.model import Ending
from antiphon.taste.errors import WeightsError
from antiphon.taste.listener import ListenerState, state_of
from antiphon.taste.memory import ENDINGS, ORIGINS, Heard, Memory, Word
from antiphon.taste.weights import (
    SPACE,
    WEIGHTS,
    Replays,
    Weights,
    listen_weight,
    share,
    weights_in,
)

MINUTE, HOUR = 60_000, 3_600_000
TRACK_MS = 4 * MINUTE


def heard(
    track_id: str = "tr-1",
    at: int = 0,
    played_ms: float = TRACK_MS,
    ended: Ending = "completed",
    origin: int = 0,
) -> Heard:
    return Heard(track_id, at, int(played_ms), TRACK_MS, ENDINGS.index(ended), origin)


def weight(one: Heard, *, replayed: bool = False) -> float:
    return listen_weight(one, replayed=replayed)[0]


def state(*listens: Heard, now: int = 0, **fields: object) -> ListenerState:
    return state_of("ann", Memory(listens, **fields), now)  # type: ignore[arg-type]


def test_a_skip_in_the_first_half_minute_counts_most_against_and_one_at_the_end_hardly() -> None:
    skips = [weight(heard(played_ms=part * TRACK_MS, ended="skipped")) for part in (0.1, 0.5, 0.9)]
    assert skips == sorted(skips)
    assert skips[0] == WEIGHTS.early_skip
    assert abs(skips[2]) < 0.1 < abs(skips[1])


@given(st.lists(st.integers(0, TRACK_MS), min_size=2))
def test_the_later_a_skip_the_less_it_counts_against(played_ms: list[int]) -> None:
    skips = [weight(heard(played_ms=ms, ended="skipped")) for ms in sorted(played_ms)]
    assert all(a <= b + 1e-9 for a, b in pairwise(skips))


def test_a_short_track_that_was_nearly_over_was_not_skipped_early() -> None:
    one = Heard("tr-1", 0, 18_000, 20_000, ENDINGS.index("skipped"))
    assert weight(one) == WEIGHTS.late_skip


def test_of_an_unknown_duration_four_minutes_are_half() -> None:
    assert share(Heard("tr-1", 0, TRACK_MS, 0)) == 0.5


def test_a_track_played_again_within_a_day_speaks_louder_and_a_skip_of_it_does_not() -> None:
    replays = Replays()
    day = [heard(at=0), heard(at=23 * HOUR), heard(at=48 * HOUR), heard("tr-2", at=48 * HOUR)]
    assert [replays.take(one) for one in day] == [False, True, False, False]
    assert weight(heard(), replayed=True) == WEIGHTS.completed + WEIGHTS.replayed
    skip = heard(played_ms=1000, ended="skipped")
    assert weight(skip, replayed=True) == weight(skip)


def test_what_was_skipped_before_it_was_a_play_makes_no_replay() -> None:
    replays = Replays()
    assert not replays.take(heard(played_ms=1000, ended="skipped"))
    assert not replays.take(heard(at=HOUR))


def test_the_search_covers_the_table_and_begins_within_it() -> None:
    assert SPACE.keys() <= set(Weights.__struct_fields__)
    for name, span in SPACE.items():
        assert span.low <= getattr(WEIGHTS, name) <= span.high


def test_a_session_tells_what_was_done_in_it_and_where_it_came_from() -> None:
    radio = ORIGINS.index("radio")
    found = state(
        heard("tr-0", at=0),
        heard("tr-1", at=2 * HOUR, origin=radio),
        heard("tr-2", at=2 * HOUR + MINUTE, played_ms=24_000, ended="skipped"),
        heard("tr-1", at=2 * HOUR + 5 * MINUTE),
        likes=(Word(2 * HOUR + 6 * MINUTE, "tr-1"),),
        now=2 * HOUR + 7 * MINUTE,
    )
    told = [(one.track_id, one.why, one.replayed, one.source) for one in found.session]
    assert told == [
        ("tr-1", "finished", False, "radio"),
        ("tr-2", "skipped", False, None),
        ("tr-1", "finished", True, None),
        ("tr-1", "liked", False, None),
    ]
    assert found.session[1].share == 0.1


@pytest.mark.parametrize(("gap_min", "left"), [(30, 1), (90, 2)])
def test_the_operator_says_how_long_a_silence_ends_a_session(gap_min: int, left: int) -> None:
    memory = Memory((heard("tr-0", at=0), heard("tr-1", at=HOUR)))
    found = state_of("ann", memory, HOUR + MINUTE, gap_ms=gap_min * MINUTE)
    assert len(found.session) == left


def test_a_table_in_a_file_is_used_in_place_of_the_built_in_one(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_text('{"early_skip": -3.0}')
    assert weights_in(file) == Weights(early_skip=-3.0)
    assert weights_in(None) == WEIGHTS


@pytest.mark.parametrize("content", ["", "[]", '{"early_skip": "much"}', '{"erly_skip": -3.0}'])
def test_a_file_that_is_no_table_is_refused_and_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "weights.json"
    file.write_text(content)
    with pytest.raises(WeightsError, match=r"weights\.json is no table of weights.*antiphon tune"):
        weights_in(file)
