"""What only the SQLite adapter promises: plain words about its file."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from antiphon.model import Secret
from antiphon.store import Store, StoreError, open_store
from antiphon.store.schema import SECRETS, TRACKS
from antiphon.store.sqlite_tables import Table


def test_a_url_of_no_engine_is_refused() -> None:
    with pytest.raises(StoreError, match="ANTIPHON_STORE='redis://x' cannot be used"):
        open_store("redis://x")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "antiphon.db"
    path.write_text("my diary, not a database " * 100)
    with pytest.raises(StoreError, match="damaged or no database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("my diary")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "antiphon.db"
    open_store(f"sqlite:///{path}").close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version=999")
    raw.close()
    with pytest.raises(StoreError, match="written by a newer Antiphon"):
        open_store(f"sqlite:///{path}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/deeper/antiphon\.db cannot be used"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'deeper' / 'antiphon.db'}")


def test_a_document_that_cannot_be_kept_is_not_called_damage(store: Store) -> None:
    nameless = msgspec.structs.replace(Secret(id="x", value="y"), id=None)
    with pytest.raises(StoreError, match="does not take such a document"):
        store.put(SECRETS, nameless)


@pytest.mark.parametrize("where", [{}, {"missing": False}])
def test_a_search_looks_up_only_what_it_returns(
    store: Store, tmp_path: Path, where: dict[str, object]
) -> None:
    sql, values = Table(TRACKS).search('"a"*', where, 8)
    raw = sqlite3.connect(tmp_path / "antiphon.db")
    plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    raw.close()
    assert "VIRTUAL TABLE" in plan[0]
    assert not any("TEMP B-TREE" in step for step in plan)
