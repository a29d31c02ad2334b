"""How large a document is; MongoDB's bound is every engine's, so that a library can move to any.

MongoDB counts the bytes of its own encoding, BSON, with the fields that the document is found by.
Numbers and short strings in a list are several times as large there as in JSON.
"""

from typing import Any

from antiphon.store.mongo_documents import Documents
from antiphon.store.port import LARGEST_DOCUMENT, Collection, D, StoreError


def must_not_be_too_large(collection: Collection[D], doc: D) -> None:
    """Refuse a document that MongoDB would not take.

    Raises:
        StoreError: it is too large.
    """
    size = bson_size(Documents(collection).keep(doc))
    if size > LARGEST_DOCUMENT:
        raise StoreError(
            f"{collection.name} does not take {doc.id!r}: with {size / 2**20:.1f} MB it is larger "
            f"than {LARGEST_DOCUMENT >> 20} MB."
        )


def bson_size(value: Any) -> int:
    """Return how many bytes a value of plain types takes in BSON, without its type and its name."""
    match value:
        case dict():
            size = 5 + sum(2 + len(name.encode()) + bson_size(one) for name, one in value.items())
        case list() | tuple():
            size = bson_size({str(place): one for place, one in enumerate(value)})
        case str():
            size = 5 + len(value.encode())
        case bytes():
            size = 5 + len(value)
        case None | bool():
            size = 0 if value is None else 1
        case int() if -(2**31) <= value < 2**31:
            size = 4
        case _:  # a longer or a broken number
            size = 8
    return size
