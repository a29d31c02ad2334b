"""What is known of each candidate for the next track: the numbers that trees rank them by.

Candidates are what the neighbour sessions vote for most, what is near the latest items in the space
of iALS, and the latest items themselves. Nothing here knows an item by its name.

Compiled once, in about 15 s.
"""

# ruff: noqa: PLR0917 - compiled functions take their arguments by place

import numpy as np
from numba import njit

from antiphon.taste.interactions import Ints, Longs, Matrix
from antiphon.taste.session_kernels import (
    LONGEST,
    append,
    faded,
    matching,
    neighbours,
    own_session,
    read,
    strongest,
)
from antiphon.taste.session_log import NONE, PACES, SessionLog

# Candidates of the neighbours, of the space, and the latest items: at most so many.
VOTED, NEAR, PREFIX = 110, 80, 20
CANDIDATES = VOTED + NEAR + 3
# Neighbours that vote, clicks of each item that are followed to find them.
_NEIGHBOURS, _REACH = 800, 800
# Of the latest items, so many have their near ones looked at.
_LOOKED_NEAR = 6
_RECENCY, _FOLD_RECENCY, _DISTANCE, _STEEP, _BEHIND = 0.8, 0.6, 0.8, 0.6, 0.8
_OLD, _FRESH, _FRESHER = 250_000.0, 5_000.0, 500.0
_NEVER = 1e9

# What the neighbours that have a candidate say of it, summed or the most of it.
(
    VOTES,  # likeness, fading with age and with the distance from the shared click
    AFTER,  # the same where it came after it, steeper
    NEXT,  # where it came next
    BEFORE,  # where it came before
    BY_LENGTH,  # likeness by the root of the session's length
    SQUARED,  # squares of the likeness: the most alike speak
    COUNT,  # how many there are
    STRONGEST,  # the likeness of the most alike
    LOUDEST,  # the largest single vote
    YOUNGEST,  # clicks of anybody since the latest
    UNFADED,  # votes without fading by age
    FRESH,  # votes that fade within days
    FRESHER,  # within hours
    FRESHER_AFTER,  # the same where it came after
    FRESH_TWO,  # votes that fade, of those that share two items at least
    SHARED,  # the most items shared
    LAST,  # how many share the last item
    LAST_NEXT,  # how many have it next after the last item
    LAST_NEXT_FRESH,  # how fresh the latest of these is
    LAST_NEAR,  # near the last item, fading within days
) = range(20)
_SAID = 20
# Those of which also the part of the largest among the candidates is told.
_RELATIVE = (
    VOTES, NEXT, BY_LENGTH, STRONGEST, UNFADED, FRESH, FRESHER, FRESHER_AFTER, FRESH_TWO,
)  # fmt: skip
# Where the other groups of numbers begin.
_SPACE = _SAID + len(_RELATIVE) + 2
_TIME = _SPACE + 4
_SITTING = _TIME + 9
_RATIOS = _SITTING + 11
FEATURES = _RATIOS + 7


@njit(cache=True)
def distinct(prefix: Ints, clicks: Longs, total: int) -> tuple[Ints, Matrix, Matrix]:
    """Return the latest items of a prefix, each once, oldest first, and their weights.

    The first weights are by place and rarity, the second by place only.
    """
    size = min(len(prefix), PREFIX)
    items = np.empty(size, np.int32)
    weights, places = np.empty(size, np.float32), np.empty(size, np.float32)
    count = 0
    for back in range(size):
        item = prefix[len(prefix) - 1 - back]
        if not np.any(items[size - count :] == item):
            count += 1
            items[size - count] = item
            weights[size - count] = np.log1p(total / max(1, clicks[item])) * _RECENCY**back
            places[size - count] = _FOLD_RECENCY**back
    return items[size - count :], weights[size - count :], places[size - count :]


@njit(cache=True)
def fold_in(vectors: Matrix, items: Ints, weights: Matrix) -> Matrix:
    """Return the vector of who played these: iALS by its kernel, V' (W^-1 + V V')^-1 1."""
    own = vectors[items]
    system = np.dot(own, own.T)
    for place in range(len(items)):
        system[place, place] += np.float32(1) / weights[place]
    found: Matrix = np.dot(own.T, np.linalg.solve(system, np.ones(len(items), np.float32)))
    return found


