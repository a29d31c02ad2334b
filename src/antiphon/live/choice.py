"""From candidates to recommendations: the policy, the catalogue's say, and the reasons in words."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import uuid_utils
from msgspec.structs import replace

from antiphon.live.budget import UNBOUNDED, Budget
from antiphon.live.models import Serving
from antiphon.model import Answer, Recommendation, Track, now_ms
from antiphon.store import Store
from antiphon.store.schema import TRACKS
from antiphon.taste.explain import in_words
from antiphon.taste.generators import Candidate, Proposal
from antiphon.taste.listener import ListenerState
from antiphon.taste.policy import POLICY, Choice, Policy, composed
from antiphon.taste.reasons import Reason

# Tracks whose artists a process remembers, about 100 bytes each.
REMEMBERED = 200_000
# So many tracks of an answer are looked at, and have reasons of their own: a page shows twenty.
LOOKED_AT = 24
# The last so many things that a listener did tell two states apart.
_TELLING = 100
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """What generators found for an answer: candidates of several kinds, the best first.

    `rest` comes where all else runs out.
    """

    wanted: Proposal = field(default_factory=Proposal)
    unknown: Sequence[Candidate] = ()
    due: Sequence[Candidate] = ()
    rest: Sequence[Candidate] = ()

    @property
    def ids(self) -> set[str]:
        """The ids of all candidates."""
        kinds = (self.wanted.candidates, self.unknown, self.due, self.rest)
        return {one.track_id for kind in kinds for one in kind}


@dataclass(frozen=True)
class Chosen:
    """What was chosen, and the `pool` it came from; `tracks` are the first, and those named."""

    items: tuple[Recommendation, ...] = ()
    pool: tuple[str, ...] = ()
    tracks: Mapping[str, Track] = field(default_factory=dict)


def chosen(
    store: Store,
    serving: Serving,
    listener: ListenerState,
    found: Found,
    *,
    exclude: Collection[str],
    limit: int,
    policy: Policy = POLICY,
    seed: int = 0,
    budget: Budget = UNBOUNDED,
) -> Chosen:
    """Apply the policy to what was found, and say the reasons of what was chosen.

    Of the candidates only the artists are looked at, which are remembered; of the first that were
    chosen, and of those that their reasons name, the catalogue tells the rest. What has gone
    meanwhile is left out, and chosen again.
    """
    artists = credited(store, serving, found.ids)
    refused = {*exclude, *listener.disliked, *(found.ids - artists.keys())}
    if listener.banned_artists:
        refused |= {id for id, them in artists.items() if listener.banned_artists & {*them}}
    while True:
        choice = composed(
            found.wanted.candidates,
            lambda track_id: artists[track_id][:1],
            limit=limit,
            exclude=refused,
            unknown=found.unknown,
            due=found.due,
            rest=found.rest,
            policy=policy,
            seed=seed,
        )
        explained = _explained(found.wanted, choice, budget)
        named = {reason.track_id for one in explained for reason in one.reasons if reason.track_id}
        first = {one.track_id for one in explained[:LOOKED_AT]}
        tracks = _present(store, serving, first | named)
        gone = first - tracks.keys()
        if not gone:
            items = tuple(_recommendation(one, tracks) for one in explained)
            return Chosen(items, choice.pool, tracks)
        refused |= gone


def credited(store: Store, serving: Serving, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the artists of those of the tracks that are there, as they were when last seen."""
    known = serving.credits
    found = {id: known[id] for id in ids if id in known}
    missing = [id for id in ids if id not in found]
    return found | {id: track.artist_ids for id, track in _present(store, serving, missing).items()}


def seed_of(listener: ListenerState, *more: str) -> int:
    """Return a seed for what is drawn for a listener: the same as long as they do nothing."""
    acts = [f"{one.track_id}{one.at}{one.why}" for one in listener.told[-_TELLING:]]
    refused = f"{len(listener.disliked)} {len(listener.banned_artists)} {listener.discover}"
    return crc32(" ".join([listener.user_id, *more, refused, *acts]).encode())


def answer(
    listener: ListenerState,
    surface: str,
    made: Chosen,
    *,
    model: str,
    event: str = "",
    note: str = "",
) -> Answer:
    """Return what was chosen as an answer of its own."""
    return Answer(
        id=f"{listener.user_id}:{surface}",
        user_id=listener.user_id,
        surface=surface,
        items=made.items,
        version=str(uuid_utils.uuid7()),
        event=event,
        model=model,
        made_at=now_ms(),
        pool=made.pool,
        note=note,
    )


def _present(store: Store, serving: Serving, ids: Collection[str]) -> dict[str, Track]:
    """Return those of the tracks that can be played, and remember their artists."""
    if not ids:
        return {}
    found = store.get_many(TRACKS, ids)
    tracks = {id: track for id, track in found.items() if not track.missing}
    if len(serving.credits) > REMEMBERED:
        serving.credits.clear()
    serving.credits.update((id, track.artist_ids) for id, track in tracks.items())
    return tracks


def _explained(wanted: Proposal, choice: Choice, budget: Budget) -> list[Candidate]:
    """Say why, while there is time: the models that are asked have just answered in it."""
    try:
        if not budget.is_spent:
            first = wanted.with_reasons(choice.items[:LOOKED_AT])
            return [*first, *map(_plain, choice.items[LOOKED_AT:])]
    except Exception as error:  # noqa: BLE001 - a good answer needs no reasons, whatever is wrong
        _log.warning("An answer goes without its reasons: %s: %s", type(error).__name__, error)
    return [_plain(one) for one in choice.items]


def _plain(one: Candidate) -> Candidate:
    return replace(one, reasons=one.reasons or (Reason("taste"),))


def _recommendation(candidate: Candidate, tracks: Mapping[str, Track]) -> Recommendation:
    def title_of(id: str) -> str:
        return tracks[id].title if id in tracks else ""

    sentences = (in_words(reason, title_of) for reason in candidate.reasons)
    return Recommendation(
        track_id=candidate.track_id,
        score=round(candidate.score, 6),
        generator=candidate.generator,
        reasons=tuple(dict.fromkeys(filter(None, sentences))),
        probability=float(f"{candidate.probability:.6g}"),
    )
