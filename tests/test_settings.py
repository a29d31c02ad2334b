"""The settings: what holds when nothing is said, and what an operator is told about a wrong one."""

import os
from pathlib import Path

import pytest

from antiphon.settings import Settings, SettingsError, load


def test_without_a_word_everything_is_kept_on_this_machine() -> None:
    settings = load({})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.push_port) == ("127.0.0.1", 4880, 4881)
    assert (settings.events, settings.compute, settings.music) == ("local:", "local:", ())
    assert settings.data.is_absolute()
    assert settings.store_url == f"sqlite:///{settings.data}/antiphon.db"


def test_a_value_is_read_as_what_the_setting_is() -> None:
    settings = load(
        {"ANTIPHON_PORT": "8080", "ANTIPHON_WATCH": "false", "ANTIPHON_STORE": "sqlite:////x.db"}
    )
    assert (settings.port, settings.watch, settings.store_url) == (8080, False, "sqlite:////x.db")


def test_other_peoples_variables_and_empty_values_are_passed_over() -> None:
    assert load({"PATH": "/bin", "ANTIPHON_PORT": "", "ANTIPHON_MUSIC": ""}) == Settings()


def test_music_folders_are_separated_as_in_path() -> None:
    folders = os.pathsep.join(["/music/one", "", "/music/two words"])
    settings = load({"ANTIPHON_MUSIC": folders})
    assert settings.music == (Path("/music/one"), Path("/music/two words"))


def test_feature_sets_are_separated_by_commas() -> None:
    assert load({"ANTIPHON_FEATURES": "summary/1,,tags/1"}).features == ("summary/1", "tags/1")
    assert load({"ANTIPHON_FEATURES": ""}).features == Settings().features


def test_a_tilde_is_the_home_folder() -> None:
    settings = load({"ANTIPHON_MUSIC": "~/Music:~", "ANTIPHON_DATA": "~/antiphon"})
    assert settings.music == (Path.home() / "Music", Path.home())
    assert settings.data == Path.home() / "antiphon"


def test_a_relative_data_folder_makes_an_absolute_store() -> None:
    settings = load({"ANTIPHON_DATA": "here"})
    assert settings.store_url == f"sqlite:///{Path.cwd() / 'here' / 'antiphon.db'}"


def test_zero_workers_means_one_for_each_core() -> None:
    assert load({"ANTIPHON_WORKERS": "0"}).worker_count == os.cpu_count()
    assert load({"ANTIPHON_WORKERS": "3"}).worker_count == 3


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ANTIPHON_PORT", "eighty", "a whole number"),
        ("ANTIPHON_PORT", "0", ">= 1"),
        ("ANTIPHON_PUSH_PORT", "65536", "<= 65535"),
        ("ANTIPHON_WORKERS", "-1", ">= 0"),
        ("ANTIPHON_WATCH", "perhaps", "true or false"),
        ("ANTIPHON_MUSIC", "/music:~nosuchuser/x", "home folder"),
        ("ANTIPHON_DATA", "~nosuchuser", "home folder"),
        ("ANTIPHON_MODELS", "~nosuchuser", "home folder"),
        ("ANTIPHON_EXCERPT_S", "half a minute", "a number"),
        ("ANTIPHON_EXCERPT_S", "-1", ">= 0"),
        ("ANTIPHON_EXCERPT_S", "nan", ">= 0"),
        ("ANTIPHON_EXCERPT_S", "inf", "<= 3600"),
        ("ANTIPHON_PATCHES", "2.5", "a whole number"),
        ("ANTIPHON_TRUSTED_PROXIES", "-1", ">= 0"),
        ("ANTIPHON_SECURE_COOKIES", "2", "true or false"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_is_expected(
    name: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as error:
        load({name: value})
    assert str(error.value).startswith(f"{name}={value!r} cannot be used: ")
    assert expected in str(error.value)


def test_a_misspelt_setting_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(SettingsError, match="ANTIPHON_MUSIK is not a setting") as error:
        load({"ANTIPHON_MUSIK": "/music", "ANTIPHON_PORT": "1"})
    for name in Settings.__struct_fields__:
        assert f"ANTIPHON_{name.upper()}" in str(error.value)


def test_training_is_at_a_time_of_the_day_or_never() -> None:
    assert load({}).train_at == "03:30"
    assert load({"ANTIPHON_TRAIN_AT": "23:59"}).train_at == "23:59"
    assert load({"ANTIPHON_TRAIN_AT": "never"}).train_at == "never"
    for wrong in ("24:00", "3:30", "noon"):
        with pytest.raises(SettingsError, match="a time of the day such as 03:30, or never"):
            load({"ANTIPHON_TRAIN_AT": wrong})


def test_trained_models_are_in_the_data_folder_or_where_a_url_says() -> None:
    settings = load({"ANTIPHON_DATA": "/srv/antiphon"})
    assert settings.artefacts_url == "file:///srv/antiphon/artefacts"
    assert load({"ANTIPHON_ARTEFACTS": "s3://models/here"}).artefacts_url == "s3://models/here"
