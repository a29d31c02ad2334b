"""Tuning the table of weights: it finds what tells in a history, and keeps what does not."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from tests.evaluation import toys

from antiphon.cli import cli
from antiphon.evaluation import datasets
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.weighing import Read, Weighing, of_data, tune
from antiphon.model import Ending
from antiphon.taste.interactions import Interactions
from antiphon.taste.memory import ENDINGS, Heard
from antiphon.taste.recipe import Recipe
from antiphon.taste.weights import WEIGHTS, Weights, listen_weight

CAMPS, EACH, MINUTE = 3, 8, 60_000
KNOWN, NEW = 60, 120
ITEM = Recipe(models={"alike": {}}, weights={"alike": 1.0})
# As if an early skip said nothing; what is never given in the planted history stays as it is.
DEAF = Weights(early_skip=0.0)

PLAYED_MS: dict[Ending, int] = {"completed": 180_000, "skipped": 10_000}

Event = tuple[int, int, Ending, int]


def reading(events: Sequence[Event]) -> Read:
    """Events are listener, track, ending and moment; a skip comes after ten seconds."""

    def weight(ended: Ending, table: Weights) -> float:
        end = ENDINGS.index(ended)
        return listen_weight(Heard("", 0, PLAYED_MS[ended], 180_000, end), table)[0]

    def read(table: Weights) -> Interactions:
        weighed = [
            (user, item, weight(ended, table), at, -1)
            for user, item, ended, at in sorted(events, key=lambda one: one[3])
        ]
        # As the reader of the history has it: what says nothing is left out.
        return toys.interactions([row for row in weighed if row[2]], KNOWN + NEW, CAMPS * EACH + 1)

    return read


def planted(skips: bool) -> Read:
    return reading(events(skips))


def events(skips: bool) -> list[Event]:
    """Newcomers hear what everybody likes, and skip what is not of the camp that they play later.

    Without `skips` they skip anything at all, and nothing tells which camp is theirs.
    """
    chance = np.random.default_rng(0)
    everybodys = CAMPS * EACH
    done: list[Event] = []
    for user in range(KNOWN):
        own = np.arange(EACH) + user % CAMPS * EACH
        heard = [everybodys, *chance.permutation(own)[:6].tolist()]
        done += [(user, item, "completed", 1 + user + place) for place, item in enumerate(heard)]
    for user in range(KNOWN, KNOWN + NEW):
        camp = user % CAMPS
        others = [item for item in range(CAMPS * EACH) if item // EACH != camp or not skips]
        skipped = chance.permutation(others)[:5].tolist()
        done.append((user, everybodys, "completed", 1_000 + user))
        done += [(user, item, "skipped", 2_000 + user) for item in skipped]
        left = [item for item in range(camp * EACH, (camp + 1) * EACH) if item not in skipped]
        later = chance.permutation(left)[:1].tolist()
        done += [(user, item, "completed", 10_000 + user) for item in later]
    return done


def tuned(read: Read, **more: object) -> Weighing:
    how = {"trials": 12, "cut": 5, "given": DEAF, "progress": lambda *_: None} | more
    return tune(read, {}, ITEM, **how)  # type: ignore[arg-type] - what a test asks for


def test_it_finds_that_early_skips_tell_what_is_wanted() -> None:
    found = tuned(planted(skips=True))
    assert found.weights.early_skip < -0.1
    assert found.tuned.value > found.default.value + 0.05
    assert found.better.low > 0
    assert found.tried[0][0] == DEAF, "the given table is tried first"
    assert found.weights.half_life == DEAF.half_life, "what weighs no single listen stays"


def test_where_skips_tell_nothing_the_given_table_stays() -> None:
    found = tuned(planted(skips=False))
    assert found.weights == DEAF
    assert found.better.low <= 0


def test_the_same_is_asked_with_every_table() -> None:
    """By the table that comes with Antiphon a skip is against a track; it is never asked for."""
    one, other = tuned(planted(skips=True), trials=1), tuned(planted(skips=True), trials=1)
    assert one.default == other.default
    by_ours = tuned(planted(skips=True), trials=1, given=WEIGHTS)
    assert by_ours.default.value > one.default.value


def test_the_command_finds_weights_in_data_that_say_how_listens_ended(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "weights.json"
    rows = [
        f"u{user}\ti{item}\t1\t{at}\t-1\t{ended}\t{PLAYED_MS[ended]}\t180000"
        for user, item, ended, at in events(skips=True)
    ]
    header = ["user", "item", "weight", "at", "session", "ended", "played_ms", "duration_ms"]
    toys.write(data, train_tsv="\n".join(["\t".join(header), *rows]))
    recipe = tmp_path / "recipe.json"
    recipe.write_bytes(msgspec.json.encode(ITEM))
    asked = ["tune", "--weights", "--data", str(data), "--out", str(out), "--trials", "3"]
    told = CliRunner().invoke(cli, [*asked, "--recipe", str(recipe)])
    assert told.exit_code == 0, told.output
    assert "3 tables" in told.output
    assert msgspec.json.decode(out.read_bytes(), type=Weights)


def test_data_that_do_not_say_how_listens_ended_are_refused(tmp_path: Path) -> None:
    toys.write(tmp_path / "data", train_tsv="user\titem\nu1\ti1\t1\t5\t-1")
    with pytest.raises(DataError, match="played_ms"):
        of_data(datasets.read(tmp_path / "data"))


def test_a_broken_ending_is_named_with_its_line(tmp_path: Path) -> None:
    toys.write(tmp_path / "data", train_tsv="user\nu1\ti1\t1\t5\t-1\tgone\t1\t2")
    with pytest.raises(DataError, match="line 2: 'gone' is none of completed"):
        datasets.read(tmp_path / "data")


def test_without_times_nothing_can_be_asked() -> None:
    read = reading([(0, 0, "completed", 0), (1, 1, "completed", 0)])
    with pytest.raises(DataError, match="no times"):
        tuned(read)
