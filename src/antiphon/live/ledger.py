"""The documents that a batch of events speaks of: read at once, changed in memory, written at once.

It belongs inside one transaction of the store.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from antiphon.model import Document
from antiphon.store import Store
from antiphon.store.port import Collection, D


class Ledger:
    """What the store holds of some documents, with the changes that it has not heard of yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._docs: dict[tuple[str, str], Document | None] = {}
        self._changed: defaultdict[Collection[Any], dict[str, Document | None]] = defaultdict(dict)

    def read(self, wanted: Mapping[Collection[Any], Iterable[str]]) -> None:
        """Read documents from the store, each collection at once."""
        for collection, ids in wanted.items():
            if asked := set(ids):
                found = self._store.get_many(collection, asked)
                self._docs |= {(collection.name, id): found.get(id) for id in asked}

    def get(self, collection: Collection[D], id: str) -> D | None:
        """Return a document as it is by now; one that was not asked for is read from the store."""
        key = (collection.name, id)
        if key not in self._docs:
            self._docs[key] = self._store.get(collection, id)
        doc: Any = self._docs[key]
        kept: D | None = doc
        return kept

    def put(self, collection: Collection[D], doc: D) -> None:
        """Keep a document, in place of one with the same id."""
        self._note(collection, doc.id, doc)

    def drop(self, collection: Collection[Any], id: str) -> None:
        """Remove a document."""
        self._note(collection, id, None)

    def find(self, collection: Collection[D], where: Mapping[str, Any], *order: str) -> list[D]:
        """Return documents as `Store.find` does, with all changes so far."""
        self.write()
        found = self._store.find(collection, where, order)
        self._docs |= {(collection.name, doc.id): doc for doc in found}
        return found

    def write(self) -> None:
        """Let the store know of the changes."""
        for collection, docs in self._changed.items():
            if kept := [doc for doc in docs.values() if doc is not None]:
                self._store.put_many(collection, kept)
            if gone := [id for id, doc in docs.items() if doc is None]:
                self._store.delete_many(collection, gone)
        self._changed.clear()

    def _note(self, collection: Collection[Any], id: str, doc: Document | None) -> None:
        self._docs[collection.name, id] = self._changed[collection][id] = doc
