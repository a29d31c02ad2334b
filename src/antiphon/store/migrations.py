"""Bringing a SQLite file up to date: its tables are made anew from the documents in it.

Tables, columns and indexes are all derived from the declarations, so that nothing but a document
can need a change of its own (`CHANGES`). The file is backed up first, one process does it while the
others wait, and it happens in one transaction: a failure leaves the file as it was.
"""

import glob
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from antiphon.store.backup import copy_file
from antiphon.store.port import StoreError
from antiphon.store.sqlite_tables import Table

SCHEMA_VERSION = 4
# A great library takes minutes, for which the other processes wait.
WAIT_S = 3600
_BATCH = 1000
_log = logging.getLogger(__name__)

Tables = Mapping[str, Table[Any]]
# None: the document goes.
Change = Callable[[dict[str, Any]], dict[str, Any] | None]


def _of_named_sets(features: dict[str, Any]) -> dict[str, Any] | None:
    """Drop what version 2 kept, one set for each track: every track is listened to anew."""
    return features if "track_id" in features else None


def _not_heard_yet(track: dict[str, Any]) -> dict[str, Any]:
    is_old = track.get("features", "").endswith("summary/0")
    return {**track, "features": ""} if is_old else track


def _skipped_or_not(listen: dict[str, Any]) -> dict[str, Any]:
    """Say of a listen what is counted of it since version 4."""
    was_skipped = listen.get("ended") == "skipped" and not listen.get("played")
    return {**listen, "skipped": was_skipped}


# What becomes of documents on the way to a version: version -> collection -> change.
CHANGES: Mapping[int, Mapping[str, Change]] = {
    3: {"features": _of_named_sets, "tracks": _not_heard_yet},
    4: {"listens": _skipped_or_not},
}


def prepare(
    connection: sqlite3.Connection,
    path: Path,
    tables: Tables,
    changes: Mapping[int, Mapping[str, Change]] = CHANGES,
) -> None:
    """Make a file's tables what the declarations say, where they are not.

    Raises:
        StoreError: a newer Antiphon wrote the file, it is not Antiphon's, or it cannot be changed.
    """
    if _is_ready(connection, path, tables):
        return
    (wait_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout={WAIT_S * 1000}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited.
        if not _is_ready(connection, path, tables):
            _bring_up_to_date(connection, path, tables, changes)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.execute(f"PRAGMA busy_timeout={wait_ms}")


def _is_ready(connection: sqlite3.Connection, path: Path, tables: Tables) -> bool:
    version = _version(connection)
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer Antiphon (schema {version}, this one "
            f"knows {SCHEMA_VERSION}): update Antiphon, or choose another ANTIPHON_STORE."
        )
    return version == SCHEMA_VERSION and not _missing(connection, tables.values())


def _is_of_others(connection: sqlite3.Connection, tables: Tables) -> bool:
    """Say whether there is something that no declaration, of now or of before, led to."""
    collections = _collections(connection)
    ours = tuple(f"{name}_" for name in collections)
    derived = (name for name in _names(connection, "type = 'table'") if name not in collections)
    if not all(name.startswith(ours) for name in derived):
        return True
    return bool(_statements(connection)) and (
        _version(connection) == 0 or tables.keys().isdisjoint(collections)
    )


def _bring_up_to_date(
    connection: sqlite3.Connection,
    path: Path,
    tables: Tables,
    changes: Mapping[int, Mapping[str, Change]],
) -> None:
    if _is_of_others(connection, tables):
        raise StoreError(f"{path} is another program's database: choose another ANTIPHON_STORE.")
    version = _version(connection)
    there = [tables[name] for name in _collections(connection) if name in tables]
    if there and (version < SCHEMA_VERSION or _missing(connection, there)):
        now = datetime.now(UTC)
        backup = path.with_name(f"{path.name}.v{version}-{now:%Y%m%dT%H%M%S.%fZ}.bak")
        earlier = _backups(path, version, "*.bak")
        for part in _backups(path, version, "*.bak.*.part"):
            part.unlink()
        _log.info("%s is brought up to date; as it was it is kept in %s", path, backup)
        copy_file(path, backup)
        # Those of the same version are of attempts that were killed.
        for one in earlier:
            one.unlink()
        try:
            _make_anew(connection, there, _steps(changes, version))
        except BaseException:
            backup.unlink()  # the file itself stays as it was
            raise
        _log.info("%s is up to date", path)
    for statement in _missing(connection, tables.values()):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _backups(path: Path, version: int, ending: str) -> list[Path]:
    return list(path.parent.glob(f"{glob.escape(path.name)}.v{version}-{ending}"))


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(connection: sqlite3.Connection) -> set[str]:
    return {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql <> ''")}


def _missing(connection: sqlite3.Connection, tables: Iterable[Table[Any]]) -> list[str]:
    """Return the declared statements that did not make what there is."""
    done = _statements(connection)
    return [sql for table in tables for sql in table.create if sql not in done]


def _collections(connection: sqlite3.Connection) -> list[str]:
    """Return the tables that hold documents; everything else is derived from them."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master AS m WHERE type = 'table' AND EXISTS "
        "(SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'doc')"
    )
    return [name for (name,) in rows]


def _make_anew(
    connection: sqlite3.Connection, tables: Iterable[Table[Any]], steps: Mapping[str, list[Change]]
) -> None:
    _drop_all_derived(connection)
    for table in tables:
        before = f"{table.name}_before"
        connection.execute(f"ALTER TABLE {table.name} RENAME TO {before}")
        for statement in table.create:
            connection.execute(statement)
        rows = connection.execute(f"SELECT id, doc FROM {before} ORDER BY n")
        changed = (_changed(table, id, doc, steps.get(table.name, ())) for id, doc in rows)
        docs = (doc for doc in changed if doc is not None)
        while batch := list(islice(docs, _BATCH)):
            table.keep(connection, batch)
        connection.execute(f"DROP TABLE {before}")


def _drop_all_derived(connection: sqlite3.Connection) -> None:
    collections = _collections(connection)
    for kind in ("trigger", "index"):
        for name in _names(connection, f"type = '{kind}'"):
            connection.execute(f"DROP {kind} {name}")
    # A virtual table takes the tables along that it is made of.
    for condition in ("sql LIKE 'CREATE VIRTUAL%'", "type = 'table'"):
        for name in _names(connection, condition):
            if name not in collections:
                connection.execute(f"DROP TABLE {name}")


def _names(connection: sqlite3.Connection, condition: str) -> list[str]:
    # What has no statement, or such a name, SQLite made for itself.
    rows = connection.execute(
        f"SELECT name FROM sqlite_master WHERE {condition} AND sql <> '' "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return [name for (name,) in rows]


def _steps(changes: Mapping[int, Mapping[str, Change]], version: int) -> dict[str, list[Change]]:
    """Return what each collection's documents go through from `version` on, in order."""
    steps: dict[str, list[Change]] = {}
    for newer in sorted(number for number in changes if number > version):
        for name, change in changes[newer].items():
            steps.setdefault(name, []).append(change)
    return steps


def _changed(table: Table[Any], id: str, kept: bytes, steps: Iterable[Change]) -> Any:
    try:
        for change in steps:
            changed = change(msgspec.json.decode(kept))
            if changed is None:
                return None
            kept = msgspec.json.encode(changed)
        return table.decode(kept)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{id!r} in {table.name} cannot be read ({error}).") from error
