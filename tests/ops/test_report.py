"""The report: what came of what was recommended, by surface, generator and listener."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from antiphon.cli import cli
from antiphon.model import Listen, Recommendation, Showing, User, now_ms
from antiphon.ops.outcomes import rates
from antiphon.ops.report import report
from antiphon.store import Store, open_store
from antiphon.store.schema import LISTENS, SHOWINGS, USERS

DAY = 86_400_000


def listen(n: int, user: str = "ann", skipped: bool = False, **fields: object) -> Listen:
    values = {
        "id": f"{user}:{n}",
        "user_id": user,
        "track_id": f"tr-{n}",
        "at": now_ms() - n,
        "played_ms": 9_000 if skipped else 180_000,
        "duration_ms": 180_000,
        "ended": "skipped" if skipped else "completed",
        "played": not skipped,
        "skipped": skipped,
    }
    return Listen(**{**values, **fields})  # type: ignore[arg-type] - the fields of a Listen


def showing(n: int, *generators: str, user: str = "ann") -> Showing:
    items = tuple(Recommendation(f"tr-{k}", 1.0, name) for k, name in enumerate(generators))
    return Showing(
        id=f"{user}-{n}", user_id=user, surface="next", model="", at=now_ms(), items=items
    )


def next_up(n: int, generator: str, *, skipped: bool, user: str = "ann") -> Listen:
    return listen(n, user, skipped, surface="next", generator=generator)


@pytest.fixture
def heard(store: Store) -> Store:
    """Ann heard ten by sound, three of them skipped, and two new ones; and five of her own."""
    store.put_many(USERS, [User(id=id, name=id, key=id) for id in ("ann", "ben")])
    store.put_many(SHOWINGS, [showing(n, "content", "content", "fresh") for n in range(5)])
    store.put_many(LISTENS, [next_up(n, "content", skipped=n < 3) for n in range(10)])
    store.put_many(LISTENS, [next_up(10 + n, "fresh", skipped=n < 1) for n in range(2)])
    store.put_many(LISTENS, [listen(20 + n, skipped=n < 1) for n in range(5)])
    return store


def test_it_counts_by_generator_and_by_surface(heard: Store) -> None:
    found = report(heard, None)
    by_sound, new = found.generators
    assert (by_sound.generator, by_sound.shown, by_sound.listens, by_sound.skips) == (
        "content", 10, 10, 3,
    )  # fmt: skip
    assert (new.generator, new.shown, new.listens, new.skips) == ("fresh", 5, 2, 1)
    (surface,) = found.surfaces
    assert (surface.surface, surface.listens, surface.skips, surface.completed) == (
        "next", 12, 4, 8,
    )  # fmt: skip
    assert [(one.surface, one.generator) for one in found.details] == [
        ("next", "content"),
        ("next", "fresh"),
    ]


def test_what_listeners_chose_themselves_stands_beside_it(heard: Store) -> None:
    found = report(heard, "ann")
    assert (found.own.listens, found.own.skips) == (5, 1)
    assert found.overall.listens == 12, "their own choice is no recommendation"
    assert found.exploration is not None
    assert found.exploration.value == pytest.approx(2 / 12)


def test_one_listener_is_told_of_alone(heard: Store) -> None:
    heard.put_many(LISTENS, [next_up(n, "content", skipped=True, user="ben") for n in range(4)])
    assert report(heard, "ben").overall.skips == 4
    assert report(heard, "ann").overall.skips == 4
    assert report(heard, None).overall.skips == 8
    assert report(heard, None).overall.listeners == 2


def test_simulated_listeners_are_told_of_apart(heard: Store) -> None:
    heard.put(USERS, User(id="sim", name="Sim", key="demo sim", synthetic=True))
    heard.put_many(LISTENS, [next_up(n, "content", skipped=True, user="sim") for n in range(50)])
    found = report(heard, None)
    assert found.overall.skips == 4, "they spoil nobody's figures"
    assert found.simulated is not None
    assert found.simulated.overall.skips == 50


def test_what_is_older_does_not_count(heard: Store) -> None:
    heard.put(LISTENS, listen(99, at=now_ms() - 40 * DAY, surface="next", generator="content"))
    assert report(heard, "ann", now_ms() - 30 * DAY).overall.listens == 12
    assert report(heard, "ann").overall.listens == 13


def test_nothing_heard_is_said_and_not_divided_by(store: Store) -> None:
    found = report(store, None)
    assert found.is_empty
    assert found.overall.skip_rate is None


def test_one_listeners_interval_is_wilsons() -> None:
    (figure,) = rates(np.array([[3.0]]), np.array([[10.0]]))
    assert figure is not None
    # Newcombe 1998 gives such by hand: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    assert (figure.low, figure.high) == (
        pytest.approx(0.1078, abs=1e-4),
        pytest.approx(0.6032, abs=1e-4),
    )


def test_nobody_having_skipped_yet_proves_little() -> None:
    (figure,) = rates(np.zeros((4, 1)), np.full((4, 1), 5.0))
    assert figure is not None
    assert figure.low == 0
    assert figure.high > 0.15


def test_the_interval_covers_what_listeners_like_these_do() -> None:
    """Listeners differ: an interval that takes each listen on its own is far too narrow."""
    chance = np.random.default_rng(1)
    covered = alone = 0
    for _ in range(200):
        theirs = chance.beta(1.5, 6, 60)
        listens = chance.integers(5, 60, 60).astype(float)
        skips = chance.binomial(listens.astype(int), theirs).astype(float)
        (figure,) = rates(skips[:, None], listens[:, None])
        assert figure is not None
        covered += figure.low <= 0.2 <= figure.high
        (as_one,) = rates(skips.sum(keepdims=True)[None], listens.sum(keepdims=True)[None])
        assert as_one is not None
        alone += as_one.low <= 0.2 <= as_one.high
    assert covered / 200 > 0.9
    assert alone / 200 < 0.7


def test_the_command_prints_a_table_and_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    monkeypatch.setenv("ANTIPHON_STORE", url)
    monkeypatch.setenv("ANTIPHON_DATA", str(tmp_path))
    asked = CliRunner().invoke(cli, ["report"])
    assert "nothing was heard" in asked.output
    store = open_store(url)
    store.put(USERS, User(id="ann", name="Ann", key="ann"))
    store.put_many(LISTENS, [next_up(n, "content", skipped=n < 3) for n in range(10)])
    assert "30.0% (10.8% to 60.3%)" in CliRunner().invoke(cli, ["report", "--user", "ANN"]).output
    found = json.loads(CliRunner().invoke(cli, ["report", "--json"]).output)
    assert found["overall"]["skips"] == 3
    assert "There is no user" in CliRunner().invoke(cli, ["report", "--user", "eve"]).output
