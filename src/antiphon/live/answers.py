"""The answers: a listener's state and the models become recommendations for each surface."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from zlib import crc32

import msgspec

from antiphon.live import catalogue, state
from antiphon.live.effects import familiarity_id
from antiphon.live.models import Serving
from antiphon.model import Answer, Recommendation, Track, now_ms
from antiphon.store import Store
from antiphon.store.schema import ANSWERS, FAMILIARITIES, TRACKS
from antiphon.taste import generators
from antiphon.taste.ensemble import CONTENT
from antiphon.taste.explain import in_words
from antiphon.taste.generators import Candidate, Proposal
from antiphon.taste.listener import Evidence, ListenerState
from antiphon.taste.policy import ROUND, varied

# Candidates looked up for each place in an answer: enough to choose from, few enough to fetch.
BREADTH = 4
NOT_AGAIN_WITHIN = 25
NEWEST = 50
# Tracks to explore beyond the places for them, as some may turn out to be known.
SPARE = 4
# A radio is bent by so many of the last listens, each heard so loudly beside the seeds.
MOOD_LISTENS = 20
MOOD = 0.5
SEED = 3.0


def next_up(
    store: Store,
    serving: Serving,
    user_id: str,
    *,
    version: str,
    exclude: Collection[str] = (),
    limit: int = 20,
) -> Answer:
    """Return what the endless queue plays next for this listener."""
    listener = state.load(store, user_id)
    refused = {*exclude, *_lately(listener, serving, NOT_AGAIN_WITHIN), *listener.disliked}
    wanted = _by_taste(serving, listener, BREADTH * limit, refused)
    # Who is known gets as much to explore as there are places for it; a newcomer nothing else.
    places = limit // ROUND + SPARE if wanted.candidates else limit
    unknown = _unknown(store, serving, listener, places, version)
    back = _due(serving, listener, limit, refused)
    items = _chosen(store, wanted, exclude=refused, limit=limit, unknown=unknown, due=back)
    if len(items) < limit:
        refused = {*exclude, *listener.disliked, *(item.track_id for item in items)}
        items += _anything(store, listener, limit - len(items), refused)
    return _answer(user_id, "next", items, version, serving)


def prepared_or_made(
    store: Store, serving: Serving, user_id: str, *, exclude: Collection[str], limit: int
) -> Answer:
    """Return what plays next: the answer that the worker prepared, if it still serves."""
    prepared = store.get(ANSWERS, f"{user_id}:next")
    if prepared is not None and prepared.model == serving.version:
        items = [item for item in prepared.items if item.track_id not in exclude]
        if len(items) >= limit:
            return msgspec.structs.replace(prepared, items=tuple(items[:limit]))
    version = prepared.version if prepared else ""
    return next_up(store, serving, user_id, version=version, exclude=exclude, limit=limit)


def radio(
    store: Store,
    serving: Serving,
    user_id: str,
    seeds: Sequence[Track],
    *,
    exclude: Collection[str] = (),
    limit: int = 25,
) -> Answer:
    """Return tracks around the seeds, bent by what the listener likes and skips just now."""
    listener = state.load(store, user_id)
    mood = [_softer(one) for one in listener.told[-MOOD_LISTENS:]]
    refused = {*exclude, *listener.disliked, *(track.id for track in seeds)}
    wanted = generators.around(
        serving.ensemble,
        [Evidence(track.id, SEED, "seed", listener.now) for track in seeds],
        mood,
        now=listener.now,
        limit=BREADTH * limit,
        exclude=refused,
    )
    kin = catalogue.kin(store, seeds, BREADTH * limit)
    items = _chosen(store, wanted, kin, exclude=refused, limit=limit)
    return _answer(user_id, "radio", items, "", serving)


def similar(store: Store, serving: Serving, track: Track, limit: int) -> tuple[Recommendation, ...]:
    """Return the tracks that sound most like this one."""
    seeds = [Evidence(track.id, 1.0, "seed")]
    sound = serving.ensemble.of(CONTENT)
    wanted = generators.by_taste(sound, seeds, now=0, limit=BREADTH * limit, exclude={track.id})
    kin = [] if wanted.candidates else catalogue.kin(store, [track], BREADTH * limit)
    return _chosen(store, wanted, kin, exclude={track.id}, limit=limit)


def for_you(
    store: Store, serving: Serving, listener: ListenerState, limit: int
) -> tuple[Recommendation, ...]:
    """Return what the listener is predicted to like best now."""
    refused = {*_lately(listener, serving), *listener.disliked}
    wanted = _by_taste(serving, listener, BREADTH * limit, refused)
    return _chosen(store, wanted, exclude=refused, limit=limit)


def because_of(
    store: Store, serving: Serving, listener: ListenerState, seed: str, limit: int
) -> tuple[Recommendation, ...]:
    """Return what goes with one track that the listener liked or finished."""
    told = tuple(
        Evidence(one.track_id, one.weight, "seed", one.at)
        for one in listener.evidence
        if one.track_id == seed
    )
    refused = {seed, *listener.disliked}
    wanted = _by_taste(serving, replace(listener, told=told), BREADTH * limit, refused)
    return _chosen(store, wanted, exclude=refused, limit=limit)


def _by_taste(
    serving: Serving, listener: ListenerState, limit: int, exclude: Collection[str]
) -> Proposal:
    return generators.by_taste(
        serving.ensemble, listener.told, now=listener.now, limit=limit, exclude=exclude
    )


def _due(
    serving: Serving, listener: ListenerState, limit: int, exclude: Collection[str]
) -> list[Candidate]:
    return generators.due(
        serving.ensemble, listener.told, now=listener.now, limit=limit, exclude=exclude
    )


def _lately(listener: ListenerState, serving: Serving, most: int | None = None) -> Sequence[str]:
    """Return what was played last, so much of it as leaves most of a small library."""
    return listener.recent[: min(most or len(listener.recent), len(serving.ensemble.items) // 3)]


def _softer(one: Evidence) -> Evidence:
    return Evidence(one.track_id, MOOD * one.weight, one.why, one.at)


def again(
    store: Store, serving: Serving, listener: ListenerState, limit: int
) -> tuple[Recommendation, ...]:
    """Return favourites that have not been played lately, what is due again first."""
    known = state.favourites(store, listener.user_id, BREADTH * limit)
    ids = [item.track_id for item in known if item.plays > 1 or item.feedback == "like"]
    lately = listener.recent[:10]
    candidates = [
        *_due(serving, listener, BREADTH * limit, lately),
        *generators.again(ids, lately),
    ]
    return _chosen(store, Proposal(), candidates, exclude=listener.disliked, limit=limit)


def to_explore(
    store: Store, serving: Serving, listener: ListenerState, limit: int, version: str
) -> tuple[Recommendation, ...]:
    """Return tracks that the listener does not know yet."""
    unknown = _unknown(store, serving, listener, BREADTH * limit, version)
    return _chosen(store, Proposal(), unknown, exclude=listener.disliked, limit=limit)


def loved_here(
    store: Store, popular: Sequence[str], listener: ListenerState, limit: int
) -> tuple[Recommendation, ...]:
    """Return what is popular on this server, as far as it is for this listener."""
    candidates = generators.popular(popular[: BREADTH * limit])
    return _chosen(store, Proposal(), candidates, exclude=listener.disliked, limit=limit)


def _unknown(
    store: Store, serving: Serving, listener: ListenerState, limit: int, version: str
) -> list[Candidate]:
    """Return tracks never heard: spread over the library's sounds, else simply the newest."""
    spread = generators.to_spread(serving.content, listener, limit, seed=crc32(version.encode()))
    newest = [track.id for track in catalogue.newest(store, NEWEST)]
    ids = [*(candidate.track_id for candidate in spread), *newest]
    known = store.get_many(FAMILIARITIES, [familiarity_id(listener.user_id, id) for id in ids])
    heard = {item.track_id for item in known.values()}
    fresh = generators.unheard(newest, heard)
    return [*(item for item in spread if item.track_id not in heard), *fresh]


