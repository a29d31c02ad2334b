"""The answers: a listener's state and the models become recommendations for each surface."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from zlib import crc32

from msgspec.structs import replace

from antiphon.live import catalogue, state
from antiphon.live.effects import familiarity_id
from antiphon.model import Answer, Recommendation, Track, now_ms
from antiphon.store import Store
from antiphon.store.schema import ANSWERS, FAMILIARITIES, TRACKS
from antiphon.taste import generators
from antiphon.taste.content import ContentModel
from antiphon.taste.explain import in_words
from antiphon.taste.generators import Candidate
from antiphon.taste.listener import Evidence, ListenerState
from antiphon.taste.policy import varied

# Candidates looked up for each place in an answer: enough to choose from, few enough to fetch.
BREADTH = 5
NOT_AGAIN_WITHIN = 25
NEWEST = 50


def next_up(
    store: Store,
    model: ContentModel,
    user_id: str,
    *,
    version: str,
    exclude: Collection[str] = (),
    limit: int = 20,
) -> Answer:
    """Return what the endless queue plays next for this listener."""
    listener = state.load(store, user_id)
    lately = listener.recent[: min(NOT_AGAIN_WITHIN, len(model) // 3)]
    refused = {*exclude, *lately, *listener.disliked}
    pool = BREADTH * limit + len(refused)
    wanted = generators.by_content(model, listener.evidence, pool)
    unknown = _unknown(store, model, listener, limit, version)
    items = _chosen(store, wanted, exclude=refused, limit=limit, unknown=unknown)
    return _answer(user_id, "next", items, version, model)


def prepared_or_made(
    store: Store, model: ContentModel, user_id: str, *, exclude: Collection[str], limit: int
) -> Answer:
    """Return what plays next: the answer that the worker prepared, if it still serves."""
    prepared = store.get(ANSWERS, f"{user_id}:next")
    if prepared is not None and prepared.model == model.version:
        items = [item for item in prepared.items if item.track_id not in exclude]
        if len(items) >= limit:
            return replace(prepared, items=tuple(items[:limit]))
    version = prepared.version if prepared else ""
    return next_up(store, model, user_id, version=version, exclude=exclude, limit=limit)


def radio(
    store: Store,
    model: ContentModel,
    user_id: str,
    seeds: Sequence[Track],
    *,
    exclude: Collection[str] = (),
    limit: int = 25,
) -> Answer:
    """Return tracks around the seeds, bent by what the listener likes and skips just now."""
    listener = state.load(store, user_id)
    wanted = [Evidence(track.id, 3.0, "seed") for track in seeds]
    mood = [Evidence(item.track_id, item.weight / 2, item.why) for item in listener.evidence]
    refused = {*exclude, *listener.disliked, *(track.id for track in seeds)}
    candidates = [
        *generators.by_content(model, [*wanted, *mood[:20]], BREADTH * limit + len(refused)),
        *catalogue.kin(store, seeds, BREADTH * limit),
    ]
    items = _chosen(store, candidates, exclude=refused, limit=limit)
    return _answer(user_id, "radio", items, "", model)


def similar(
    store: Store, model: ContentModel, track: Track, limit: int
) -> tuple[Recommendation, ...]:
    """Return the tracks that sound most like this one."""
    seeds = [Evidence(track.id, 1.0, "seed")]
    candidates = generators.by_content(model, seeds, BREADTH * limit)
    if not candidates:
        candidates = catalogue.kin(store, [track], BREADTH * limit)
    return _chosen(store, candidates, exclude={track.id}, limit=limit)


def for_you(
    store: Store, model: ContentModel, listener: ListenerState, limit: int
) -> tuple[Recommendation, ...]:
    """Return what the listener is predicted to like best now."""
    lately = listener.recent[: len(model) // 3]
    refused = {*lately, *listener.disliked}
    wanted = generators.by_content(model, listener.evidence, BREADTH * limit + len(refused))
    return _chosen(store, wanted, exclude=refused, limit=limit)


def because_of(
    store: Store, model: ContentModel, listener: ListenerState, seed: str, limit: int
) -> tuple[Recommendation, ...]:
    """Return what sounds like one track that the listener liked or finished."""
    evidence = [item for item in listener.evidence if item.track_id == seed]
    refused = {seed, *listener.disliked}
    wanted = generators.by_content(model, evidence, BREADTH * limit + len(refused))
    return _chosen(store, wanted, exclude=refused, limit=limit)


def again(store: Store, listener: ListenerState, limit: int) -> tuple[Recommendation, ...]:
    """Return favourites that have not been played lately."""
    known = state.favourites(store, listener.user_id, BREADTH * limit)
    ids = [item.track_id for item in known if item.plays > 1 or item.feedback == "like"]
    candidates = generators.again(ids, listener.recent[:10])
    return _chosen(store, candidates, exclude=listener.disliked, limit=limit)


def to_explore(
    store: Store, model: ContentModel, listener: ListenerState, limit: int, version: str
) -> tuple[Recommendation, ...]:
    """Return tracks that the listener does not know yet."""
    unknown = _unknown(store, model, listener, BREADTH * limit, version)
    return _chosen(store, unknown, exclude=listener.disliked, limit=limit)


def loved_here(
    store: Store, popular: Sequence[str], listener: ListenerState, limit: int
) -> tuple[Recommendation, ...]:
    """Return what is popular on this server, as far as it is for this listener."""
    candidates = generators.popular(popular[: BREADTH * limit])
    return _chosen(store, candidates, exclude=listener.disliked, limit=limit)


def _unknown(
    store: Store, model: ContentModel, listener: ListenerState, limit: int, version: str
) -> list[Candidate]:
    """Return tracks never heard: spread over the library's sounds, else simply the newest."""
    spread = generators.to_spread(model, listener, limit, seed=crc32(version.encode()))
    newest = [track.id for track in catalogue.newest(store, NEWEST)]
    ids = [*(candidate.track_id for candidate in spread), *newest]
    known = store.get_many(FAMILIARITIES, [familiarity_id(listener.user_id, id) for id in ids])
    heard = {item.track_id for item in known.values()}
    fresh = generators.unheard(newest, heard)
    return [*(item for item in spread if item.track_id not in heard), *fresh]


def _chosen(
    store: Store,
    ranked: Sequence[Candidate],
    *,
    exclude: Collection[str],
    limit: int,
    unknown: Sequence[Candidate] = (),
) -> tuple[Recommendation, ...]:
    """Apply the policy and say the reasons, with one look into the catalogue."""
    both = [*ranked, *unknown]
    reason_ids = (reason.track_id for item in both for reason in item.reasons)
    ids = chain((item.track_id for item in both), reason_ids)
    tracks = store.get_many(TRACKS, {id for id in ids if id})

    def playable(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
        return (one for one in candidates if (t := tracks.get(one.track_id)) and not t.missing)

    chosen = varied(
        playable(ranked),
        lambda track_id: tracks[track_id].artist_ids[:1],
        exclude=exclude,
        limit=limit,
        unknown=playable(unknown),
    )
    return tuple(_recommendation(item, _titles(tracks)) for item in chosen)


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
    model: ContentModel,
) -> Answer:
    return Answer(
        id=f"{user_id}:{surface}",
        user_id=user_id,
        surface=surface,
        items=items,
        version=version,
        model=model.version,
        made_at=now_ms(),
    )
