"""The latest clicks of all sessions, as one ring of plain arrays that grows by one click in O(1).

A click is known by its number in the order of arrival; the click `n` lies in place `n % capacity`,
so that the oldest is forgotten when a new one comes. Each knows the click before it of the same
item and of the same session: following the first finds the latest sessions of an item (an inverted
index), following the second reads a session from its end. How old a click is, is counted in the
clicks since: that needs no clock, and is the same for an instance of one listener and of many.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from antiphon.taste.interactions import Ints, Longs, Matrix

NONE = -1
# After so many clicks of anybody a click counts half in an item's `pace`: a few days', a month's.
PACES = (5_000.0, 50_000.0)


class SessionLog(NamedTuple):
    """A ring of clicks, arrays of (capacity,), and what is known of each item, (items,).

    Attributes:
        item: What was clicked.
        previous: The click before it of the same item; NONE where it was the first.
        before: The click before it in the same session; NONE where it was the first.
        start: The first click of its session, which is the session's name.
        last: In the place of a session's first click: its latest click.
        head: The latest click of each item; NONE where there is none.
        born: The first click of each item; NONE where there is none.
        clicks: How many clicks each item has had, also those forgotten.
        pace: (items, PACES), clicks of each item that count half after so many others, at `head`.
        total: (1,), how many clicks there have been in all.
    """

    item: Ints
    previous: Longs
    before: Longs
    start: Longs
    last: Longs
    head: Longs
    born: Longs
    clicks: Longs
    pace: Matrix
    total: Longs


def empty(items: int, capacity: int) -> SessionLog:
    """Return a log without clicks for so many items, which remembers the latest `capacity`."""

    def places(size: int) -> NDArray[np.int64]:
        return np.full(size, NONE, np.int64)

    return SessionLog(
        item=np.zeros(capacity, np.int32),
        previous=places(capacity),
        before=places(capacity),
        start=places(capacity),
        last=places(capacity),
        head=places(items),
        born=places(items),
        clicks=np.zeros(items, np.int64),
        pace=np.zeros((items, len(PACES)), np.float32),
        total=np.zeros(1, np.int64),
    )
