"""Smart shuffle: a list in an order that begins with what is wanted now, and stays varied."""

import time
from collections.abc import Collection, Mapping, Sequence
from zlib import crc32

import msgspec
import numpy as np

from antiphon.live import measures, wanted
from antiphon.live.budget import Budget
from antiphon.live.choice import Chosen, answer
from antiphon.live.models import Serving
from antiphon.model import Answer, Recommendation, Track
from antiphon.taste.generators import Proposal
from antiphon.taste.listener import ListenerState
from antiphon.taste.policy import POLICY, Policy
from antiphon.taste.shuffling import shuffled as in_varied_order

# What was heard lately, at most half of the list, is wanted so many deviations less.
LATELY = 3.0


def shuffled(
    serving: Serving,
    listener: ListenerState,
    tracks: Sequence[Track],
    *,
    exclude: Collection[str] = (),
    limit: int | None = None,
    policy: Policy = POLICY,
) -> Answer:
    """Return the tracks in a varied order that begins with what is wanted now, each time another.

    What the listener has refused, and what is missing, is left out.
    """
    started = time.perf_counter()
    open_ones = _open(listener, tracks, exclude)
    asked = Budget(policy.budget_ms).tried(
        lambda: wanted.among(serving, listener, open_ones), "A shuffle is made"
    )
    made = answer(listener, "shuffle", Chosen(), model="" if asked is None else serving.version)
    scores = _scores(asked or Proposal(), listener.recent[: len(open_ones) // 2])
    order = in_varied_order(
        [scores.get(id, 0.0) for id in open_ones],
        [next(iter(track.artist_ids), "") for track in open_ones.values()],
        [track.album_id for track in open_ones.values()],
        np.random.default_rng(crc32(made.version.encode())),
    )
    ids = list(open_ones)
    items = tuple(
        Recommendation(
            track_id=ids[place],
            score=round(scores.get(ids[place], 0.0), 6),
            generator="shuffle",
            probability=float(f"{likely:.6g}"),
        )
        for place, likely in order[:limit]
    )
    outcome = "fallback" if asked is None else "made"
    measures.ANSWERS.labels("shuffle", outcome).observe(time.perf_counter() - started)
    return msgspec.structs.replace(made, items=items)


def _open(
    listener: ListenerState, tracks: Sequence[Track], exclude: Collection[str]
) -> dict[str, Track]:
    refused = {*exclude, *listener.disliked}
    return {
        track.id: track
        for track in tracks
        if track.id not in refused
        and not track.missing
        and listener.banned_artists.isdisjoint(track.artist_ids)
    }


def _scores(asked: Proposal, lately: Collection[str]) -> Mapping[str, float]:
    """Return how much each track is wanted, in deviations from the list's mean."""
    found = {one.track_id: one.score for one in asked.candidates}
    values = np.array(list(found.values()))
    mean, spread = (values.mean(), values.std() or 1.0) if len(values) else (0.0, 1.0)
    scores = {id: float((score - mean) / spread) for id, score in found.items()}
    return scores | {id: scores.get(id, 0.0) - LATELY for id in lately}
