"""The rows of the home page that hold tracks: each is a question of its own to models and store."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from antiphon.live import catalogue, state, wanted
from antiphon.live.budget import Budget
from antiphon.live.choice import Chosen, Found, chosen, seed_of
from antiphon.live.models import Serving
from antiphon.model import Familiarity, now_ms
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES
from antiphon.taste import generators
from antiphon.taste.generators import Candidate, Proposal
from antiphon.taste.listener import Evidence, ListenerState
from antiphon.taste.policy import IN_ORDER, POLICY, Policy
from antiphon.taste.reasons import Reason
from antiphon.taste.repeat import faded_activation

ROW = 12
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
# What was not played for so long may be discovered again, and what came since then is new.
LONG_AGO_DAYS = 30
NEW_DAYS = 30
NEWEST = 200
FAVOURITES = 200
# A time of the day is so long, and needs so many plays on so many days to say anything.
HOURS = 1.5
LEAST_PLAYS = 8
LEAST_DAYS = 3
# Most of a row is drawn from what is wanted; nothing is explored in it.
_DRAWN = msgspec.structs.replace(POLICY, explore=0.0, returns=0.0)
# Of what belongs together, half is known and half goes with it.
_HALF_KNOWN = msgspec.structs.replace(_DRAWN, returns=0.5)


@dataclass(frozen=True)
class Asking:
    """Who asks for a row, of which models, and how long it may take."""

    store: Store
    serving: Serving
    listener: ListenerState
    budget: Budget

    def wanted(self, listener: ListenerState, exclude: Collection[str], what: str) -> Proposal:
        """Return what the models want for a listener, nothing where they do not say in time."""
        found = self.budget.tried(
            lambda: wanted.by_taste(self.serving, listener, ROW, exclude), what
        )
        return found or Proposal()

    def chosen(
        self,
        found: Found,
        policy: Policy = IN_ORDER,
        exclude: Collection[str] = (),
        seed: str = "",
        listener: ListenerState | None = None,
    ) -> Chosen:
        """Choose a row of what was found, by default for whoever asks."""
        listener = listener or self.listener
        return chosen(
            self.store,
            self.serving,
            listener,
            found,
            exclude=exclude,
            limit=ROW,
            policy=policy,
            seed=seed_of(listener, seed),
            budget=self.budget,
        )


def for_you(ask: Asking) -> Chosen:
    """Return what the listener is predicted to like best now."""
    refused = wanted.lately(ask.listener, ask.serving)
    best = ask.wanted(ask.listener, refused, "Right now is made")
    found = wanted.as_the_slider_has_it(ask.store, ask.serving, ask.listener, Found(best))
    return ask.chosen(found, _DRAWN, refused)


def because_of(ask: Asking, seed: str) -> Chosen:
    """Return what goes with one track that the listener liked or finished."""
    told = tuple(
        Evidence(one.track_id, one.weight, "seed", one.at)
        for one in ask.listener.evidence
        if one.track_id == seed
    )
    best = ask.wanted(replace(ask.listener, told=told), {seed}, "Because you played is made")
    return ask.chosen(Found(best), _DRAWN, {seed}, seed)


def of_a_mix(ask: Asking, listener: ListenerState, seed: str) -> Chosen:
    """Return what is known of one kind of the listener's taste, and what goes with it.

    It stays the same over the day.
    """
    own = sorted({one.track_id for one in listener.told if one.weight > 0})
    best = ask.wanted(listener, own, "A daily mix is made")
    order = np.random.default_rng(seed_of(listener, seed)).permutation(len(own))
    known = generators.again((own[place] for place in order.tolist()), ())
    return ask.chosen(Found(best, due=known), _HALF_KNOWN, seed=seed, listener=listener)


def again(ask: Asking) -> Chosen:
    """Return favourites that have not been played lately, what is due again first."""
    listener = ask.listener
    known = state.favourites(ask.store, listener.user_id, FAVOURITES)
    ids = [item.track_id for item in known if item.plays > 1 or item.feedback == "like"]
    lately = listener.recent[:10]
    due = ask.budget.tried(
        lambda: wanted.due(ask.serving, listener, POLICY.breadth * ROW, lately),
        "Play it again is made",
    )
    return ask.chosen(Found(rest=[*(due or ()), *generators.again(ids, lately)]))


def to_rediscover(ask: Asking) -> Chosen:
    """Return what was loved once and not played for long: what is nearest to mind first."""
    listener = ask.listener
    liked = [f"{listener.user_id}:{o.track_id}" for o in listener.told if o.why == "liked"]
    known = {
        one.id: one
        for one in (
            *state.favourites(ask.store, listener.user_id, FAVOURITES),
            *ask.store.get_many(FAMILIARITIES, liked).values(),
        )
    }
    before = listener.now - LONG_AGO_DAYS * DAY_MS
    loved = [one for one in known.values() if _loved(one) and 0 < one.last_at < before]
    loved.sort(key=lambda one: -_activation(one, listener.now))
    reasons = (Reason("loved"),)
    return ask.chosen(
        Found(rest=[Candidate(one.track_id, 0.0, "repeat", reasons) for one in loved])
    )


def _loved(one: Familiarity) -> bool:
    return one.feedback == "like" or (one.feedback is None and one.plays > max(2, one.skips))


def _activation(one: Familiarity, now: int) -> float:
    likes = 1 if one.feedback == "like" else 0
    return faded_activation(one.plays + likes, (now - one.last_at) / HOUR_MS)


def new_for_you(ask: Asking) -> Chosen:
    """Return what was added lately and never heard, what is wanted most first."""
    since = now_ms() - NEW_DAYS * DAY_MS
    newest = [t.id for t in catalogue.newest(ask.store, NEWEST) if t.added_at >= since]
    heard = wanted.heard(ask.store, ask.listener, newest)
    ids = [id for id in newest if id not in heard]
    if not ids:
        return Chosen()
    ranked = ask.budget.tried(
        lambda: wanted.among(ask.serving, ask.listener, ids), "New for you is made"
    )
    best = [one for one in (ranked or Proposal()).candidates if one.score > 0]
    if ranked is None or not best:
        return Chosen()
    return ask.chosen(Found(replace(ranked, candidates=tuple(best))), _DRAWN)


def at_this_hour(ask: Asking) -> Chosen:
    """Return what the listener plays around this time of the day, and what goes with it.

    It needs no time zone: a time of the day is so many hours before now, by whole days. Where the
    weekday has plays enough of its own, only those count.
    """
    listener = ask.listener
    for period in (7 * DAY_MS, DAY_MS):
        told = [one for one in listener.told if _then(one, listener.now, period)]
        plays = [one for one in told if one.weight > 0 and one.why != "liked"]
        days = {round((listener.now - one.at) / DAY_MS) for one in plays}
        if len(plays) >= LEAST_PLAYS and len(days) >= LEAST_DAYS:
            return _of_an_hour(ask, replace(listener, told=tuple(told)))
    return Chosen()


def _then(one: Evidence, now: int, period: int) -> bool:
    """Whether something was told around this time, a whole number of periods ago."""
    ago = now - one.at
    return round(ago / period) > 0 and abs(ago - round(ago / period) * period) <= HOURS * HOUR_MS


def _of_an_hour(ask: Asking, then: ListenerState) -> Chosen:
    plays: dict[str, float] = {}
    for one in then.told:
        plays[one.track_id] = plays.get(one.track_id, 0.0) + one.weight
    lately = set(ask.listener.recent[:10])
    own = sorted(
        (id for id in plays if plays[id] > 0), key=lambda track_id: (-plays[track_id], track_id)
    )
    best = ask.wanted(then, {*own, *lately}, "This time of the day is made")
    reasons = (Reason("hour"),)
    known = [Candidate(id, plays[id], "repeat", reasons) for id in own if id not in lately]
    return ask.chosen(Found(best, due=known), _HALF_KNOWN)


def to_explore(ask: Asking) -> Chosen:
    """Return tracks that the listener does not know yet, far from each other."""
    found = wanted.to_explore(
        ask.store, ask.serving, ask.listener, POLICY.breadth * ROW, seed_of(ask.listener)
    )
    return ask.chosen(Found(rest=found))


def loved_here(ask: Asking, popular: Sequence[str]) -> Chosen:
    """Return what is popular on this server, as far as it is for this listener."""
    return ask.chosen(Found(rest=generators.popular(popular[: POLICY.breadth * ROW])))
