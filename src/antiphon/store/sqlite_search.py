"""Search in SQLite: an index and FTS5 find a few hundred candidates at most, which are ranked here.

FTS5's own ranking looks at every match, so that it costs more in a larger library; here each
statement ends with what it found first. Only where too few match all the words and conditions is
the whole index of these words gone through, which takes some milliseconds for tens of thousands.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from antiphon.store.port import SEARCHED, D, Where
from antiphon.store.sqlite_tables import Table, where_clause
from antiphon.store.words import words

_LAST_CHARACTER = "\U0010ffff"

# A document that may be an answer: its id, and the words of each of its text fields.
Candidate = tuple[str, ...]


def search(
    connection: sqlite3.Connection, table: Table[D], text: str, limit: int, where: Where
) -> list[D]:
    """Answer `Store.search`."""
    wanted = words(text)
    if not wanted or not table.collection.text:
        return []
    candidates = _Search(connection, table, wanted, limit, where).candidates()
    best = sorted(candidates, key=lambda found: (_kind(found, wanted), found[1], found[0]))[:limit]
    rows = [connection.execute(table.select_one, (id,)).fetchone() for id, *_ in best]
    return [table.decode(row[0]) for row in rows if row]


class _Search:
    """One question, and the statements that look for its candidates."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: Table[Any],
        wanted: Sequence[str],
        limit: int,
        where: Where,
    ) -> None:
        self._connection = connection
        self._table = table
        self._wanted = wanted
        self._limit = limit
        self._enough = limit + SEARCHED
        self._conditions, self._values = table.conditions(where)
        columns = ["id", *table.text_columns]
        self._columns = ", ".join(f"{table.name}.{column}" for column in columns)

    def candidates(self) -> set[Candidate]:
        """Return all that can be among the best.

        Every match is looked for at once, as most questions have few; only where there are more
        than can be ranked, each better kind is looked for by itself.
        """
        found = self._beginnings()
        if len(found) >= self._limit:
            return found
        columns = self._table.text_columns
        every = self._matches(columns)
        if len(every) == self._enough:
            for count in range(1, len(columns)):
                found |= self._matches(columns[:count])
                if len(found) >= self._limit:
                    return found
        return found | every

    def _beginnings(self) -> set[Candidate]:
        name, first = self._table.name, self._table.text_columns[0]
        text = " ".join(self._wanted)
        tests = [f"{first} >= ?", f"{first} < ?", *self._conditions]
        sql = (
            f"SELECT {self._columns} FROM {name} INDEXED BY {name}_by_text"
            f"{where_clause(tests)} ORDER BY {first}, id LIMIT ?"
        )
        return self._run(sql, [text, text + _LAST_CHARACTER, *self._values, self._limit])

    def _matches(self, columns: Sequence[str]) -> set[Candidate]:
        name = self._table.name
        begun = " ".join(f'"{word}"*' for word in dict.fromkeys(self._wanted))
        sql = (
            f"SELECT {self._columns} FROM {name}_fts CROSS JOIN {name} ON n = {name}_fts.rowid"
            f"{where_clause([f'{name}_fts MATCH ?', *self._conditions])} LIMIT ?"
        )
        return self._run(sql, [f"{{{' '.join(columns)}}}: ({begun})", *self._values, self._enough])

    def _run(self, sql: str, values: Sequence[Any]) -> set[Candidate]:
        return set(self._connection.execute(sql, values))


def _kind(candidate: Candidate, wanted: Sequence[str]) -> int:
    """Return which kind of match it is; the smaller, the better."""
    _, *texts = candidate
    if texts[0].startswith(" ".join(wanted)):
        return 0
    seen: list[str] = []
    for kind, text in enumerate(texts, 1):
        seen += text.split()
        if all(any(word.startswith(begun) for word in seen) for begun in wanted):
            return kind
    return len(texts) + 1
