"""Tell me why: what each kind of model says of one track, and which listens make it say so."""

from collections.abc import Mapping, Sequence

import numpy as np

from antiphon.live import wanted
from antiphon.live.budget import Budget
from antiphon.live.choice import Found, credited
from antiphon.live.models import Serving
from antiphon.model import Track, Value
from antiphon.store import Store
from antiphon.store.schema import TRACKS
from antiphon.taste.draw import drawn
from antiphon.taste.ensemble import Ranking, contributions, kind_of
from antiphon.taste.explain import in_words
from antiphon.taste.generators import Candidate, Proposal
from antiphon.taste.interactions import Matrix
from antiphon.taste.listener import Evidence, ListenerState
from antiphon.taste.policy import POLICY, Policy, bent
from antiphon.taste.reasons import Reason, reasons
from antiphon.taste.weights import Why

# So many of the listener's own tracks are named for it, and so many against it.
FOR, AGAINST = 5, 3
# Nobody is told of what adds less than this part.
_LEAST = 0.01
_BUDGET_MS = 1000
_WORDS: dict[str, str] = {
    "collaborative": "What listeners like you play",
    "sequence": "What follows in sittings like this one",
    "content": "How it sounds",
    "popular": "How often it is played",
}


class Voice(Value, frozen=True, omit_defaults=False):
    """What one kind of model says: `share` of all that is said, less than 0 against the track."""

    kind: str
    words: str
    share: float


class Told(Value, frozen=True, omit_defaults=False):
    """What the listener did with another track, and the share that it has; `at` of the last."""

    track_id: str
    title: str
    why: Why
    at: int
    share: float


class Explanation(Value, frozen=True, omit_defaults=False):
    """Why a track is recommended, or why not.

    `sentences` say it in words. `place` is the track's among those that may come now, from 1
    (None: it is far behind, or may not), `chance` how likely it is to be drawn as the first, and
    `refused` in words what keeps it from coming, "" where nothing does.
    """

    track_id: str
    sentences: tuple[str, ...]
    voices: tuple[Voice, ...] = ()
    told: tuple[Told, ...] = ()
    place: int | None = None
    chance: float = 0.0
    refused: str = ""


def why(
    store: Store,
    serving: Serving,
    listener: ListenerState,
    track: Track,
    policy: Policy = POLICY,
) -> Explanation:
    """Return why the track would play next, or would not; at about the cost of one answer."""
    policy = bent(policy, listener.discover)
    lately = wanted.lately(listener, serving, policy.not_again_within)
    refused = _refused(listener, track, lately)
    known = track.id in serving.ensemble.rows
    proposal = Budget(_BUDGET_MS).tried(
        lambda: wanted.by_taste(serving, listener, policy.pool, lately, policy), "A reason is told"
    )
    if proposal is None or proposal.ranking is None or not known:
        return Explanation(track_id=track.id, sentences=_unheard(known), refused=refused)
    ranking = proposal.ranking
    shares = _said(ranking, track.id)
    told = _told(store, ranking, proposal.told, shares, track.id)
    found = reasons(ranking, proposal.told, [track.id])[track.id]
    ranked = [] if refused else _may_come(store, serving, listener, proposal)
    places = {one.track_id: place for place, one in enumerate(ranked, 1)}
    place = places.get(track.id)
    return Explanation(
        track_id=track.id,
        sentences=_sentences(store, found),
        voices=_voices(shares),
        told=told,
        place=place,
        chance=_chance(ranked, place, policy),
        refused=refused,
    )


def _unheard(known: bool) -> tuple[str, ...]:
    if known:
        return ("Nothing is known of your taste yet, or of this track: it may come by chance.",)
    return ("This track was not listened to by Antiphon yet: it may come by chance.",)


def _refused(listener: ListenerState, track: Track, lately: Sequence[str]) -> str:
    if track.missing:
        return "Its file is gone."
    if track.id in listener.disliked:
        return "You said that it is not for you."
    if not listener.banned_artists.isdisjoint(track.artist_ids):
        return "You want nothing by this artist."
    if track.id in lately:
        return f"You have just heard it: it does not come within {len(lately)} tracks."
    return ""


