"""Clicks taken back from a ring, as if they had never been, and put back in their places.

Only the clock remembers them: a click keeps its number, as age is counted in numbers. Each costs a
walk over the later clicks of the same item and of the same session.
"""

import numpy as np
from numba import njit

from antiphon.taste.interactions import Longs
from antiphon.taste.session_log import NONE, PACES, SessionLog


@njit(cache=True)
def take_back(log: SessionLog, click: int) -> bool:
    """Take a click out of its item's and its session's; say whether it was there to be taken."""
    capacity = len(log.item)
    if click < max(0, log.total[0] - capacity):
        return False
    place = click % capacity
    item, earlier = log.item[place], log.previous[place]
    later = _later(log.previous, log.head[item], click)
    if (log.head[item] if later == NONE else log.previous[later % capacity]) != click:
        return False
    _slow(log, item, click, earlier)
    log.clicks[item] -= 1
    if log.born[item] == click:
        log.born[item] = later
    if later == NONE:
        log.head[item] = earlier
    else:
        log.previous[later % capacity] = earlier
    _bridge(log, click, log.before[place])
    return True


@njit(cache=True)
def put_back(log: SessionLog, click: int) -> bool:
    """Put a click that was taken back where it was; say whether it was away and is there again."""
    capacity = len(log.item)
    if click < max(0, log.total[0] - capacity) or click >= log.total[0]:
        return False
    place = click % capacity
    item = log.item[place]
    later = _later(log.previous, log.head[item], click)
    earlier = log.head[item] if later == NONE else log.previous[later % capacity]
    if earlier == click:
        return False
    log.previous[place] = earlier
    if later == NONE:
        _age(log, item, click)
        log.head[item] = click
    else:
        log.previous[later % capacity] = click
    for kind in range(len(PACES)):
        log.pace[item, kind] += 0.5 ** ((log.head[item] - click) / PACES[kind])
    log.clicks[item] += 1
    if log.born[item] == NONE or click < log.born[item]:
        log.born[item] = click
    _bridge(log, click, click)
    return True


@njit(cache=True)
def _later(chain: Longs, latest: int, click: int) -> int:
    """Return the click that comes next after `click` in a chain, which is read from its end."""
    later, each = NONE, latest
    while each > click:
        later = each
        each = chain[each % len(chain)]
    return later


@njit(cache=True)
def _bridge(log: SessionLog, click: int, instead: int) -> None:
    """Let what follows a click in its session follow another; a forgotten session stays so.

    Where it is the click itself, what comes before it is found anew.
    """
    capacity = len(log.item)
    start = log.start[click % capacity]
    if start < log.total[0] - capacity:
        return
    latest = log.last[start % capacity]
    later = _later(log.before, latest, click)
    if instead == click:
        log.before[click % capacity] = latest if later == NONE else log.before[later % capacity]
    if later == NONE:
        log.last[start % capacity] = instead
    else:
        log.before[later % capacity] = instead


@njit(cache=True)
def _age(log: SessionLog, item: int, click: int) -> None:
    """Let the pace of an item fade until a click, which is later than its latest."""
    for kind in range(len(PACES)):
        if log.head[item] != NONE:
            log.pace[item, kind] *= 0.5 ** ((click - log.head[item]) / PACES[kind])


@njit(cache=True)
def _slow(log: SessionLog, item: int, click: int, earlier: int) -> None:
    """Take a click, with another before it, out of an item's pace; rounding is kept in bounds."""
    head, left = log.head[item], np.float32(log.clicks[item] - 1)
    for kind in range(len(PACES)):
        pace = log.pace[item, kind] - 0.5 ** ((head - click) / PACES[kind])
        if head == click and earlier != NONE:
            pace /= 0.5 ** ((click - earlier) / PACES[kind])
        log.pace[item, kind] = min(max(pace, np.float32(1.0)), left) if left else 0.0
