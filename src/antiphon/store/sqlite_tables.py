"""What a collection's declaration means in SQL: its tables, its statements, its conditions."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic

import msgspec

from antiphon.store.port import Collection, D, In, Range, StoreError, Where, text_of

_SIDES = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_TOKENIZER = "unicode61 remove_diacritics 2"

Statement = tuple[str, list[Any]]


class Table(Generic[D]):
    """The SQL of one collection; built once, so that a call only binds values."""

    def __init__(self, collection: Collection[D]) -> None:
        self.collection = collection
        self.name = name = collection.name
        self.decode = msgspec.json.Decoder(collection.type).decode
        self._encode = msgspec.json.Encoder().encode
        self.select_one = f"SELECT doc FROM {name} WHERE id = ?"
        self.select_many = (
            f"SELECT id, doc FROM {name} WHERE id IN (SELECT value FROM json_each(?))"
        )
        self.delete_many = f"DELETE FROM {name} WHERE id IN (SELECT value FROM json_each(?))"
        self.forget = {many: f"DELETE FROM {name}_{many} WHERE id = ?" for many in collection.many}
        self.forget_many = {
            many: f"DELETE FROM {name}_{many} WHERE id IN (SELECT value FROM json_each(?))"
            for many in collection.many
        }
        self.remember = {
            many: f"INSERT INTO {name}_{many} (value, id) VALUES (?, ?)" for many in collection.many
        }

    @property
    def _text_columns(self) -> list[str]:
        return [f"text_{name}" for name in self.collection.text]

    @cached_property
    def upsert(self) -> str:
        """The statement that keeps one `row`."""
        columns = ["id", "doc", *self.collection.fields_beside_id, *self._text_columns]
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
        return (
            f"INSERT INTO {self.name} ({', '.join(columns)}) "
            f"VALUES ({', '.join('?' * len(columns))}) ON CONFLICT (id) DO UPDATE SET {changes}"
        )

    def row(self, doc: D) -> tuple[Any, ...]:
        """Return the values that `upsert` binds."""
        return (
            doc.id,
            self._encode(doc),
            *(getattr(doc, name) for name in self.collection.fields_beside_id),
            *(text_of(doc, name) for name in self.collection.text),
        )

    @property
    def create(self) -> list[str]:
        """The statements that make what is not there yet."""
        columns = [*self.collection.fields_beside_id, *self._text_columns]
        statements = [
            f"CREATE TABLE IF NOT EXISTS {self.name} (n INTEGER PRIMARY KEY, "
            + ", ".join(["id TEXT NOT NULL UNIQUE", "doc BLOB NOT NULL", *columns])
            + ")"
        ]
        statements += [
            f"CREATE INDEX IF NOT EXISTS {self.name}_by_{'_'.join(index)} "
            f"ON {self.name} ({', '.join([*index, 'id'])})"
            for index in self.collection.indexes
        ]
        for many in self.collection.many:
            statements += _create_many(self.name, many)
        if self.collection.text:
            statements += _create_text(self.name, self._text_columns)
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
        conditions, values = self._conditions(where)
        if after is not None:
            marks = ", ".join("?" * len(keys))
            conditions.append(f"({', '.join(keys)}) {'<' if descending else '>'} ({marks})")
            values += after
        direction = " DESC" if descending else ""
        sql = f"SELECT doc FROM {self.name}{_where(conditions)} ORDER BY " + ", ".join(
            key + direction for key in keys
        )
        return (sql, values) if limit is None else (sql + " LIMIT ?", [*values, limit])

    def count(self, where: Where) -> Statement:
        """Return the query for `Store.count`."""
        conditions, values = self._conditions(where)
        return f"SELECT count(*) FROM {self.name}{_where(conditions)}", values

    def group_count(self, field: str, where: Where) -> Statement:
        """Return the query for `Store.group_count`."""
        conditions, values = self._conditions(where)
        source, column = self.name, field
        if field in self.collection.many:
            source, column = f"{self.name} JOIN {self.name}_{field} AS m USING (id)", "m.value"
        else:
            self._field(field)
        sql = (
            f"SELECT {column}, count(*) FROM {source}{_where(conditions)} "
            f"GROUP BY {column} ORDER BY count(*) DESC, {column}"
        )
        return sql, values

    def search(self, match: str, where: Where, limit: int) -> Statement:
        """Return the query for `Store.search`; FTS5 ranks, and only the best are looked up."""
        fts = f"{self.name}_fts"
        weights = ", ".join(str(weight) for weight in self.collection.text.values())
        conditions, values = self._conditions(where)
        tests = [f"{fts} MATCH ?", f"{fts}.rank MATCH 'bm25({weights})'", *conditions]
        sql = (
            f"SELECT doc FROM {fts} CROSS JOIN {self.name} ON n = {fts}.rowid"
            f"{_where(tests)} ORDER BY {fts}.rank LIMIT ?"
        )
        return sql, [match, *values, limit]

    def _field(self, name: str) -> str:
        if name != "id" and name not in self.collection.fields:
            raise StoreError(f"{self.name} is not declared to be asked by {name!r}.")
        return name

    def _conditions(self, where: Where) -> tuple[list[str], list[Any]]:
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


def match_query(text: str) -> str:
    """Return the FTS5 expression for all the words in `text`, each perhaps only begun."""
    words = text.encode("utf-8", "ignore").decode().replace("\0", " ").split()
    return " ".join(
        '"' + word.replace('"', '""') + '"*' for word in words if any(map(str.isalnum, word))
    )


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _test(column: str, wanted: object) -> Statement:
    if wanted is None:
        return f"{column} IS NULL", []
    if isinstance(wanted, In):
        return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(list(wanted.values))]
    if isinstance(wanted, Range):
        sides: Mapping[str, Any] = {name: getattr(wanted, name) for name in _SIDES}
        given = {name: value for name, value in sides.items() if value is not None}
        tests = [f"{column} {_SIDES[name]} ?" for name in given] or [f"{column} IS NOT NULL"]
        return " AND ".join(tests), list(given.values())
    return f"{column} = ?", [wanted]


def _create_many(table: str, many: str) -> list[str]:
    return [
        f"CREATE TABLE IF NOT EXISTS {table}_{many} "
        "(value NOT NULL, id TEXT NOT NULL, PRIMARY KEY (value, id)) WITHOUT ROWID",
        f"CREATE INDEX IF NOT EXISTS {table}_{many}_by_id ON {table}_{many} (id)",
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
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {table}_fts USING fts5 ({names}, content='{table}', "
        f"content_rowid='n', tokenize='{_TOKENIZER}', prefix='1 2 3')",
        f"CREATE TRIGGER IF NOT EXISTS {table}_added AFTER INSERT ON {table} BEGIN {add}; END",
        f"CREATE TRIGGER IF NOT EXISTS {table}_removed AFTER DELETE ON {table} BEGIN {remove}; END",
        f"CREATE TRIGGER IF NOT EXISTS {table}_changed AFTER UPDATE ON {table} "
        f"WHEN {changed} BEGIN {remove}; {add}; END",
    ]
