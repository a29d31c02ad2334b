"""The loops over clicks that session neighbours need; compiled once, in about 8 s."""

# ruff: noqa: PLR0917 - compiled functions take their arguments by place

from typing import NamedTuple

import numpy as np
from numba import njit

from antiphon.taste.interactions import Ints, Longs, Matrix
from antiphon.taste.session_log import NONE, PACES, SessionLog

# No more clicks of a neighbour are read than this, from its end.
LONGEST = 64
# Among so many latest clicks of an item the session that is going on is looked for.
_LOOKED_BACK = 50


class Limits(NamedTuple):
    """How many of an item's latest clicks are followed, and how many sessions vote."""

    reach: int
    neighbours: int


class Fading(NamedTuple):
    """How votes fade: with age, counted in clicks, and with the distance from what is shared."""

    half_life: float
    distance: float
    behind: float


@njit(cache=True)
def append(log: SessionLog, item: int, session: int) -> int:
    """Add a click to the log; return its session, a new one where `session` is NONE or forgotten.

    A session's earlier clicks are forgotten one by one, the session with its first.
    """
    capacity = len(log.item)
    click = log.total[0]
    if session <= click - capacity:
        session = NONE
    place = click % capacity
    log.item[place] = item
    log.previous[place] = log.head[item]
    log.before[place] = NONE if session == NONE else log.last[session % capacity]
    start = click if session == NONE else session
    log.start[place] = start
    log.last[start % capacity] = click
    if log.born[item] == NONE:
        log.born[item] = click
        log.head[item] = click
    for kind in range(len(PACES)):
        faded = log.pace[item, kind] * 0.5 ** ((click - log.head[item]) / PACES[kind])
        log.pace[item, kind] = faded + 1
    log.head[item] = click
    log.clicks[item] += 1
    log.total[0] = click + 1
    return start


@njit(cache=True)
def append_all(log: SessionLog, item: Ints, session: Longs, names: Longs) -> None:
    """Add clicks in the order of time; `names` are of the sessions that `session` numbers from 0.

    The names change as sessions begin; NONE has not begun.
    """
    for place in range(len(item)):
        names[session[place]] = append(log, item[place], names[session[place]])


@njit(cache=True)
def neighbours(
    log: SessionLog, items: Ints, weights: Matrix, own: int, reach: int
) -> tuple[Longs, Matrix, Longs, Longs]:
    """Return the sessions that share items with a prefix: names, likeness, click, which are shared.

    An item of the prefix adds its weight once to each of the latest `reach` clicks' sessions. The
    click is that of the latest item shared; which are shared is said in bits, one for each item.
    `own` is the session of the prefix itself: left out.
    """
    capacity, oldest = len(log.item), log.total[0] - len(log.item)
    bound = 1
    for item in items:
        bound += min(reach, log.clicks[item])
    size = 2
    while size < 2 * bound:
        size *= 2
    # An open hash table from a session to its place among those found.
    table = np.full(size, NONE, np.int32)
    names, shared = np.empty(bound, np.int64), np.empty(bound, np.int64)
    likeness, bits = np.empty(bound, np.float32), np.empty(bound, np.int64)
    found = 0
    for entry in range(len(items) - 1, -1, -1):
        click, bit = log.head[items[entry]], np.int64(1) << entry
        for _ in range(reach):
            if click == NONE or click < oldest:
                break
            place = click % capacity
            start = log.start[place]
            slot = (start * 0x9E3779B1) & (size - 1)
            while table[slot] != NONE and names[table[slot]] != start:
                slot = (slot + 1) & (size - 1)
            known = table[slot]
            if known == NONE and start != own and start >= oldest:
                table[slot] = found
                names[found], shared[found] = start, click
                likeness[found], bits[found] = weights[entry], bit
                found += 1
            elif known != NONE and not bits[known] & bit:
                likeness[known] += weights[entry]
                bits[known] |= bit
            click = log.previous[place]
    return names[:found], likeness[:found], shared[:found], bits[:found]


@njit(cache=True)
def own_session(log: SessionLog, prefix: Ints) -> int:
    """Return the session that holds a prefix as its end and nothing after it; NONE if none does.

    It is the session of the prefix itself, if that is in the log already. Any other such session
    has nothing to say of what follows.
    """
    capacity, oldest = len(log.item), log.total[0] - len(log.item)
    if not len(prefix):
        return NONE
    click = log.head[prefix[-1]]
    for _ in range(_LOOKED_BACK):
        if click == NONE or click < oldest:
            break
        start: int = log.start[click % capacity]
        if start >= oldest and log.last[start % capacity] == click:
            each, left = click, len(prefix)
            while left and each >= oldest and log.item[each % capacity] == prefix[left - 1]:
                left -= 1
                each = log.before[each % capacity]
            if left == 0:
                return start
        click = log.previous[click % capacity]
    return NONE


