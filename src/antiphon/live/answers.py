"""What plays next: a listener's state and the models become the endless queue.

While the models are slow or broken, an answer is made without them (`fallback`). So an answer is
never an error, and never empty while there is a track that it may hold.
"""

import logging
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from zlib import crc32

import msgspec

from antiphon.live import catalogue, fallback, measures, state, wanted
from antiphon.live.budget import Budget
from antiphon.live.choice import Chosen, Found, answer, chosen, seed_of
from antiphon.live.models import Serving
from antiphon.live.notes import note_of
from antiphon.model import Answer, Recommendation, Track
from antiphon.store import Store, StoreError
from antiphon.store.schema import ANSWERS
from antiphon.taste import generators
from antiphon.taste.ensemble import CONTENT
from antiphon.taste.listener import Evidence, ListenerState
from antiphon.taste.policy import IN_ORDER, POLICY, Policy, bent

# More than a page asks for, so that what it has queued already can be left out.
PREPARED = 40
KEEP_WITHIN_S = 0.05
_keeper = ThreadPoolExecutor(1, thread_name_prefix="keeper")
_log = logging.getLogger(__name__)


def next_up(
    store: Store,
    serving: Serving,
    listener: ListenerState,
    *,
    event: str = "",
    exclude: Collection[str] = (),
    limit: int = 20,
    policy: Policy = POLICY,
) -> Answer:
    """Return what the endless queue plays next for this listener; `event` is what it answers.

    The same state and models give the same tracks in the same order.
    """
    started = time.perf_counter()
    policy = bent(policy, listener.discover)
    made, model = _made(store, serving, listener, exclude=exclude, limit=limit, policy=policy)
    made = fallback.filled(store, serving, listener, made, exclude=exclude, limit=limit)
    outcome = "made" if model else "fallback"
    measures.ANSWERS.labels("next", outcome).observe(time.perf_counter() - started)
    note = note_of(store, listener, made)
    return answer(listener, "next", made, model=model, event=event, note=note)


def prepared_or_made(
    store: Store, serving: Serving, user_id: str, *, exclude: Collection[str], limit: int
) -> Answer:
    """Return what plays next: the answer that was prepared, if it still serves, else a new one.

    A new one is kept as if it had been prepared. Without what is excluded the probabilities are
    those of the whole answer still. There are fewer than `limit` where that is all there is.
    """
    prepared = store.get(ANSWERS, f"{user_id}:next")
    serves = prepared is not None and prepared.model == serving.version
    measures.PREPARED.labels("hit" if serves else "miss").inc()
    if prepared is None or not serves:
        prepared = _prepared(store, serving, user_id, prepared)
    items = tuple(item for item in prepared.items if item.track_id not in exclude)
    if len(items) < limit and len(prepared.items) >= PREPARED:
        return _beyond(store, serving, prepared, exclude, limit)
    pool = tuple(id for id in prepared.pool if id not in exclude)
    return msgspec.structs.replace(prepared, items=items[:limit], pool=pool)


def similar(store: Store, serving: Serving, track: Track, limit: int) -> tuple[Recommendation, ...]:
    """Return the tracks that sound most like this one."""
    nobody = ListenerState("", (Evidence(track.id, 1.0, "seed"),))
    by_sound = replace(serving, ensemble=serving.ensemble.of(CONTENT))
    near = wanted.by_taste(by_sound, nobody, limit, {track.id})
    kin = () if near.candidates else catalogue.kin(store, [track], POLICY.breadth * limit)
    found = Found(near, rest=kin)
    made = chosen(store, serving, nobody, found, exclude={track.id}, limit=limit, policy=IN_ORDER)
    return made.items


def _made(
    store: Store,
    serving: Serving,
    listener: ListenerState,
    *,
    exclude: Collection[str],
    limit: int,
    policy: Policy,
) -> tuple[Chosen, str]:
    """Return what was chosen, and the version of the models that did it, "" where none could."""
    budget = Budget(policy.budget_ms)
    seed = seed_of(listener)
    refused = {*exclude, *wanted.lately(listener, serving, policy.not_again_within)}
    found = budget.tried(
        lambda: wanted.asked(serving, listener, limit, refused, policy), "An answer is made"
    )
    if found is None:
        return fallback.without_models(store, serving, listener, exclude=refused, limit=limit), ""
    # Who is known gets as much to explore as there are places for it; a newcomer nothing else.
    known = bool(found.wanted.candidates or found.due)
    places = round(policy.explore * limit) if known else limit
    if places:
        count = wanted.CHOICE * places + wanted.SPARE
        unknown = wanted.to_explore(store, serving, listener, count, seed)
        found = replace(found, unknown=generators.weighed(found.wanted, unknown))
    found = wanted.as_the_slider_has_it(store, serving, listener, found)
    made = chosen(
        store,
        serving,
        listener,
        found,
        exclude=refused,
        limit=limit,
        policy=policy,
        seed=seed,
        budget=budget,
    )
    return made, serving.version


def _beyond(
    store: Store, serving: Serving, prepared: Answer, exclude: Collection[str], limit: int
) -> Answer:
    """Return what comes after all that was prepared; asked again, it has the same version."""
    listener = _listener(store, serving, prepared.user_id)
    made = next_up(store, serving, listener, event=prepared.event, exclude=exclude, limit=limit)
    asked = crc32(" ".join([str(limit), *sorted(exclude)]).encode())
    return msgspec.structs.replace(made, version=f"{prepared.version}.{asked:08x}")


def _prepared(store: Store, serving: Serving, user_id: str, before: Answer | None) -> Answer:
    """Make an answer and keep it, unless the worker has made one meanwhile: return what is kept."""
    listener = _listener(store, serving, user_id)
    event = before.event if before else ""
    made = next_up(store, serving, listener, event=event, limit=PREPARED)

    def keep() -> Answer:
        there = store.get(ANSWERS, made.id)
        if there is not None and (before is None or there.version != before.version):
            return there
        store.put(ANSWERS, made)
        return made

    writing = _keeper.submit(store.transact, keep)
    try:
        return writing.result(KEEP_WITHIN_S)
    except (StoreError, TimeoutError) as error:
        # It is kept later, or not: nobody has to wait while somebody else writes.
        _log.info("An answer is given before it is kept: %s", error)
        return made


def _listener(store: Store, serving: Serving, user_id: str) -> ListenerState:
    return state.load(store, user_id, gap_ms=serving.gap_ms, weights=serving.weights)
