"""The Store port: a deliberately narrow document store, and the words to declare collections with.

Both adapters are generated from the declarations in `store.schema`; neither knows a collection.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, Generic, Protocol, TypeVar, cast, get_args, get_type_hints

from antiphon.model import Document

D = TypeVar("D", bound=Document)
T = TypeVar("T")

# How many matches of one kind `search` ranks at least; so many matches cost no more than these.
SEARCHED = 200
# What MongoDB takes at most, so that a library can move to any engine.
LARGEST_DOCUMENT = 16 << 20


class StoreError(Exception):
    """The store cannot do what was asked; the message says what to do about it."""


class StoreUnavailableError(StoreError):
    """The store is away or too busy just now; the same call may succeed later."""


class ConflictError(StoreError):
    """The document was changed by somebody else since it was read, or its unique value is taken."""


@dataclass(frozen=True)
class Collection(Generic[D]):
    """The declaration of a collection: what it holds and which questions are asked of it.

    `indexes` are tuples of fields that are filtered and ordered by, together and in that order;
    `many` are fields holding several values, each of which can be filtered by;
    `text` are the fields that `search` reads, the most telling first;
    `unique` are fields whose value no two documents share, which can be filtered by too.
    """

    name: str
    type: type[D]
    indexes: tuple[tuple[str, ...], ...] = ()
    many: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """All the single-valued fields that may be filtered or ordered by."""
        indexed = (name for index in self.indexes for name in index)
        return tuple(dict.fromkeys((*indexed, *self.unique)))

    @property
    def fields_beside_id(self) -> tuple[str, ...]:
        """The declared fields without the key itself, which every engine keeps anyway."""
        return tuple(name for name in self.fields if name != "id")


@dataclass(frozen=True)
class In:
    """A condition: the field holds one of these values."""

    values: Sequence[Any]


@dataclass(frozen=True)
class Range:
    """A condition: the field lies between; None leaves that side open."""

    gt: Any = None
    gte: Any = None
    lt: Any = None
    lte: Any = None


Where = Mapping[str, Any]


class Store(Protocol):
    """Where things are kept. Every method MAY raise StoreUnavailableError."""

    def get(self, collection: Collection[D], id: str) -> D | None:
        """Return one document, or None."""
        ...

    def get_many(self, collection: Collection[D], ids: Iterable[str]) -> dict[str, D]:
        """Return those of the documents that exist, by id."""
        ...

    def put(self, collection: Collection[D], doc: D) -> None:
        """Keep a document, in place of one with the same id.

        Raises:
            ConflictError: another document holds the value of a unique field.
        """
        ...

    def put_many(self, collection: Collection[D], docs: Iterable[D]) -> None:
        """Keep several documents, all or none.

        Raises:
            ConflictError: another document holds the value of a unique field.
        """
        ...

    def delete_many(self, collection: Collection[D], ids: Iterable[str]) -> int:
        """Remove documents; return how many there were."""
        ...

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
        """Return documents that meet every condition, in order (by id at last).

        `after` is the `position` of a document in this order; those behind it are returned.

        Raises:
            StoreError: a field is not declared for it, or may hold nothing where it says a place.
        """
        ...

    def count(self, collection: Collection[D], where: Where | None = None) -> int:
        """Return how many documents meet every condition."""
        ...

    def group_count(
        self, collection: Collection[D], field: str, where: Where | None = None
    ) -> dict[Any, int]:
        """Return how many documents hold each value of the field, most first."""
        ...

    def search(
        self, collection: Collection[D], text: str, limit: int, where: Where | None = None
    ) -> list[D]:
        """Return the best matches for the words and beginnings of words in `text`, best first.

        Words are those of `store.words`. First come the documents whose first text field begins
        with the whole text; then those where every word of the text begins a word of that field,
        then of the first two fields together, and so on to all of them. Each kind comes in the
        order of the first text field (folded), then of the id. Of a kind with more than SEARCHED
        matches, any of them MAY stand for it. Only documents that meet every condition count.

        Many matches cost no more in a larger library. Where fewer than `limit` match, all with one
        of the words, or all that fail a condition, MAY be looked at: that costs more with size.

        Raises:
            StoreError: a field is not declared for it.
        """
        ...

    def increment(self, collection: Collection[D], id: str, amounts: Mapping[str, int]) -> D:
        """Add to number fields of an existing document; return it as it is afterwards.

        Raises:
            StoreError: there is no such document.
        """
        ...

    def compare_and_put(self, collection: Collection[D], doc: D, version: int) -> None:
        """Keep `doc` if the kept one's `version` field is `version` (0: there is none yet).

        Raises:
            ConflictError: it is not.
        """
        ...

    def transact(self, work: Callable[[], T]) -> T:
        """Do `work` so that all it does in this thread happens together or not at all.

        Where others changed the same documents meanwhile, it MAY be done again from its start.
        Only changes of the same documents count: two that each read what the other changes MAY
        both happen. Whoever decides by what was read MUST change a document that all such change.
        `work` MUST let errors of the store pass: a call that failed has ended the transaction.
        """
        ...

    def check(self) -> list[str]:
        """Return in words what is wrong with what is kept, and what to do; nothing if all is well.

        It reads everything: minutes for a large library, in which writers MAY have to wait.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def position(doc: Document, order_by: Sequence[str]) -> tuple[Any, ...]:
    """Return where `doc` stands in that order, for `find`'s `after`."""
    return (*(getattr(doc, name) for name in order_by), doc.id)


def must_say_places(collection: Collection[Any], order_by: Sequence[str]) -> None:
    """Refuse an order in which a page cannot go on, as engines find no place beside nothing.

    Raises:
        StoreError: it has a field that may be None.
    """
    for name in order_by:
        if name in _may_be_none(cast("Hashable", collection.type)):
            raise StoreError(f"{collection.name} cannot be paged by {name!r}, which may be None.")


@cache
def _may_be_none(type: Hashable) -> frozenset[str]:
    hints = get_type_hints(type)
    return frozenset(name for name, hint in hints.items() if NoneType in get_args(hint))


def text_of(doc: Document, field: str) -> str:
    """Return what `search` reads of a field: a string, or the names in a tuple of credits."""
    value = getattr(doc, field)
    if isinstance(value, str):
        return value
    return " / ".join(getattr(item, "name", None) or str(item) for item in value)
