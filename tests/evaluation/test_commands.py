"""`antiphon evaluate` and `antiphon tune`, as somebody types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.evaluation import toys

from antiphon.cli import cli
from antiphon.evaluation import splits
from antiphon.evaluation.errors import DataError


def typed(*words: object) -> str:
    result = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def data(tmp_path: Path) -> Path:
    split = splits.hold_out(toys.tastes(users=60, items=40, each=10), 0.2)
    known, asked = split.training, split.questions.wanted.tolil().rows
    return toys.write(
        tmp_path / "camps",
        train_txt="".join(
            f"{user} {' '.join(map(str, known.item[known.user == user]))}\n" for user in range(60)
        ),
        test_txt="".join(f"{user} {' '.join(map(str, row))}\n" for user, row in enumerate(asked)),
    )


def test_a_data_set_is_measured_beside_baselines(data: Path) -> None:
    said = typed("evaluate", "--data", data, "--model", "neighbours", "--at", 5)
    assert "camps, lightgcn: 60 listeners, 40 items" in said
    for word in ("neighbours", "popularity", "random", "recall", "coverage", "±"):
        assert word in said


def test_the_figures_as_json(data: Path) -> None:
    words = ("evaluate", "--data", data, "--model", "neighbours", "--at", 5, "--json")
    found = json.loads(typed(*words))
    rows = {row["model"]: row for row in found["rows"]}
    assert list(rows) == ["neighbours", "popularity", "random"]
    recall = {name: row["figures"]["recall"]["value"] for name, row in rows.items()}
    assert recall["neighbours"] > recall["random"]
    assert rows["random"]["versus"]["high"] < 0
    assert json.loads(typed(*words))["rows"][0]["figures"] == rows["neighbours"]["figures"]
    shuffled = json.loads(typed(*words, "--shuffled"))
    for row in shuffled["rows"]:
        assert row["figures"]["recall"]["value"] < found["chance"] + 0.06


def test_a_part_of_the_questions_as_rows_of_a_table(data: Path) -> None:
    said = typed(
        "evaluate", "--data", data, "--model", "popularity", "--part", 0.5, "--markdown"
    ).splitlines()
    assert [line.count("|") for line in said] == [8, 8]
    assert said[0].startswith("| camps, lightgcn | popularity | ")


def test_a_split_is_written_and_measured_again_the_same(data: Path, tmp_path: Path) -> None:
    words = ("evaluate", "--model", "popularity", "--json", "--at", 5)
    first = json.loads(
        typed(*words, "--data", data, "--protocol", "cold-start", "--out", tmp_path / "split")
    )
    second = json.loads(typed(*words, "--data", tmp_path / "split"))
    assert second["protocol"] == "cold-start"
    assert second["rows"][0]["figures"] == first["rows"][0]["figures"]


def test_a_recipe_is_found_written_and_measured(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, out = tmp_path / "begun.json", tmp_path / "found.json"
    begun.write_text('{"models": {"popularity": {}, "neighbours": {}}}')
    said = typed(
        "tune", "--data", data, "--recipe", begun, "--trials", 3, "--at", 5, "--out", out,
        "--report", tmp_path / "page.html",
    )  # fmt: skip
    assert "on the hold-out" in said
    assert "How the parameters of camps were found" in (tmp_path / "page.html").read_text()
    found = json.loads(out.read_text())
    assert set(found["models"]) == {"popularity", "neighbours"}
    assert found["weights"]
    said = typed(
        "evaluate", "--data", data, "--model", out, "--at", 5, "--report", tmp_path / "page.html",
        "--search", tmp_path / "found.search" / "tuning.json",
    )  # fmt: skip
    assert "found" in said
    assert "How good" in (tmp_path / "page.html").read_text()


def test_nobody_has_listened_here_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTIPHON_DATA", str(tmp_path))
    with pytest.raises(DataError, match="Nobody has listened"):
        typed("evaluate")


def test_a_model_that_there_is_not_is_named_with_those_there_are(data: Path) -> None:
    result = CliRunner().invoke(cli, ["evaluate", "--data", str(data), "--model", "magic"])
    assert result.exit_code == 2
    assert "magic" in result.output
    assert "popularity" in result.output


def test_the_archives_benchmark_is_still_there() -> None:
    assert "FOLDER" in typed("evaluate", "fma", "--help")
