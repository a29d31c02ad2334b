"""What a collection's declaration means in SQL: its tables, its statements, its conditions."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic

import msgspec

from antiphon.store.port import (
    LARGEST_DOCUMENT,
    Collection,
    D,
    In,
    Range,
    StoreError,
    Where,
    must_say_places,
    text_of,
)
from antiphon.store.sizes import must_not_be_too_large
from antiphon.store.words import folded

_SIDES = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
# What it is given are the words of `store.words`, whose accents are gone: it takes each for one
# word, also those with letters that are younger than its tables (Cn).
_TOKENIZER = "unicode61 remove_diacritics 0 categories 'L* N* M* Co Cn'"
# What JSON says in one byte takes MongoDB no more than 64: the rest need not be measured.
_SURELY_SMALL = LARGEST_DOCUMENT // 64

Statement = tuple[str, list[Any]]


class Table(Generic[D]):
    """The SQL of one collection; built once, so that a call only binds values."""

    def __init__(self, collection: Collection[D]) -> None:
        self.collection = collection
        self.name = name = collection.name
        self.decode = msgspec.json.Decoder(collection.type).decode
        self._encode = msgspec.json.Encoder().encode
        self._fields = collection.fields_beside_id
        self.select_one = f"SELECT doc FROM {name} WHERE id = ?"
        self.forget = {many: f"DELETE FROM {name}_{many} WHERE id = ?" for many in collection.many}
        self.remembered = {
            many: f"SELECT value FROM {name}_{many} WHERE id = ?" for many in collection.many
        }
        self.remember = {
            many: f"INSERT INTO {name}_{many} (value, id) VALUES (?, ?)" for many in collection.many
        }

    @property
    def text_columns(self) -> list[str]:
        """The columns that hold the words of each text field."""
        return [f"text_{name}" for name in self.collection.text]

    @cached_property
    def columns(self) -> list[str]:
        """The columns that are made from a document, as `row` returns their values."""
        return ["id", *self._fields, *self.text_columns, "doc"]

    @cached_property
    def upsert(self) -> str:
        """The statement that keeps one `row`."""
        changes = ", ".join(f"{column} = excluded.{column}" for column in self.columns[1:])
        return (
            f"INSERT INTO {self.name} ({', '.join(self.columns)}) "
            f"VALUES ({', '.join('?' * len(self.columns))}) "
            f"ON CONFLICT (id) DO UPDATE SET {changes}"
        )

    def row(self, doc: D) -> tuple[Any, ...]:
        """Return the values of `columns`.

        Raises:
            StoreError: the document is too large.
        """
        encoded = self._encode(doc)
        if len(encoded) > _SURELY_SMALL:
            must_not_be_too_large(self.collection, doc)
        return (
            doc.id,
            *(getattr(doc, name) for name in self._fields),
            *(folded(text_of(doc, name)) for name in self.collection.text),
            encoded,
        )

    def select_many(self, ids: Iterable[str]) -> Statement:
        """Return the query for documents, each behind its id."""
        test, values = _one_of("id", ids)
        return f"SELECT id, doc FROM {self.name} WHERE {test}", values

    def delete_many(self, ids: Iterable[str]) -> Iterator[Statement]:
        """Return the statements that remove documents, the table's own at last."""
        test, values = _one_of("id", ids)
        for many in self.collection.many:
            yield f"DELETE FROM {self.name}_{many} WHERE {test}", values
        yield f"DELETE FROM {self.name} WHERE {test}", values

    def keep(self, connection: sqlite3.Connection, docs: Sequence[D]) -> None:
        """Write documents, with all that is derived from them."""
        connection.executemany(self.upsert, map(self.row, docs))
        for name in self.collection.many:
            connection.executemany(self.forget[name], [(doc.id,) for doc in docs])
            connection.executemany(
                self.remember[name],
                [(value, doc.id) for doc in docs for value in dict.fromkeys(getattr(doc, name))],
            )

    @cached_property
    def create(self) -> list[str]:
        """The statements that make it, the table itself first; SQLite keeps them to the letter."""
        name, declared = self.name, self.collection
        statements = [
            f"CREATE TABLE {name} (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
            + ", ".join([*self.columns[1:-1], "doc BLOB NOT NULL)"]),
            *(
                f"CREATE INDEX {name}_by_{'_'.join(index)} ON {name} ({', '.join([*index, 'id'])})"
                for index in declared.indexes
            ),
            *(f"CREATE UNIQUE INDEX {name}_one_{of} ON {name} ({of})" for of in declared.unique),
        ]
        for many in declared.many:
            statements += _create_many(name, many)
        if declared.text:
            statements += _create_text(name, self.text_columns)
        return statements

    def find(
        self,
        where: Where,
        order_by: Sequence[str],
        descending: bool,
        limit: int | None,
        after: Sequence[Any] | None,
    ) -> Statement:
        """Return the query for `Store.find`."""
        keys = [*(self._field(name) for name in order_by), "id"]
        conditions, values = self.conditions(where)
        if after is not None:
            must_say_places(self.collection, order_by)
            marks = ", ".join("?" * len(keys))
            conditions.append(f"({', '.join(keys)}) {'<' if descending else '>'} ({marks})")
            values += after
        direction = " DESC" if descending else ""
        sql = f"SELECT doc FROM {self.name}{where_clause(conditions)} ORDER BY " + ", ".join(
            key + direction for key in keys
        )
        return (sql, values) if limit is None else (sql + " LIMIT ?", [*values, limit])

    def count(self, where: Where) -> Statement:
        """Return the query for `Store.count`."""
        conditions, values = self.conditions(where)
        return f"SELECT count(*) FROM {self.name}{where_clause(conditions)}", values

    def group_count(self, field: str, where: Where) -> Statement:
        """Return the query for `Store.group_count`."""
        conditions, values = self.conditions(where)
        source, column = self.name, field
        if field in self.collection.many:
            source, column = f"{self.name} JOIN {self.name}_{field} AS m USING (id)", "m.value"
        else:
            self._field(field)
        sql = (
            f"SELECT {column}, count(*) FROM {source}{where_clause(conditions)} "
            f"GROUP BY {column} ORDER BY count(*) DESC, {column}"
        )
        return sql, values

    def _field(self, name: str) -> str:
        if name != "id" and name not in self.collection.fields:
            raise StoreError(f"{self.name} is not declared to be asked by {name!r}.")
        return name

    def conditions(self, where: Where) -> tuple[list[str], list[Any]]:
        """Return the tests of documents that meet every condition, and the values they bind."""
        conditions: list[str] = []
        values: list[Any] = []
        for name, wanted in where.items():
            if name in self.collection.many:
                test, bound = _test("value", wanted)
                test = f"id IN (SELECT id FROM {self.name}_{name} WHERE {test})"
            else:
                test, bound = _test(self._field(name), wanted)
            conditions.append(test)
            values += bound
        return conditions, values


