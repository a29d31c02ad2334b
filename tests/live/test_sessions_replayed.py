"""Sessions replayed through the live loop are answered as by their model alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests import benches
from tests.events.reading import kafka_url

from antiphon.evaluation.datasets import read
from antiphon.evaluation.sessions import sitting
from antiphon.taste import sessions
from antiphon.taste.recommender import best

bench = benches.loaded("replay")


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.slow)])
def events(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an event log."""
    if request.param == "local":
        yield "local:"
        return
    with kafka_url(request.getfixturevalue("kafka").url) as url:
        yield url


def test_the_live_loop_answers_as_its_model_does_offline(tmp_path: Path, events: str) -> None:
    data = bench.planted(tmp_path / "data", listeners=50, styles=5)
    dataset = read(data)
    questions = bench.questions_of(data, dataset.interactions.items)
    assert len(questions.targets) > 200
    replayed = bench.replay(dataset.interactions, questions, tmp_path, events)
    # What is left are equal scores, which stand in no order.
    assert (replayed.loop == replayed.alone).all(axis=1).mean() > 0.99
    loop, alone = (
        bench.judged(lists, questions.targets) for lists in (replayed.loop, replayed.alone)
    )
    assert loop == pytest.approx(alone, abs=5e-4)
    model = sessions.fit(dataset.interactions, {})
    clicks = questions.clicks
    asked = [sitting(clicks.prefix(click)) for click in np.flatnonzero(questions.asked)]
    frozen = best(model.score(asked), bench.CUT)
    assert (replayed.loop == frozen).all(axis=1).mean() < 0.5


def test_plays_of_one_second_are_asked_for_before_any_of_them_is_known(tmp_path: Path) -> None:
    (tmp_path / "train_sessions.txt").write_text("1 2 3\n4 5 6\n")
    (tmp_path / "test_sessions_timed.txt").write_text("1:10 2:20 2:20 3:30\n4:20 5:20\n")
    dataset = read(tmp_path)
    questions = bench.questions_of(tmp_path, dataset.interactions.items)
    (of_20,) = [moment for moment in questions.moments() if len(moment) > 1]
    turns = list(bench.turns(questions.clicks, of_20))
    assert [len(turn) for turn in turns] == [2, 2]
    replayed = bench.replay(dataset.interactions, questions, tmp_path)
    assert replayed.loop[:, 0].tolist() == replayed.alone[:, 0].tolist()