def _said(ranking: Ranking, track_id: str) -> dict[str, float]:
    """Return what each voice adds for the track, as shares of all that is added for and against."""
    row = ranking.ensemble.rows[track_id]
    said = {}
    for voice in ranking.ensemble.voices:
        place = int(voice.places[row])
        if voice.name in ranking.said and place >= 0:
            said[voice.name] = float(ranking.said[voice.name][place])
    total = sum(map(abs, said.values()))
    return {name: each / total for name, each in said.items()} if total else {}


def _voices(shares: Mapping[str, float]) -> tuple[Voice, ...]:
    kinds: dict[str, float] = {}
    for name, share in shares.items():
        kinds[kind_of(name)] = kinds.get(kind_of(name), 0.0) + share
    found = sorted(kinds.items(), key=lambda pair: -pair[1])
    return tuple(
        Voice(kind=kind, words=_WORDS[kind], share=round(share, 3)) for kind, share in found
    )


def _told(
    store: Store,
    ranking: Ranking,
    told: Sequence[Evidence],
    shares: Mapping[str, float],
    track_id: str,
) -> tuple[Told, ...]:
    """Return what the listener did that says most for the track, then what says most against it."""
    parts = _parts(ranking, told, shares, track_id)
    last = {one.track_id: one for one in told}
    order = sorted(parts, key=lambda track_id: -parts[track_id])
    named = [id for id in order[:FOR] if parts[id] >= _LEAST]
    named += [id for id in reversed(order[-AGAINST:]) if parts[id] <= -_LEAST]
    tracks = store.get_many(TRACKS, named)
    return tuple(
        Told(
            track_id=id,
            title=tracks[id].title,
            why=last[id].why,
            at=last[id].at,
            share=round(parts[id], 3),
        )
        for id in named
        if id in tracks
    )


def _parts(
    ranking: Ranking, told: Sequence[Evidence], shares: Mapping[str, float], track_id: str
) -> dict[str, float]:
    """Return how much each other track adds: its part in what makes each voice say what it says."""
    row = np.array([ranking.ensemble.rows[track_id]], np.int32)
    parts: dict[str, float] = {}
    for name, share in shares.items():
        added: Matrix = contributions(ranking, name, row)[0]
        total = float(np.abs(added).sum())
        for one, each in zip(told, added.tolist(), strict=True):
            if total and one.track_id != track_id:
                parts[one.track_id] = parts.get(one.track_id, 0.0) + abs(share) * each / total
    return parts


def _may_come(
    store: Store, serving: Serving, listener: ListenerState, proposal: Proposal
) -> list[Candidate]:
    """Return what was ranked as the slider has it, without what the listener wants nothing of."""
    found = wanted.as_the_slider_has_it(store, serving, listener, Found(proposal))
    ranked = found.wanted.candidates
    artists = credited(store, serving, [one.track_id for one in ranked])
    return [
        one
        for one in ranked
        if one.track_id in artists and listener.banned_artists.isdisjoint(artists[one.track_id])
    ]


def _chance(ranked: Sequence[Candidate], place: int | None, policy: Policy) -> float:
    """Return how likely the track at a place of the ranking is to be drawn first."""
    best = [one.score for one in ranked[: policy.pool]]
    if place is None or place > len(best):
        return 0.0
    logits = drawn(best, policy.temperature, np.random.default_rng(0)).logits
    if not len(logits):
        return float(place == 1)
    return float(f"{np.exp(logits[place - 1]) / np.exp(logits).sum():.3g}")


def _sentences(store: Store, found: Sequence[Reason]) -> tuple[str, ...]:
    tracks = store.get_many(TRACKS, [one.track_id for one in found if one.track_id])
    titles = {id: track.title for id, track in tracks.items()}
    said = (in_words(one, lambda track_id: titles.get(track_id, "")) for one in found)
    return tuple(filter(None, said))