@njit(cache=True)
def faded(log: SessionLog, names: Longs, likeness: Matrix, half_life: float) -> Matrix:
    """Return how alike sessions are, less for each click of anybody since they were last heard."""
    found = np.empty_like(likeness)
    for place in range(len(names)):
        age = log.total[0] - log.last[names[place] % len(log.item)]
        found[place] = likeness[place] / (1.0 + age / half_life)
    return found


@njit(cache=True)
def strongest(values: Matrix, keep: int) -> Longs:
    """Return the places of the `keep` largest, in no order; of equal ones the first."""
    if len(values) <= keep:
        return np.arange(len(values))
    border = np.partition(values, len(values) - keep)[len(values) - keep]
    kept, left = np.empty(keep, np.int64), keep - np.sum(values > border)
    count = 0
    for place in range(len(values)):
        if values[place] > border or (values[place] == border and left > 0):
            left -= values[place] == border
            kept[count] = place
            count += 1
    return kept


@njit(cache=True)
def largest(scores: Matrix, found: Ints) -> None:
    """Fill `found` (rows, count) with the columns of each row's `count` largest, largest first.

    One look at each value: most are below the border of those met so far.
    """
    count = found.shape[1]
    values, columns = np.empty(4 * count, np.float32), np.empty(4 * count, np.int32)
    for row in range(len(scores)):
        size, border = 0, np.float32(-np.inf)
        for column in range(scores.shape[1]):
            if scores[row, column] >= border:
                values[size], columns[size] = scores[row, column], column
                size += 1
                if size == len(values):
                    kept = strongest(values, count)
                    values[:count], columns[:count] = values[kept], columns[kept]
                    size, border = count, values[:count].min()
        kept = strongest(values[:size], count)
        order = np.argsort(-values[kept])
        found[row, : len(kept)] = columns[kept[order]]


@njit(cache=True)
def read(log: SessionLog, start: int, clicks: Longs) -> int:
    """Fill `clicks` with those of a session, latest first; return how many there are."""
    capacity, oldest = len(log.item), log.total[0] - len(log.item)
    click, count = log.last[start % capacity], 0
    while click != NONE and click >= oldest and count < len(clicks):
        clicks[count] = click
        count += 1
        click = log.before[click % capacity]
    return count


@njit(cache=True)
def matching(clicks: Longs, count: int, shared: int) -> int:
    """Return where the shared click stands among the latest of a session; the oldest if further."""
    match = 0
    while match < count - 1 and clicks[match] > shared:
        match += 1
    return match


@njit(cache=True)
def vote(
    log: SessionLog, items: Ints, weights: Matrix, own: int, limits: Limits, fading: Fading,
    scores: Matrix,
) -> None:  # fmt: skip
    """Add to `scores` (items,) what the neighbours of a prefix vote for; see `sessions`."""
    names, likeness, shared, _ = neighbours(log, items, weights, own, limits.reach)
    likeness = faded(log, names, likeness, fading.half_life)
    clicks = np.empty(LONGEST, np.int64)
    for place in strongest(likeness, limits.neighbours):
        count = read(log, names[place], clicks)
        match = matching(clicks, count, shared[place])
        for step in range(count):
            if step != match:
                item = log.item[clicks[step] % len(log.item)]
                scores[item] += likeness[place] * _share(match, step, fading)


@njit(cache=True)
def explain(
    log: SessionLog, items: Ints, weights: Matrix, own: int, limits: Limits, fading: Fading,
    wanted: Ints,
) -> Matrix:  # fmt: skip
    """Return whose votes the `wanted` items have, (wanted, items of the prefix).

    A neighbour's vote is shared by the items that made it one, as they weigh.
    """
    names, likeness, shared, bits = neighbours(log, items, weights, own, limits.reach)
    fresh = faded(log, names, likeness, fading.half_life)
    found = np.zeros((len(wanted), len(items)), np.float32)
    clicks = np.empty(LONGEST, np.int64)
    for place in strongest(fresh, limits.neighbours):
        count = read(log, names[place], clicks)
        match = matching(clicks, count, shared[place])
        part = fresh[place] / likeness[place]
        for step in range(count):
            item = log.item[clicks[step] % len(log.item)]
            for row in range(len(wanted)):
                if wanted[row] == item and step != match:
                    for entry in range(len(items)):
                        if bits[place] >> entry & 1:
                            share = part * _share(match, step, fading)
                            found[row, entry] += weights[entry] * share
    return found


@njit(cache=True)
def _share(match: int, step: int, fading: Fading) -> float:
    """Return how much an item counts that lies so far from the shared click."""
    share = fading.distance ** (abs(match - step) - 1)
    return share if step < match else share * fading.behind
