"""Radio: tracks around some seeds, steered by what the listener skips and likes meanwhile."""

import time
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from antiphon.live import catalogue, measures
from antiphon.live.budget import Budget
from antiphon.live.choice import Found, answer, chosen, seed_of
from antiphon.live.models import Serving
from antiphon.live.notes import note_of
from antiphon.model import Answer, Track
from antiphon.store import Store
from antiphon.taste import generators
from antiphon.taste.generators import Candidate, Proposal
from antiphon.taste.listener import Evidence, ListenerState
from antiphon.taste.policy import POLICY, Policy
from antiphon.taste.reasons import Reason

# How loudly a seed speaks; how many times as loudly as elsewhere what was done in the present
# sitting, by which the radio is steered; and what was done before, of which so much counts.
SEEDS = 3.0
SITTING = 3.0
MOOD = 0.25
MOOD_LISTENS = 20


def radio(
    store: Store,
    serving: Serving,
    listener: ListenerState,
    seeds: Sequence[Track],
    *,
    exclude: Collection[str] = (),
    limit: int = 25,
    policy: Policy = POLICY,
) -> Answer:
    """Return tracks around the seeds, bent by what the listener likes and skips just now.

    Where nothing is known of the seeds' sound, nor of who plays them, it goes by artist and genre.
    """
    started = time.perf_counter()
    budget = Budget(policy.budget_ms)
    refused = {*exclude, *listener.disliked}
    ids = {track.id for track in seeds}
    breadth = policy.breadth * limit
    near = budget.tried(
        lambda: _around(serving, listener, seeds, breadth, refused | ids), "A radio is made"
    )
    kin = [one for one in catalogue.kin(store, seeds, breadth) if one.track_id not in ids]
    if len(ids) > 1:
        # Where nothing else goes with an album, its radio plays the album; a track's not the track.
        kin += [Candidate(id, 0.0, "kin", (Reason("asked"),)) for id in sorted(ids)]
    made = chosen(
        store,
        serving,
        listener,
        Found(near or Proposal(), rest=kin),
        exclude=refused if len(ids) > 1 else refused | ids,
        limit=limit,
        policy=replace(policy, explore=0.0, returns=0.0),
        seed=seed_of(listener, *(track.id for track in seeds)),
        budget=budget,
    )
    outcome = "fallback" if near is None else "made"
    measures.ANSWERS.labels("radio", outcome).observe(time.perf_counter() - started)
    note = note_of(store, listener, made)
    model = "" if near is None else serving.version
    return answer(listener, "radio", made, model=model, note=note)


def _around(
    serving: Serving,
    listener: ListenerState,
    seeds: Sequence[Track],
    limit: int,
    refused: Collection[str],
) -> Proposal:
    now = {id(one) for one in listener.session}
    mood = [
        replace(one, weight=(SITTING if id(one) in now else MOOD) * one.weight)
        for one in listener.told[-MOOD_LISTENS:]
    ]
    return generators.around(
        serving.ensemble,
        [Evidence(track.id, SEEDS, "seed", listener.now) for track in seeds],
        mood,
        now=listener.now,
        gap_ms=listener.gap_ms,
        limit=limit,
        exclude=refused,
    )
