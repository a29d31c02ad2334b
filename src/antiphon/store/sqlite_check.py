"""What is wrong with a SQLite store: its pages, its indexes, and what is derived from documents."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from antiphon.store.sqlite_errors import is_damage
from antiphon.store.sqlite_tables import Table

_NAMED = 5
_ADVICE = "put a backup in its place"


def check(connection: sqlite3.Connection, tables: Iterable[Table[Any]]) -> list[str]:
    """Answer `Store.check`; below damaged pages nothing more is looked at.

    SQLite compares an index of words under the write lock: others write meanwhile only after it,
    which is seconds for a large library.
    """
    if damage := _damage(connection):
        return [f"the file is damaged: {said}: {_ADVICE}" for said in damage]
    return [
        said for table in tables for said in (*_words(connection, table), *_docs(connection, table))
    ]


def _damage(connection: sqlite3.Connection) -> list[str]:
    try:
        said = [line for (line,) in connection.execute(f"PRAGMA integrity_check({_NAMED})")]
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return [str(error)]
        raise
    return [] if said == ["ok"] else said


def _words(connection: sqlite3.Connection, table: Table[Any]) -> list[str]:
    if not table.collection.text:
        return []
    fts = f"{table.name}_fts"
    try:
        # The 1 asks for a comparison with what is indexed, not only of the index with itself.
        connection.execute(f"INSERT INTO {fts} ({fts}, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return [
                f"{table.name}: the index of words does not agree with the documents: {_ADVICE}"
            ]
        raise
    return []


def _docs(connection: sqlite3.Connection, table: Table[Any]) -> list[str]:
    """Say which documents cannot be read, or are not found by what they hold."""
    rows = connection.execute(f"SELECT {', '.join(table.columns)} FROM {table.name}")
    wrong = [row[0] for row in rows if not _agrees(connection, table, row)]
    said = []
    if wrong:
        named = ", ".join(map(repr, wrong[:_NAMED]))
        said.append(
            f"{table.name}: {len(wrong)} documents cannot be read or are not found by what they "
            f"hold, such as {named}: {_ADVICE}"
        )
    for many in table.collection.many:
        (left,) = connection.execute(
            f"SELECT count(*) FROM {table.name}_{many} "
            f"WHERE id NOT IN (SELECT id FROM {table.name})"
        ).fetchone()
        if left:
            said.append(f"{table.name}: {left} {many} are of documents that are gone: {_ADVICE}")
    return said


def _agrees(connection: sqlite3.Connection, table: Table[Any], row: Sequence[Any]) -> bool:
    try:
        doc = table.decode(row[-1])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return table.row(doc)[:-1] == tuple(row[:-1]) and all(
        {value for (value,) in connection.execute(table.remembered[many], (doc.id,))}
        == set(getattr(doc, many))
        for many in table.collection.many
    )