def where_clause(conditions: list[str]) -> str:
    """Return the WHERE for tests that must all hold, or nothing where there are none."""
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _test(column: str, wanted: object) -> Statement:
    if wanted is None:
        return f"{column} IS NULL", []
    if isinstance(wanted, In):
        return _one_of(column, wanted.values)
    if isinstance(wanted, Range):
        sides: Mapping[str, Any] = {name: getattr(wanted, name) for name in _SIDES}
        given = {name: value for name, value in sides.items() if value is not None}
        tests = [f"{column} {_SIDES[name]} ?" for name in given] or [f"{column} IS NOT NULL"]
        return " AND ".join(tests), list(given.values())
    return f"{column} = ?", [wanted]


def _one_of(column: str, wanted: Iterable[Any]) -> Statement:
    """Return the test for any number of values, which are bound as one."""
    whole: list[Any] = []
    cut: list[str] = []
    for value in wanted:
        # A string in JSON ends at its first NUL for SQLite.
        (cut if isinstance(value, str) and "\0" in value else whole).append(value)
    marks = f" UNION ALL VALUES {', '.join(['(?)'] * len(cut))}" if cut else ""
    return f"{column} IN (SELECT value FROM json_each(?){marks})", [json.dumps(whole), *cut]


def _create_many(table: str, many: str) -> list[str]:
    return [
        f"CREATE TABLE {table}_{many} "
        "(value NOT NULL, id TEXT NOT NULL, PRIMARY KEY (value, id)) WITHOUT ROWID",
        f"CREATE INDEX {table}_{many}_by_id ON {table}_{many} (id)",
    ]


def _create_text(table: str, columns: list[str]) -> list[str]:
    names = ", ".join(columns)
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("old", "new"))
    changed = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    remove = (
        f"INSERT INTO {table}_fts ({table}_fts, rowid, {names}) VALUES ('delete', old.n, {old})"
    )
    add = f"INSERT INTO {table}_fts (rowid, {names}) VALUES (new.n, {new})"
    return [
        f"CREATE INDEX {table}_by_text ON {table} ({columns[0]}, id)",
        f"CREATE VIRTUAL TABLE {table}_fts USING fts5 ({names}, content='{table}', "
        f"content_rowid='n', tokenize=\"{_TOKENIZER}\", prefix='1 2 3', detail=column)",
        f"CREATE TRIGGER {table}_added AFTER INSERT ON {table} BEGIN {add}; END",
        f"CREATE TRIGGER {table}_removed AFTER DELETE ON {table} BEGIN {remove}; END",
        f"CREATE TRIGGER {table}_changed AFTER UPDATE ON {table} "
        f"WHEN {changed} BEGIN {remove}; {add}; END",
    ]
