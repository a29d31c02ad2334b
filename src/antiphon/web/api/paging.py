"""Keyset pages: a cursor says behind which document the next page begins, never how many before."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from antiphon.store import Collection, Store, position
from antiphon.store.port import D, Where
from antiphon.web.problems import Problem

PageSize = Annotated[int, msgspec.Meta(ge=1, le=500)]
# What the fields of an order hold; a store keeps no larger numbers.
Key = bool | str | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of a list is asked for."""

    limit: PageSize = 50
    after: str = ""


def page(
    store: Store,
    collection: Collection[D],
    where: Where,
    order_by: Sequence[str],
    query: PageQuery,
    *,
    descending: bool = False,
) -> tuple[list[D], str | None]:
    """Return one page of documents, and the cursor of the next one if there is one.

    Raises:
        Problem: 422, the cursor is not one that this list gave.
    """
    after = _decode(query.after, len(order_by) + 1) if query.after else None
    docs = store.find(
        collection, where, order_by, descending=descending, limit=query.limit + 1, after=after
    )
    here = docs[: query.limit]
    more = len(docs) > query.limit
    return here, _encode(position(here[-1], order_by)) if more else None


def _encode(at: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(at)).decode().rstrip("=")


def _decode(cursor: str, length: int) -> list[Key]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at = msgspec.json.decode(base64.b64decode(padded, b"-_", validate=True), type=list[Key])
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _strange(cursor) from error
    if len(at) != length:
        raise _strange(cursor)
    return at


def _strange(cursor: str) -> Problem:
    return Problem(
        422,
        "This cannot be used",
        f"after={cursor[:80]!r} is not a cursor of this list; leave it out.",
    )