@njit(cache=True)
def listen_to(
    log: SessionLog, items: Ints, weights: Matrix, own: int, slots: Ints, said: Matrix, bits: Longs,
    heard: Ints, about: Matrix,
) -> int:  # fmt: skip
    """Gather what the neighbours say: `heard` items, and in their rows `said` and shared `bits`.

    `slots` (items,) gives the rows, and NONE else. `about` is told of the neighbours as such: the
    likeness of the most alike and of the next, the sum, how many, and the most items shared.
    """
    names, likeness, shared, which = neighbours(log, items, weights, own, _REACH)
    fading = faded(log, names, likeness, _OLD)
    clicks = np.empty(LONGEST, np.int64)
    count, last = 0, np.int64(1) << (len(items) - 1)
    about[:] = 0
    about[3] = len(names)
    for place in strongest(fading, _NEIGHBOURS):
        length = read(log, names[place], clicks)
        match = matching(clicks, length, shared[place])
        alike, together = fading[place], ones(which[place])
        about[1] = max(about[1], min(about[0], alike))
        about[0] = max(about[0], alike)
        about[2] += alike
        about[4] = max(about[4], together)
        age = log.total[0] - clicks[0]
        for step in range(length):
            item = log.item[clicks[step] % len(log.item)]
            if step == match or (slots[item] == NONE and count == len(heard)):
                continue
            count += _met(item, count, slots, said, bits, heard)
            of = said[slots[item]]
            _say(of, likeness[place], alike, age, match - step, together, length)
            if which[place] & last:
                _say_of_last(of, age, match - step)
            bits[slots[item]] |= which[place]
    return count


@njit(cache=True)
def _met(item: int, count: int, slots: Ints, said: Matrix, bits: Longs, heard: Ints) -> int:
    """Give an item a row if it has none; return how many rows that took."""
    if slots[item] != NONE:
        return 0
    slots[item], heard[count], bits[count] = count, item, 0
    said[count, :] = 0
    said[count, YOUNGEST] = _NEVER
    return 1


@njit(cache=True)
def _say(
    of: Matrix, like: float, alike: float, age: int, ahead: int, together: int, length: int
) -> None:
    """Add what one neighbour says of an item so many places ahead of what it shares."""
    near, steep = _DISTANCE ** (abs(ahead) - 1), _STEEP ** (abs(ahead) - 1)
    fresh, fresher = like / (1 + age / _FRESH), like / (1 + age / _FRESHER)
    vote = alike * near
    if ahead > 0:
        of[AFTER] += alike * steep
        of[FRESHER_AFTER] += fresher * steep
        of[NEXT] += alike if ahead == 1 else 0.0
    else:
        of[BEFORE] += vote
        vote *= _BEHIND
    of[VOTES] += vote
    of[UNFADED] += like * near
    of[BY_LENGTH] += like / np.sqrt(length)
    of[SQUARED] += alike * alike
    of[COUNT] += 1
    of[STRONGEST] = max(of[STRONGEST], alike)
    of[LOUDEST] = max(of[LOUDEST], vote)
    of[YOUNGEST] = min(of[YOUNGEST], age)
    of[FRESH] += fresh
    of[FRESHER] += fresher
    of[FRESH_TWO] += fresh if together > 1 else 0.0
    of[SHARED] = max(of[SHARED], together)


@njit(cache=True)
def _say_of_last(of: Matrix, age: int, ahead: int) -> None:
    """Add what one neighbour says that has the last item of the prefix."""
    fresh = 1 / (1 + age / _FRESH)
    of[LAST] += 1
    of[LAST_NEAR] += _DISTANCE ** (abs(ahead) - 1) * fresh
    if ahead == 1:
        of[LAST_NEXT] += 1
        of[LAST_NEXT_FRESH] = max(of[LAST_NEXT_FRESH], fresh)