def _anything(
    store: Store, listener: ListenerState, limit: int, exclude: Collection[str]
) -> tuple[Recommendation, ...]:
    """Return what is there at all, what was played last at last: the music must not end."""
    ids = [track.id for track in catalogue.newest(store, limit + len(exclude))]
    played = {id: place for place, id in enumerate(reversed(listener.recent), 1)}
    candidates = generators.anything(sorted(ids, key=lambda track_id: played.get(track_id, 0)))
    return _chosen(store, Proposal(), candidates, exclude=exclude, limit=limit)


def _chosen(
    store: Store,
    wanted: Proposal,
    others: Sequence[Candidate] = (),
    *,
    exclude: Collection[str],
    limit: int,
    unknown: Sequence[Candidate] = (),
    due: Sequence[Candidate] = (),
) -> tuple[Recommendation, ...]:
    """Apply the policy to what is wanted, then the others; say the reasons of what was chosen.

    Two looks into the catalogue: at the candidates, and at the tracks that the reasons name.
    """
    ranked = [*wanted.candidates, *others]
    tracks = store.get_many(TRACKS, {one.track_id for one in (*ranked, *unknown, *due)})

    def playable(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
        return (one for one in candidates if (t := tracks.get(one.track_id)) and not t.missing)

    chosen = varied(
        playable(ranked),
        lambda track_id: tracks[track_id].artist_ids[:1],
        exclude=exclude,
        limit=limit,
        unknown=playable(unknown),
        due=playable(due),
    )
    explained = wanted.with_reasons(chosen)
    named = {reason.track_id for one in explained for reason in one.reasons if reason.track_id}
    tracks |= store.get_many(TRACKS, named - tracks.keys())
    return tuple(_recommendation(one, _titles(tracks)) for one in explained)


def _recommendation(candidate: Candidate, title_of: Callable[[str], str]) -> Recommendation:
    sentences = (in_words(reason, title_of) for reason in candidate.reasons)
    return Recommendation(
        track_id=candidate.track_id,
        score=round(candidate.score, 6),
        generator=candidate.generator,
        reasons=tuple(dict.fromkeys(filter(None, sentences))),
    )


def _titles(tracks: dict[str, Track]) -> Callable[[str], str]:
    return lambda track_id: tracks[track_id].title if track_id in tracks else ""


def _answer(
    user_id: str,
    surface: str,
    items: tuple[Recommendation, ...],
    version: str,
    serving: Serving,
) -> Answer:
    return Answer(
        id=f"{user_id}:{surface}",
        user_id=user_id,
        surface=surface,
        items=items,
        version=version,
        model=serving.version,
        made_at=now_ms(),
    )
