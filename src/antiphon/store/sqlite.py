"""The Store over SQLite: one file, write-ahead log, one writer at a time, readers never blocked.

Each collection is a table of JSON documents beside the columns that its declaration asks by, a
side table for each field with several values, and an FTS5 index of its text fields. Commits are
safe against a crash of the process at any moment (`synchronous=NORMAL`): a power cut may take the
last ones back, but never damages the file.
"""

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from antiphon.store import schema, sqlite_tables
from antiphon.store.port import (
    Collection,
    ConflictError,
    D,
    StoreError,
    StoreUnavailableError,
    T,
    Where,
)
from antiphon.store.sqlite_tables import Table

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 15.0
_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"


class _Connection(sqlite3.Connection):
    """A connection that can be held weakly, so that it ends with its thread."""


class SqliteStore:
    """A Store in one SQLite file; each thread has its own connection to it."""

    def __init__(
        self, path: Path, collections: Iterable[Collection[Any]] = schema.COLLECTIONS
    ) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._tables = {collection.name: Table(collection) for collection in collections}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path} cannot be used: {error.strerror}.") from error
        with _plain_errors(path):
            self._prepare()

    def get(self, collection: Collection[D], id: str) -> D | None:
        table = self._tables[collection.name]
        with _plain_errors(self._path):
            row = self._connection.execute(table.select_one, (id,)).fetchone()
        return None if row is None else table.decode(row[0])

    def get_many(self, collection: Collection[D], ids: Iterable[str]) -> dict[str, D]:
        table = self._tables[collection.name]
        with _plain_errors(self._path):
            rows = self._connection.execute(table.select_many, (json.dumps(list(ids)),)).fetchall()
        return {id: table.decode(doc) for id, doc in rows}

    def put(self, collection: Collection[D], doc: D) -> None:
        self.put_many(collection, (doc,))

    def put_many(self, collection: Collection[D], docs: Iterable[D]) -> None:
        table = self._tables[collection.name]
        docs = list(docs)
        with self._transaction():
            self._connection.executemany(table.upsert, map(table.row, docs))
            for name in collection.many:
                self._connection.executemany(table.forget[name], [(doc.id,) for doc in docs])
                self._connection.executemany(
                    table.remember[name],
                    [
                        (value, doc.id)
                        for doc in docs
                        for value in dict.fromkeys(getattr(doc, name))
                    ],
                )

    def delete_many(self, collection: Collection[D], ids: Iterable[str]) -> int:
        table = self._tables[collection.name]
        keys = json.dumps(list(ids))
        with self._transaction():
            for name in collection.many:
                self._connection.execute(table.forget_many[name], (keys,))
            return self._connection.execute(table.delete_many, (keys,)).rowcount

    def find(
        self,
        collection: Collection[D],
        where: Where | None = None,
        order_by: Sequence[str] = (),
        *,
        descending: bool = False,
        limit: int | None = None,
        after: Sequence[Any] | None = None,
    ) -> list[D]:
        table = self._tables[collection.name]
        sql, values = table.find(where or {}, order_by, descending, limit, after)
        with _plain_errors(self._path):
            rows = self._connection.execute(sql, values).fetchall()
        return [table.decode(doc) for (doc,) in rows]

    def count(self, collection: Collection[D], where: Where | None = None) -> int:
        sql, values = self._tables[collection.name].count(where or {})
        with _plain_errors(self._path):
            return int(self._connection.execute(sql, values).fetchone()[0])

    def group_count(
        self, collection: Collection[D], field: str, where: Where | None = None
    ) -> dict[Any, int]:
        sql, values = self._tables[collection.name].group_count(field, where or {})
        with _plain_errors(self._path):
            return dict(self._connection.execute(sql, values).fetchall())

    def search(
        self, collection: Collection[D], text: str, limit: int, where: Where | None = None
    ) -> list[D]:
        table = self._tables[collection.name]
        query = sqlite_tables.match_query(text)
        if not query or not collection.text:
            return []
        sql, values = table.search(query, where or {}, limit)
        with _plain_errors(self._path):
            rows = self._connection.execute(sql, values).fetchall()
        return [table.decode(doc) for (doc,) in rows]

    def increment(self, collection: Collection[D], id: str, amounts: Mapping[str, int]) -> D:
        with self._transaction():
            doc = self.get(collection, id)
            if doc is None:
                raise StoreError(f"There is no {id!r} in {collection.name}.")
            changed = {name: getattr(doc, name) + amount for name, amount in amounts.items()}
            doc = msgspec.structs.replace(doc, **changed)
            self.put(collection, doc)
        return doc

    def compare_and_put(self, collection: Collection[D], doc: D, version: int) -> None:
        with self._transaction():
            kept = self.get(collection, doc.id)
            if (0 if kept is None else getattr(kept, "version", 0)) != version:
                raise ConflictError(
                    f"{doc.id!r} was changed by somebody else in the meantime: "
                    "read it again and repeat the change."
                )
            self.put(collection, doc)

    def transact(self, work: Callable[[], T]) -> T:
        with self._transaction():
            return work()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        connection = self._connection
        if connection.in_transaction:
            yield
            return
        with _plain_errors(self._path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        for connection in list(self._connections):
            connection.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path,
                timeout=BUSY_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,
                factory=_Connection,
            )
            connection.executescript(_PRAGMAS)
            self._connections.add(connection)
            self._local.connection = connection
        return connection

    def _prepare(self) -> None:
        with self._transaction():
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"{self._path} was written by a newer Antiphon (schema {version}, this one "
                    f"knows {SCHEMA_VERSION}): update Antiphon, or choose another ANTIPHON_STORE."
                )
            for table in self._tables.values():
                for statement in table.create:
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Say in the port's words what SQLite or the file system refused."""
    try:
        yield
    except sqlite3.OperationalError as error:
        message = str(error)
        if "locked" in message or "busy" in message:
            raise StoreUnavailableError(f"{path} is busy with other writers: try again.") from error
        if "full" in message or "disk I/O" in message:
            raise StoreUnavailableError(
                f"{path} cannot be written ({message}): make room on its disk, then try again."
            ) from error
        raise StoreError(f"{path} cannot be used: {message}.") from error
    except sqlite3.IntegrityError as error:
        raise StoreError(f"{path} does not take such a document: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} is damaged or no database of Antiphon's ({error}): "
            "move it away, or put a backup in its place."
        ) from error