@njit(cache=True)
def ones(bits: int) -> int:
    """Return how many bits are set."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@njit(cache=True)
def gather(
    items: Ints, near: Ints, vectors: Matrix, user: Matrix, heard: Ints, said: Matrix, slots: Ints,
    found: Ints,
) -> int:  # fmt: skip
    """Fill `found` with the candidates, each once; return how many. Marks theirs in `slots`.

    The mark is added to a row there is, so that it can be told; a new one has the mark alone.
    """
    count = 0
    for place in strongest(said[:, VOTES].copy(), VOTED):
        count += _marked(heard[place], slots, found, count)
    looked = items[-_LOOKED_NEAR:]
    others = np.empty(len(looked) * near.shape[1], np.int32)
    likely = np.empty(len(others), np.float32)
    size = 0
    for back in range(len(looked)):
        for other in near[looked[len(looked) - 1 - back]]:
            if other != NONE and slots[other] < _MARK and slots[other] != _NEW:
                others[size] = other
                likely[size] = np.dot(vectors[other], user)
                size += 1
    for place in strongest(likely[:size], NEAR):
        count += _marked(others[place], slots, found, count)
    for item in items[-3:]:
        count += _marked(item, slots, found, count)
    return count


# A row that is a candidate's, and a candidate's that no neighbour has.
_MARK, _NEW = 1 << 20, -2


@njit(cache=True)
def _marked(item: int, slots: Ints, found: Ints, count: int) -> int:
    if slots[item] >= _MARK or slots[item] == _NEW:
        return 0
    slots[item] = _NEW if slots[item] == NONE else slots[item] + _MARK
    found[count] = item
    return 1


@njit(cache=True)
def describe(
    log: SessionLog, prefix: Ints, own: int, vectors: Matrix, near: Ints, slots: Ints,
    said: Matrix, bits: Longs, heard: Ints, found: Ints, features: Matrix,
) -> int:  # fmt: skip
    """Fill `found` with candidates for what follows a prefix and `features` with their numbers.

    Return how many there are. `slots` (items,), `said` (rows, said), `bits` and `heard` (rows,) are
    room to work in: the slots are NONE before and after.
    """
    items, weights, places = distinct(prefix, log.clicks, log.total[0])
    if own == NONE:
        own = own_session(log, prefix)
    user = fold_in(vectors, items, places)
    about = np.empty(5, np.float32)
    rows = listen_to(log, items, weights, own, slots, said, bits, heard, about)
    count = gather(items, near, vectors, user, heard, said[:rows], slots, found)
    filled = features[:count]
    of_neighbours(said, bits, slots, len(items), found, filled)
    of_space(vectors, user, items[-1], found, filled[:, _SPACE:_TIME])
    of_time(log, items, found, filled[:, _TIME:_SITTING])
    of_sitting(log, prefix, items, about, found, filled[:, _SITTING:_RATIOS])
    of_ratios(log, items[-1], about[0], found, filled)
    for row in range(rows):
        slots[heard[row]] = NONE
    for place in range(count):
        slots[found[place]] = NONE
    return count


@njit(cache=True)
def of_neighbours(
    said: Matrix, bits: Longs, slots: Ints, items: int, found: Ints, features: Matrix
) -> None:
    """What the neighbours say, as it is and as parts of the largest; how many items they share."""
    largest = np.full(len(_RELATIVE), np.float32(1e-9))
    for place in range(len(features)):
        row, of = slots[found[place]] - _MARK, features[place]
        of[:_SAID] = 0
        of[YOUNGEST], shared = _NEVER, 0
        if row >= 0:
            of[:_SAID] = said[row]
            shared = ones(bits[row])
        of[_SPACE - 2], of[_SPACE - 1] = shared, shared / items
        for kind in range(len(_RELATIVE)):
            largest[kind] = max(largest[kind], of[_RELATIVE[kind]])
    for place in range(len(features)):
        of = features[place]
        for kind in range(len(_RELATIVE)):
            of[_SAID + kind] = of[_RELATIVE[kind]] / largest[kind]


@njit(cache=True)
def of_space(vectors: Matrix, user: Matrix, last: int, found: Ints, features: Matrix) -> None:
    """How iALS scores a candidate: as it is, as a part of the largest, and as cosines."""
    largest, last_length = np.float32(1e-9), length(vectors[last])
    for place in range(len(features)):
        vector, of = vectors[found[place]], features[place]
        of[0] = np.dot(vector, user)
        of[2] = of[0] / length(vector)
        of[3] = np.dot(vector, vectors[last]) / (length(vector) * last_length)
        largest = max(largest, of[0])
    for place in range(len(features)):
        features[place, 1] = features[place, 0] / largest


@njit(cache=True)
def of_time(log: SessionLog, items: Ints, found: Ints, features: Matrix) -> None:
    """How often a candidate is played and was of late, since when, and with whom it appeared."""
    now, last = log.total[0], items[-1]
    for place in range(len(features)):
        item, of = found[place], features[place]
        since = now - log.head[item]
        of[0], of[1] = np.log1p(log.clicks[item]), since
        for kind in range(len(PACES)):
            of[2 + kind] = log.pace[item, kind] * 0.5 ** (since / PACES[kind])
        of[4], of[5] = of[2] / (of[3] + 0.5), of[3] / (log.clicks[item] + 1)
        of[6] = now - log.born[item]
        of[7] = abs(log.born[item] - log.born[last])
        of[8] = _NEVER
        for other in items:
            of[8] = min(of[8], abs(log.born[item] - log.born[other]))


@njit(cache=True)
def of_sitting(
    log: SessionLog, prefix: Ints, items: Ints, about: Matrix, found: Ints, features: Matrix
) -> None:
    """Whether a candidate was played already, and what the sitting is like."""
    popular = np.log1p(log.clicks[items].astype(np.float32)).mean()
    for place in range(len(features)):
        of = features[place]
        of[0], of[1] = 0, 99
        for step in range(len(prefix)):
            if prefix[step] == found[place]:
                of[0] += 1
                of[1] = len(prefix) - 1 - step
        of[2], of[3] = len(prefix), len(prefix) - len(items)
        of[4], of[5] = popular, np.log1p(log.clicks[items[-1]])
        of[6:11] = about


@njit(cache=True)
def of_ratios(log: SessionLog, last: int, alike: float, found: Ints, features: Matrix) -> None:
    """Votes against what is to be expected of how often an item is played."""
    clicks = log.clicks[last] + 1
    for place in range(len(features)):
        of = features[place]
        ratio = of[_RATIOS:]
        root = np.sqrt(log.clicks[found[place]] + 1)
        ratio[0] = of[COUNT] / root
        ratio[1] = of[VOTES] / root
        ratio[2] = of[FRESHER] / root
        ratio[3] = of[LAST] / (root * np.sqrt(clicks))
        ratio[4] = of[LAST_NEXT] / clicks
        ratio[5] = of[STRONGEST] / max(alike, 1e-9)
        # How long before anybody did a neighbour play it last.
        ratio[6] = of[_TIME + 1] - min(of[YOUNGEST], of[_TIME + 1])


@njit(cache=True)
def length(vector: Matrix) -> float:
    """Return the length of a vector, never 0."""
    found: float = np.sqrt(np.dot(vector, vector)) + np.float32(1e-9)
    return found


@njit(cache=True)
def describe_each(
    log: SessionLog, prefixes: Ints, ends: Longs, own: Longs, vectors: Matrix, near: Ints,
    found: Ints, features: Matrix, counts: Longs,
) -> int:  # fmt: skip
    """Describe candidates for many prefixes, one after the other; `ends` are theirs."""
    slots = np.full(len(log.head), NONE, np.int32)
    rows = _NEIGHBOURS * 16
    said, bits = np.empty((rows, _SAID), np.float32), np.empty(rows, np.int64)
    heard = np.empty(rows, np.int32)
    start, filled = 0, 0
    for number in range(len(ends)):
        counts[number] = describe(
            log, prefixes[start : ends[number]], own[number], vectors, near, slots,
            said, bits, heard, found[filled:], features[filled:],
        )  # fmt: skip
        filled += counts[number]
        start = ends[number]
    return filled


@njit(cache=True)
def replay(
    log: SessionLog, item: Ints, at: Longs, session: Longs, names: Longs, asked: Longs,
    prefixes: Ints, ends: Longs, vectors: Matrix, near: Ints,
    found: Ints, features: Matrix, counts: Longs,
) -> int:  # fmt: skip
    """Add clicks in the order of time to the log, and describe what was likely before some of them.

    `asked` (clicks,) is the number of the question a click answers, NONE where it is no question:
    numbers rise in the order of time. All of one moment are asked before any of them is added.
    """
    slots = np.full(len(log.head), NONE, np.int32)
    rows = _NEIGHBOURS * 16
    said, bits = np.empty((rows, _SAID), np.float32), np.empty(rows, np.int64)
    heard = np.empty(rows, np.int32)
    filled, first = 0, 0
    while first < len(item):
        after = first
        while after < len(item) and at[after] == at[first]:
            number = asked[after]
            if number != NONE:
                start = ends[number - 1] if number else 0
                counts[number] = describe(
                    log, prefixes[start : ends[number]], names[session[after]], vectors, near,
                    slots, said, bits, heard, found[filled:], features[filled:],
                )  # fmt: skip
                filled += counts[number]
            after += 1
        for place in range(first, after):
            name = names[session[place]]
            names[session[place]] = append(log, item[place], name)
        first = after
    return filled
