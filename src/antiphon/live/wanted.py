"""What the models want for a listener, what is due again, and what there is to explore."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from antiphon.live import catalogue
from antiphon.live.choice import Found, credited
from antiphon.live.effects import familiarity_id
from antiphon.live.models import Serving
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES
from antiphon.taste import generators
from antiphon.taste.generators import Candidate, Proposal
from antiphon.taste.listener import ListenerState
from antiphon.taste.policy import POLICY, Policy, leaning
from antiphon.taste.reasons import Reason

NEWEST = 50
# So many times as many tracks to explore as there are places for them, and some more: they are
# drawn, and some turn out to be known, or unwanted.
SPARE = 8
CHOICE = 2
# Where the slider is moved, so many times as many candidates are looked at: half may not do.
DEEPER = 4
MIDDLE = 0.5


def asked(
    serving: Serving,
    listener: ListenerState,
    limit: int,
    exclude: Collection[str],
    policy: Policy = POLICY,
) -> Found:
    """Return candidates for `limit` places: what is wanted most, what is due, and what is left.

    What is left is wanted no more than the ordinary, or less.
    """
    everything = msgspec.structs.replace(policy, least=None)
    found = by_taste(serving, listener, limit, exclude, everything)
    least = -np.inf if policy.least is None else policy.least
    best = tuple(one for one in found.candidates if one.score > least)
    reasons = (Reason("library"),)
    left = [
        msgspec.structs.replace(one, generator="library", reasons=reasons)
        for one in found.candidates[len(best) :]
    ]
    back = due(serving, listener, limit, exclude) if policy.returns else []
    return Found(replace(found, candidates=best), due=back, rest=left)


def by_taste(
    serving: Serving,
    listener: ListenerState,
    limit: int,
    exclude: Collection[str] = (),
    policy: Policy = POLICY,
) -> Proposal:
    """Return candidates for `limit` places, what all models together want most first."""
    deeper = 1 if listener.discover == MIDDLE else DEEPER
    return generators.by_taste(
        serving.ensemble,
        listener.told,
        now=listener.now,
        gap_ms=listener.gap_ms,
        limit=max(policy.breadth * limit, policy.pool) * deeper,
        exclude={*exclude, *listener.disliked},
        least=policy.least,
    )


def among(serving: Serving, listener: ListenerState, ids: Iterable[str]) -> Proposal:
    """Return those of the tracks that the models know, the most wanted first."""
    best = generators.by_taste(
        serving.ensemble, listener.told, now=listener.now, gap_ms=listener.gap_ms, limit=1
    )
    return generators.among(best, ids)


def due(
    serving: Serving, listener: ListenerState, limit: int, exclude: Collection[str]
) -> list[Candidate]:
    """Return what the listener comes back to, what is due again first."""
    return generators.due(
        serving.ensemble,
        listener.told,
        now=listener.now,
        gap_ms=listener.gap_ms,
        limit=limit,
        exclude=exclude,
    )


def lately(listener: ListenerState, serving: Serving, most: int | None = None) -> Sequence[str]:
    """Return what was played last, so much of it as leaves most of a small library."""
    all_of_it = len(listener.recent) if most is None else most
    return listener.recent[: min(all_of_it, len(serving.ensemble.items) // 3)]


def as_the_slider_has_it(
    store: Store, serving: Serving, listener: ListenerState, found: Found
) -> Found:
    """Bend the ranking towards the familiar or the new, as the listener wishes.

    A track is familiar that was heard, or whose artist was. What an end of the slider leaves out
    comes only where all else runs out.
    """
    if listener.discover == MIDDLE:
        return found
    ranked = found.wanted.candidates
    everything = [*ranked, *found.rest]
    ids = [one.track_id for one in (*everything, *found.unknown)]
    known = _known(store, serving, listener, ids)
    leaned = leaning(ranked, known.__contains__, listener.discover)
    kept = {one.track_id for one in leaned}
    rest = [one for one in everything if one.track_id not in kept]
    rest.sort(key=lambda one: (one.track_id in known) != (listener.discover < MIDDLE))
    new = found.unknown
    if listener.discover >= 1:
        new = [one for one in new if one.track_id not in known]
    wanted = replace(found.wanted, candidates=tuple(leaned))
    return replace(found, wanted=wanted, unknown=new, rest=rest)


def to_explore(
    store: Store, serving: Serving, listener: ListenerState, limit: int, seed: int
) -> list[Candidate]:
    """Return tracks never heard: spread over the library's sounds, else simply the newest."""
    spread = generators.to_spread(serving.content, listener, limit, seed)
    known = heard(store, listener, [one.track_id for one in spread])
    found = [one for one in spread if one.track_id not in known]
    if len(found) < limit:
        newest = [track.id for track in catalogue.newest(store, max(NEWEST, limit))]
        found += generators.unheard(newest, heard(store, listener, newest))
    once: dict[str, Candidate] = {}
    for one in found:
        once.setdefault(one.track_id, one)
    return list(once.values())


def _known(
    store: Store, serving: Serving, listener: ListenerState, ids: Sequence[str]
) -> frozenset[str]:
    """Return those of the tracks that the listener has heard, or an artist of."""
    known = heard(store, listener, ids)
    before = {*known, *listener.recent, *(one.track_id for one in listener.told)}
    artists = credited(store, serving, {*ids, *before})
    familiar = {artist for id in before for artist in artists.get(id, ())}
    return frozenset(id for id in ids if id in known or familiar & {*artists.get(id, ())})


def heard(store: Store, listener: ListenerState, ids: Sequence[str]) -> set[str]:
    """Return those of the tracks that the listener knows, however long ago they were heard."""
    lately_heard = {*listener.recent, *(one.track_id for one in listener.told)}
    asked = [familiarity_id(listener.user_id, id) for id in ids if id not in lately_heard]
    known = store.get_many(FAMILIARITIES, asked) if asked else {}
    before = {one.track_id for one in known.values() if one.plays or one.skips}
    return lately_heard.intersection(ids) | before
