"""Moving house: everything that one store keeps, copied into another, of whichever engine.

A copy goes through each collection in the order of ids: it removes from the target what the source
does not have or has otherwise, then puts what the target has not. So one that was broken off goes
on where it was, and one whose source was written to meanwhile is mended by copying again. A
document in the target says that a copy is under way there; it goes when both stores have been read
once more and found equal.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from antiphon.model import Progress, now_ms
from antiphon.store.port import Collection, D, Store, StoreError, position
from antiphon.store.schema import COLLECTIONS, PROGRESS

BATCH = 1_000
MARK = "copy"
# What goes on just now in the source does not go on in the target.
COPIED = tuple(collection for collection in COLLECTIONS if collection is not PROGRESS)

# Shows a phase of that title; what it gives is told how many documents are done, of how many.
Shown = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]

_encode = msgspec.json.Encoder(order="deterministic").encode


def copy(source: Store, target: Store, shown: Shown) -> int:
    """Copy all that `source` keeps into the empty or half-copied `target`; return how much it was.

    Raises:
        StoreError: there is nothing to copy, the target holds something else, or the two differ
            in the end.
    """
    total = sum(source.count(collection) for collection in COPIED)
    if not total:
        raise StoreError("There is nothing in the store that is to be copied: is its URL right?")
    _begin(source, target)
    with shown("Copying") as note:
        done = 0
        for collection in COPIED:
            for count in _bring_over(source, target, collection):
                done += count
                note(done, max(done, total))
    with shown("Checking") as note:
        _compare(source, target, lambda checked: note(checked, max(checked, 2 * done)))
    target.delete_many(PROGRESS, [MARK])
    return done


def _begin(source: Store, target: Store) -> None:
    if source.get(PROGRESS, MARK):
        raise StoreError(
            "What is to be copied is an unfinished copy itself: finish that one first."
        )
    if target.get(PROGRESS, MARK) is None:
        full = [collection.name for collection in COPIED if target.count(collection)]
        if full:
            raise StoreError(
                f"The target is not empty (it holds {', '.join(full)}): name an empty one."
            )
        target.put(PROGRESS, Progress(id=MARK, phase="copying", started_at=now_ms()))


def _bring_over(source: Store, target: Store, collection: Collection[Any]) -> Iterator[int]:
    """Make the target's collection equal to the source's, yielding how many were looked at."""
    # First, as a unique value may have moved to another document since.
    _remove_what_differs(source, target, collection)
    for page in _pages(source, collection):
        there = target.get_many(collection, [doc.id for doc in page])
        target.put_many(collection, [doc for doc in page if doc.id not in there])
        yield len(page)


def _remove_what_differs(source: Store, target: Store, collection: Collection[Any]) -> None:
    for page in _pages(target, collection):
        wanted = source.get_many(collection, [doc.id for doc in page])
        target.delete_many(collection, [doc.id for doc in page if wanted.get(doc.id) != doc])


def _compare(source: Store, target: Store, note: Callable[[int], None]) -> None:
    checked = 0

    def summed(store: Store, collection: Collection[Any]) -> tuple[int, str]:
        nonlocal checked
        count, digest = 0, hashlib.sha256()
        for page in _pages(store, collection):
            count += len(page)
            digest.update(_encode(page))
            note(checked := checked + len(page))
        return count, digest.hexdigest()

    differing = [one.name for one in COPIED if summed(source, one) != summed(target, one)]
    if differing:
        raise StoreError(
            f"The copy differs from its source in {', '.join(differing)}: somebody writes to one "
            "of them. Stop Antiphon on both, then copy again; only what differs is copied then."
        )


def _pages(store: Store, collection: Collection[D]) -> Iterator[list[D]]:
    after = None
    while page := store.find(collection, limit=BATCH, after=after):
        yield page
        after = position(page[-1], ())
