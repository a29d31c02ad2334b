"""What a collection's declaration means in MongoDB: its documents, their extra fields, its indexes.

A document is kept as an operator would write it: `_id` and the fields that do not hold their
default, beside them those that are asked by, whatever they hold. What `search` asks by is in
`_search`: how the first text field begins, and the words of one, two, three text fields together.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Generic

import msgspec

from antiphon.store.port import Collection, D, text_of
from antiphon.store.words import folded, words

SEARCH = "_search"
BEGINNING = f"{SEARCH}.beginning"

Kept = dict[str, Any]


@dataclass(frozen=True)
class Index:
    """An index over fields, all ascending."""

    name: str
    fields: tuple[str, ...]
    unique: bool


class Documents(Generic[D]):
    """How the values of one collection are kept, and are made of what is kept."""

    def __init__(self, collection: Collection[D]) -> None:
        self._collection = collection
        self._asked_by = (*collection.fields_beside_id, *collection.many)

    @property
    def declared(self) -> dict[str, list[str]]:
        """What is kept beside the values' own fields, and the indexes over it, in a few words."""
        return {
            "fields": [*self._asked_by],
            "text": [*self._collection.text],
            "indexes": [index.name for index in self.indexes],
        }

    def keep(self, doc: D) -> Kept:
        """Return what MongoDB keeps of a value."""
        fields = msgspec.to_builtins(doc, builtin_types=(bytes,))
        kept: Kept = {"_id": fields.pop("id"), **fields}
        for name in self._asked_by:
            kept.setdefault(name, getattr(doc, name))
        if self._collection.text:
            kept[SEARCH] = dict(self._searched(doc))
        return kept

    def read(self, kept: Kept) -> D:
        """Return the value that was kept."""
        kept["id"] = kept.pop("_id")
        return msgspec.convert(kept, self._collection.type)

    def found_by(self, kept: Kept) -> Kept:
        """Return the part of what is kept that follows from the declaration."""
        return {name: kept.get(name) for name in (*self._asked_by, SEARCH)}

    @property
    def indexes(self) -> list[Index]:
        """The indexes that answer what the declaration says is asked."""
        declared = self._collection
        return [
            *(_index(*index, "_id") for index in declared.indexes),
            *(_index(many, "_id") for many in declared.many),
            *(_index(name, unique=True) for name in declared.unique),
            *(_index(BEGINNING, "_id") for _ in declared.text[:1]),
            *(_index(words_of(kind)) for kind in kinds(declared)),
        ]

    def _searched(self, doc: D) -> Iterator[tuple[str, Any]]:
        texts = [text_of(doc, name) for name in self._collection.text]
        yield "beginning", folded(texts[0])
        together = accumulate((set(words(text)) for text in texts), operator.or_)
        for kind, found in zip(kinds(self._collection), together, strict=True):
            yield _words(kind), sorted(found)


def kinds(collection: Collection[Any]) -> range:
    """Return the kinds of matches there are, best first: by how many text fields they need."""
    return range(1, len(collection.text) + 1)


def words_of(kind: int) -> str:
    """Return where the words of the first `kind` text fields are kept."""
    return f"{SEARCH}.{_words(kind)}"


def key(field: str) -> str:
    """Return what MongoDB calls a field."""
    return "_id" if field == "id" else field


def index_name(*fields: str) -> str:
    """Return what the index of these fields is called."""
    return f"by_{'_'.join(fields)}"


def _words(kind: int) -> str:
    return f"words_{kind}"


def _index(*fields: str, unique: bool = False) -> Index:
    name = index_name(*(field for field in fields if field != "_id"))
    return Index(name, tuple(map(key, fields)), unique)
