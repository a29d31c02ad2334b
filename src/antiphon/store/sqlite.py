"""The Store over SQLite: one file, write-ahead log, one writer at a time, readers never blocked.

Each collection is a table of JSON documents beside the columns that its declaration asks by, a
side table for each field with several values, and an FTS5 index of its text fields.

What was committed survives the death of any process at any moment. `synchronous=NORMAL` waits for
the disk only at checkpoints, not at every commit: a power cut may take back the last commits, never
a part of one, and never damages the file. `FULL` would make every listen wait for the disk, to
save what a listener did in the second before the lights went out.
"""

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from antiphon.store import migrations, schema, sqlite_check, sqlite_search
from antiphon.store.port import Collection, ConflictError, D, StoreError, T, Where
from antiphon.store.sqlite_errors import plain_errors
from antiphon.store.sqlite_tables import Table

BUSY_TIMEOUT_S = 15.0
# Keys are random: with less, a transaction writes the same pages several times.
_CACHE_KIB = 16 << 10
# After a great transaction the write-ahead log gives its room back, but for this much.
_LOG_BYTES = 64 << 20
_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; "
    f"PRAGMA cache_size=-{_CACHE_KIB}; PRAGMA journal_size_limit={_LOG_BYTES};"
)


class _Connection(sqlite3.Connection):
    """A connection that can be held weakly, so that it ends with its thread.

    Who uses it holds `in_use`: closed meanwhile, it would end the process.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.in_use = threading.RLock()


class SqliteStore:
    """A Store in one SQLite file; each thread has its own connection to it."""

    def __init__(
        self, path: Path, collections: Iterable[Collection[Any]] = schema.COLLECTIONS
    ) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._tables = {collection.name: Table(collection) for collection in collections}
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path} cannot be used: {error.strerror}.") from error
        with self._connected() as connection:
            migrations.prepare(connection, path, self._tables)

    def get(self, collection: Collection[D], id: str) -> D | None:
        table = self._tables[collection.name]
        with self._connected() as connection:
            row = connection.execute(table.select_one, (id,)).fetchone()
        return None if row is None else table.decode(row[0])

    def get_many(self, collection: Collection[D], ids: Iterable[str]) -> dict[str, D]:
        table = self._tables[collection.name]
        with self._connected() as connection:
            rows = connection.execute(*table.select_many(ids)).fetchall()
        return {id: table.decode(doc) for id, doc in rows}

    def put(self, collection: Collection[D], doc: D) -> None:
        self.put_many(collection, (doc,))

    def put_many(self, collection: Collection[D], docs: Iterable[D]) -> None:
        table = self._tables[collection.name]
        newest = {doc.id: doc for doc in docs}
        with self._transaction() as connection:
            table.keep(connection, list(newest.values()))

    def delete_many(self, collection: Collection[D], ids: Iterable[str]) -> int:
        table = self._tables[collection.name]
        with self._transaction() as connection:
            for statement in table.delete_many(ids):
                removed = connection.execute(*statement).rowcount
        return removed

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
        with self._connected() as connection:
            rows = connection.execute(sql, values).fetchall()
        return [table.decode(doc) for (doc,) in rows]

    def count(self, collection: Collection[D], where: Where | None = None) -> int:
        sql, values = self._tables[collection.name].count(where or {})
        with self._connected() as connection:
            return int(connection.execute(sql, values).fetchone()[0])

    def group_count(
        self, collection: Collection[D], field: str, where: Where | None = None
    ) -> dict[Any, int]:
        sql, values = self._tables[collection.name].group_count(field, where or {})
        with self._connected() as connection:
            return dict(connection.execute(sql, values).fetchall())

    def search(
        self, collection: Collection[D], text: str, limit: int, where: Where | None = None
    ) -> list[D]:
        table = self._tables[collection.name]
        with self._connected() as connection:
            return sqlite_search.search(connection, table, text, limit, where or {})

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
    def _transaction(self) -> Iterator[_Connection]:
        with self._connected() as connection:
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def check(self) -> list[str]:
        with self._connected() as connection:
            return sqlite_check.check(connection, self._tables.values())

    def close(self) -> None:
        self._closed = True
        for connection in list(self._connections):
            # What another thread does just now ends first.
            if connection.in_use.acquire(timeout=BUSY_TIMEOUT_S):
                connection.close()
                connection.in_use.release()

    @contextmanager
    def _connected(self) -> Iterator[_Connection]:
        """Lend this thread's connection, which nobody closes meanwhile."""
        with plain_errors(self._path):
            connection = self._connection
            with connection.in_use:
                if self._closed and not connection.in_transaction:
                    raise StoreError(f"{self._path} cannot be used: the store was closed.")
                yield connection

    @property
    def _connection(self) -> _Connection:
        connection: _Connection | None = getattr(self._local, "connection", None)
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
