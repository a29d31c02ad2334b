"""The search for parameters: bounded, to be gone on with, and blind to what will be asked."""

import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.evaluation import toys

from antiphon.compute.als import AlsParameters
from antiphon.compute.local import LocalCompute
from antiphon.evaluation import datasets, splits, tune
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.here import Here
from antiphon.evaluation.results import Tuning
from antiphon.evaluation.search import Search
from antiphon.evaluation.tune import tune as find
from antiphon.taste import ials
from antiphon.taste.interactions import Interactions
from antiphon.taste.recipe import Recipe
from antiphon.taste.space import Span

CAMPS = toys.tastes(users=60, items=40, each=8)
IALS = Recipe(models={"popularity": {}, "ials": {"dimensions": 4, "epochs": 2}})
RECIPE = Recipe(models={"popularity": {}, "alike": {"sharpness": 2.0}})


@pytest.fixture(autouse=True)
def _small_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ials, "SPACE", ials.SPACE | {"dimensions": Span(2, 8)})


def searched(
    folder: Path, known: Interactions = CAMPS, recipe: Recipe = RECIPE, **more: object
) -> tuple[Recipe, Tuning]:
    folder.mkdir(exist_ok=True)
    how = {"compute": Here(), "trials": 3, "cut": 5} | more
    return find(Search("camps", folder, **how), known, {}, recipe, lambda *_: None)


def test_what_is_found_is_no_worse_than_what_was_given(tmp_path: Path) -> None:
    found, tuning = searched(tmp_path, recipe=IALS)
    assert tuning.tuned.value >= tuning.default.value
    assert tuning.kept in {"tuned", "default"}
    assert found.weights, "a recipe can be trained as it stands"
    tried = [trial for trial in tuning.trials if trial.model == "ials"]
    assert len(tried) == 3
    assert tried[0].parameters["dimensions"] == 4, "what the recipe came with is tried first"
    assert {trial.parameters["epochs"] for trial in tried} == {2}, "what is not searched stays"
    assert all(not trial.error for trial in tried)
    best = max(tried, key=lambda trial: trial.values[-1])
    if tuning.kept == "tuned":
        assert dict(found.models["ials"]) == dict(best.parameters)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Recipe) == found
    assert len(tuning.curves["epochs of iALS"]) == len(tune.EPOCHS)


def test_a_seed_decides_what_is_found(tmp_path: Path) -> None:
    one, other = searched(tmp_path / "one")[1], searched(tmp_path / "other")[1]
    assert [trial.parameters for trial in one.trials] == [t.parameters for t in other.trials]
    assert [trial.values for trial in one.trials] == [trial.values for trial in other.trials]
    third = searched(tmp_path / "third", seed=1)[1]
    assert [trial.parameters for trial in one.trials] != [t.parameters for t in third.trials]


def test_the_test_part_changes_nothing_that_is_found(tmp_path: Path) -> None:
    split = splits.hold_out(CAMPS, 0.2)
    lists = [
        " ".join(map(str, [user, *np.unique(split.training.item[split.training.user == user])]))
        for user in range(60)
    ]
    found = []
    for name, shift in (("true", 0), ("false", 17)):
        asked = split.questions.wanted.tolil().rows
        answers = [
            " ".join(map(str, [user, *sorted((item + shift) % 40 for item in row)]))
            for user, row in enumerate(asked)
        ]
        folder = toys.write(
            tmp_path / name, train_txt="\n".join(lists), test_txt="\n".join(answers)
        )
        dataset = datasets.read(folder)
        assert dataset.test is not None
        recipe, tuning = searched(tmp_path / f"{name}.search", dataset.interactions)
        found.append((recipe, tuning.trials[0].values, tuning.tuned))
    assert found[0] == found[1]


def test_a_search_that_broke_off_goes_on(tmp_path: Path) -> None:
    first = searched(tmp_path, trials=2)[1]
    second = searched(tmp_path, trials=4)[1]
    assert len(second.trials) == 4
    assert second.trials[:2] == first.trials
    again = searched(tmp_path, trials=4)[1]
    assert again.trials == second.trials, "there is nothing left to try"


def test_a_journal_of_other_data_is_refused(tmp_path: Path) -> None:
    searched(tmp_path, trials=1)
    with pytest.raises(DataError, match="of other data or another recipe"):
        searched(tmp_path, toys.tastes(60, 40, 9, seed=5), trials=1)
    with pytest.raises(DataError, match="of other data or another recipe"):
        searched(tmp_path, recipe=Recipe(models={"alike": {"sharpness": 1.5}}), trials=1)


def test_time_is_bounded(tmp_path: Path) -> None:
    started = time.monotonic()
    _, tuning = searched(tmp_path, trials=10_000, seconds=1.0)
    assert len(tuning.trials) < 1000
    assert time.monotonic() - started < 60


def test_a_trial_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: object, **more: object) -> object:
        given = next(each for each in arguments if isinstance(each, AlsParameters))
        if given.dimensions > 4:
            time.sleep(60)
        return fitted(*arguments, **more)

    fitted = ials.fit
    monkeypatch.setattr(ials, "fit", slow)
    _, tuning = searched(tmp_path, recipe=IALS, trials=3, seconds=2.0)
    assert tuning.trials[0].finished
    late = [trial for trial in tuning.trials if trial.parameters["dimensions"] > 4]
    assert late
    assert all("given up" in trial.error for trial in late)
    assert tuning.kept == "default"


def test_a_trial_that_falls_behind_is_given_up_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "SMALL", 0)
    _, tuning = searched(tmp_path, toys.tastes(120, 40, 8), trials=12)
    lengths = {len(trial.values) for trial in tuning.trials}
    assert tuning.shares == tune.SHARES
    assert 3 in lengths
    assert lengths & {1, 2}, "of 12 trials some are pruned"
    assert len(tuning.trials[0].values) == 3, "what was given is never given up"


def test_a_model_that_cannot_be_fitted_keeps_what_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be learnt"):
        searched(tmp_path, recipe=Recipe(models={"ials": {"no_such": 1}}), trials=2)


def test_hardly_any_data_are_no_search(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too little data"):
        searched(tmp_path, toys.interactions([(0, 0), (1, 0)]))


@pytest.mark.slow
def test_trials_run_in_other_processes_too(tmp_path: Path) -> None:
    compute = LocalCompute(2)
    try:
        _, tuning = searched(tmp_path, compute=compute, parallel=2, trials=4)
    finally:
        compute.close()
    assert len(tuning.trials) == 4
    assert all(trial.finished for trial in tuning.trials)
    here = searched(tmp_path / "here", trials=1)[1]
    assert here.trials[0].values == pytest.approx(tuning.trials[0].values, abs=1e-3)
