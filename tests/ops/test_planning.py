"""The plan: what the settings say is done, as far as this machine can."""

from pathlib import Path

import pytest

from antiphon.audio.features import FEATURE_SETS
from antiphon.audio.features.embedding import SETS
from antiphon.audio.musicnn import FILE
from antiphon.ops import doctor, planning
from antiphon.settings import Settings, SettingsError
from antiphon.store import Store


@pytest.fixture
def nets(tmp_path: Path) -> Path:
    """A folder that has the embedding's nets, as far as a plan looks."""
    folder = tmp_path / "nets"
    folder.mkdir()
    (folder / FILE).touch()
    return folder


def test_by_default_everything_is_found_out(nets: Path) -> None:
    plan = planning.plan(Settings(models=nets))
    assert plan.sets == ("summary/1", "musicnn/1", "tags/1")
    assert plan.name == "summary/1+musicnn/1+tags/1"
    assert plan.models == str(nets)


def test_without_its_nets_the_embedding_is_left_out_and_everybody_is_told(
    store: Store, tmp_path: Path, nets: Path
) -> None:
    assert planning.planned(Settings(models=tmp_path), store).sets == ("summary/1",)
    (told,) = doctor.problems(store)
    assert "`antiphon models fetch`" in told.reason
    assert set(planning.planned(Settings(models=nets), store).sets) > set(SETS)
    assert list(doctor.problems(store)) == []


def test_who_does_not_want_the_embedding_is_not_told_to_fetch_it(
    store: Store, tmp_path: Path
) -> None:
    settings = Settings(models=tmp_path, features=("mfcc100/1",))
    assert planning.planned(settings, store).sets == ("mfcc100/1",)
    assert list(doctor.problems(store)) == []


def test_where_only_the_embedding_is_wanted_and_lacking_the_summary_stands_in(
    tmp_path: Path,
) -> None:
    settings = Settings(models=tmp_path, features=("musicnn/1", "tags/1"))
    assert planning.plan(settings).sets == ("summary/1",)


def test_a_set_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match="there is no feature set 'mood/9'") as error:
        planning.plan(Settings(features=("summary/1", "mood/9")))
    assert all(name in str(error.value) for name in FEATURE_SETS)


def test_how_much_is_heard_is_part_of_the_plan(tmp_path: Path) -> None:
    settings = Settings(models=tmp_path, features=("summary/1",), excerpt_s=0, patches=0)
    plan = planning.plan(settings)
    assert (plan.excerpt_s, plan.patches) == (0, 0)
    assert plan.name == "summary/1@0s,0p"
