"""What may be learnt from, and what is asked: ways to divide a history, by seed, without leaks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.datasets import Dataset
from antiphon.evaluation.errors import DataError
from antiphon.evaluation.questions import Questions, questions
from antiphon.taste.interactions import (
    History,
    Interactions,
    Ints,
    histories,
    matrix,
    only,
    rows,
)

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Split:
    """What may be learnt from, and what is asked afterwards.

    `repeats`: an item that the listener knows can be right; otherwise known ones are left out of
    the answers. `among` (items,): only these are ranked; None: all are.
    """

    protocol: str
    training: Interactions
    questions: Questions
    repeats: bool
    among: Mask | None = None


def given(dataset: Dataset, protocol: str) -> Split:
    """Return the split that came with the data, as everybody else uses it."""
    if dataset.test is None:
        raise DataError(f"{dataset.name} came without a test part: take another protocol.")
    repeats = dataset.format == "sessions"
    return Split(protocol, dataset.interactions, dataset.test, repeats)


def hold_out(interactions: Interactions, share: float = 0.1, seed: int = 0) -> Split:
    """Hold out a share of the items of each listener, at random; one at least of two or more.

    For data without time. All that somebody did with a held-out item is held out.
    """
    wanted = matrix(interactions)
    counts = np.diff(wanted.indptr)
    user = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((np.random.default_rng(seed).random(len(user)), user))
    rank = np.arange(len(user)) - wanted.indptr[user[order]]
    held = np.where(counts > 1, np.maximum(1, np.round(share * counts)), 0)
    chosen = np.sort(order[rank < held[user[order]]])
    pairs = _pair(user[chosen], wanted.indices[chosen], wanted.shape[1])
    known = ~np.isin(_pair(interactions.user, interactions.item, wanted.shape[1]), pairs)
    training = only(interactions, known)
    asked = _by_user(wanted.indices[chosen], user[chosen], len(counts))
    items = len(interactions.items)
    return Split("hold-out", training, questions(histories(training), asked, items), repeats=False)


def time_split(interactions: Interactions, share: float = 0.1) -> Split:
    """Cut the time at one moment for all: the last share of what was done is asked for.

    What is right for a listener is all that they wanted from that moment on. Those who had done
    nothing before are not asked.

    Raises:
        DataError: nobody knows when anything was done.
    """
    if not interactions.at.any():
        raise DataError("These data have no times: take the protocol hold-out or cold-start.")
    place = min(int((1 - share) * len(interactions)), len(interactions) - 1)
    moment = int(interactions.at[place])
    before = interactions.at < moment
    training = only(interactions, before)
    later = ~before & (interactions.weight > 0)
    known = [replace(history, now=moment) for history in histories(training)]
    asked = _by_user(interactions.item[later], interactions.user[later], len(known))
    asked = [right if len(h) else right[:0] for h, right in zip(known, asked, strict=True)]
    found = questions(known, asked, len(interactions.items))
    return Split("time-split", training, found, _return(training))


def leave_last(interactions: Interactions) -> Split:
    """Hold out the last thing that each listener wanted, and all after it.

    What others did later may be learnt from: easier than life, but usual in papers.

    Raises:
        DataError: nobody knows what came last.
    """
    _ordered(interactions)
    user, wanted = interactions.user, interactions.weight > 0
    places = np.arange(len(interactions))
    last = np.full(len(interactions.users), len(interactions), np.int64)
    # Of several assignments to one place the last one stays.
    last[user[wanted]] = places[wanted]
    first = np.full(len(last), len(interactions), np.int64)
    first[user[::-1]] = places[::-1]
    last = np.where(last > first, last, len(interactions))
    training = only(interactions, places < last[user])
    asked = _asked_at(interactions, last[last < len(interactions)])
    return Split("leave-last", training, asked, _return(training))


def session_split(interactions: Interactions, share: float = 0.1) -> Split:
    """Hold out the last share of the sessions, and ask for each next track of them.

    Nothing is learnt from the moment on at which the first of them begins. A question knows all
    that the listener did before it.

    Raises:
        DataError: nobody knows what was one session.
    """
    known = interactions.session >= 0
    if not known.any():
        raise DataError("These data have no sessions: take another protocol.")
    _, starts = np.unique(np.where(known, interactions.session, -1), return_index=True)
    starts = np.sort(starts[known[starts]])
    moment = int(starts[min(int((1 - share) * len(starts)), len(starts) - 1)])
    before = np.arange(len(interactions)) < moment
    if interactions.at[moment] > 0:
        before &= interactions.at < interactions.at[moment]
    held = np.zeros(int(interactions.session.max()) + 2, bool)
    held[interactions.session[starts[starts >= moment]]] = True
    inside = known & held[interactions.session] & (interactions.weight > 0)
    asked = _asked_at(interactions, np.flatnonzero(inside), inside_sitting=True)
    return Split("session", only(interactions, before), asked, repeats=True)


def cold_start(interactions: Interactions, share: float = 0.1, seed: int = 0) -> Split:
    """Hold out a share of the items whole: nobody has played them, only their content is known.

    Only these are ranked. What is right is what the listener wanted of them.
    """
    played = np.unique(interactions.item)
    count = max(1, round(share * len(played)))
    drawn = np.random.default_rng(seed).choice(played, min(count, len(played)), replace=False)
    among = np.zeros(len(interactions.items), bool)
    among[drawn] = True
    cold = among[interactions.item]
    training = only(interactions, ~cold)
    later = cold & (interactions.weight > 0)
    known = histories(training)
    asked = _by_user(interactions.item[later], interactions.user[later], len(known))
    asked = [right if len(h) else right[:0] for h, right in zip(known, asked, strict=True)]
    found = questions(known, asked, len(among))
    return Split("cold-start", training, found, repeats=False, among=among)


def validation(interactions: Interactions, share: float = 0.1, seed: int = 0) -> Split:
    """Divide what may be learnt from once more, to choose by: in time where there is any.

    That is the last sessions, or else the last part of the time, or else a share of each listener.
    """
    if (interactions.session >= 0).all():
        found = session_split(interactions, share)
    elif interactions.at.any():
        found = time_split(interactions, share)
    else:
        found = hold_out(interactions, share, seed)
    return found if len(found.questions) and len(found.training) else hold_out(interactions, share)


def leaks(split: Split) -> tuple[str, ...]:
    """Say what of the right answers could have been learnt."""
    said = []
    if not split.repeats:
        known = rows(split.questions.histories, split.questions.wanted.shape[1])
        both = int((known > 0).multiply(split.questions.wanted).nnz)
        if both:
            said.append(f"{both} right answers are in the history of who is asked.")
    if split.among is not None and split.among[split.training.item].any():
        said.append("Items that nobody may have played were played in the training part.")
    return tuple(said)


def _pair(user: NDArray[np.integer], item: NDArray[np.integer], items: int) -> NDArray[np.int64]:
    return user.astype(np.int64) * items + item


def _by_user(item: Ints, user: NDArray[np.integer], users: int) -> list[Ints]:
    order = np.argsort(user, kind="stable")
    return np.split(item[order], np.searchsorted(user[order], np.arange(1, users)))


def _return(training: Interactions) -> bool:
    """Whether anybody returned to an item; else what is known cannot be right."""
    pairs = _pair(training.user, training.item, len(training.items))
    return len(np.unique(pairs)) < len(pairs)


def _ordered(interactions: Interactions) -> None:
    if not interactions.at.any() and not (interactions.session >= 0).any():
        raise DataError("These data have no order in time: take the protocol hold-out.")


def _asked_at(
    interactions: Interactions, places: NDArray[np.int64], *, inside_sitting: bool = False
) -> Questions:
    """Ask for what was done at these places, knowing all that the same listener did before.

    With `inside_sitting` the first of each session is not asked for.
    """
    order = np.argsort(interactions.user, kind="stable")
    starts = np.searchsorted(interactions.user[order], np.arange(len(interactions.users)))
    of_user = _of_order(interactions, order)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    found: list[History] = []
    right: list[Sequence[int]] = []
    for place in rank[places]:
        start = starts[of_user.user[place]]
        count = _sitting(of_user.session, int(start), int(place))
        part = slice(start, place)
        found.append(
            History(
                of_user.item[part],
                of_user.weight[part],
                of_user.at[part],
                count,
                int(of_user.at[place]),
            )
        )
        is_asked = count > 0 or not inside_sitting
        right.append([int(of_user.item[place])] if is_asked else [])
    unit = interactions.session[places] if inside_sitting else interactions.user[places]
    return questions(found, right, len(interactions.items), unit)


def _of_order(interactions: Interactions, order: NDArray[np.int64]) -> Interactions:
    return Interactions(
        interactions.users,
        interactions.items,
        interactions.user[order],
        interactions.item[order],
        interactions.weight[order],
        interactions.at[order],
        interactions.session[order],
    )


def _sitting(session: Ints, start: int, place: int) -> int:
    """Count the entries just before `place` that are of its session."""
    if session[place] < 0:
        return 0
    count = 0
    while place - count > start and session[place - count - 1] == session[place]:
        count += 1
    return count
