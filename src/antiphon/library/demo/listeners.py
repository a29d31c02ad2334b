"""Simulated listeners: who might use a server, what they like, and eight weeks of their listening.

Everything is plain data; nothing is stored here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.model import Ending, Feedback, Track

_DAY_MS = 24 * 3600 * 1000
_DAYS = 56

Likings = NDArray[np.float64]


@dataclass(frozen=True)
class SimulatedListen:
    """One track heard: when it began, for how long, how it ended, and what was said about it."""

    track_id: str
    at: int
    played_ms: int
    ended: Ending
    feedback: Feedback | None = None


@dataclass(frozen=True)
class SimulatedListener:
    """A listener, described in one sentence, with their listens in order of time."""

    name: str
    about: str
    listens: tuple[SimulatedListen, ...]


@dataclass(frozen=True, kw_only=True)
class Persona:
    """A taste and its habits.

    `affinity` is how much each genre is liked, 0 to 1, 0.2 where nothing is said; `hours` are those
    (UTC) around which sessions begin; `daily` is the chance of each on a day; `curiosity` the share
    of tracks chosen without regard to taste; `patience` how seldom anything is skipped.
    """

    name: str
    about: str
    affinity: Mapping[str, float]
    hours: tuple[float, ...]
    daily: float
    session_tracks: int
    curiosity: float = 0.1
    patience: float = 0.5


PERSONAS = (
    Persona(
        name="Mira",
        about="Writes in the evenings, to quiet piano and wide, slow sounds.",
        affinity={"Neoclassical": 0.95, "Ambient": 0.9, "Jazz": 0.5, "Folk": 0.45},
        hours=(20.5,),
        daily=0.75,
        session_tracks=14,
        patience=0.8,
    ),
    Persona(
        name="Jonas",
        about="Runs before breakfast and wants everything above 120 beats a minute.",
        affinity={"Drum and Bass": 0.95, "House": 0.85, "Chiptune": 0.55},
        hours=(6.5,),
        daily=0.6,
        session_tracks=16,
        patience=0.2,
    ),
    Persona(
        name="Aylin",
        about="Studies with lo-fi beats all afternoon and unwinds with a jazz trio at night.",
        affinity={"Lo-Fi Hip Hop": 0.95, "Jazz": 0.8, "Ambient": 0.5, "Neoclassical": 0.4},
        hours=(14.5, 22.0),
        daily=0.55,
        session_tracks=13,
        curiosity=0.15,
    ),
    Persona(
        name="Tobias",
        about="Cooks slowly, to folk songs and an upright bass, and lets every song end.",
        affinity={"Folk": 0.95, "Jazz": 0.6, "Neoclassical": 0.5},
        hours=(10.0,),
        daily=0.45,
        session_tracks=18,
        curiosity=0.05,
        patience=0.9,
    ),
    Persona(
        name="Pixel",
        about="Grew up on game music, dances on Fridays, skips anything without a pulse.",
        affinity={"Chiptune": 0.95, "House": 0.7, "Drum and Bass": 0.6, "Lo-Fi Hip Hop": 0.45},
        hours=(18.0, 23.0),
        daily=0.4,
        session_tracks=15,
        patience=0.15,
    ),
    Persona(
        name="Rosa",
        about="Likes a little of everything and is always looking for something new.",
        affinity=dict.fromkeys(
            ("Folk", "Jazz", "House", "Ambient", "Lo-Fi Hip Hop", "Neoclassical", "Chiptune"), 0.6
        ),
        hours=(8.0, 17.5),
        daily=0.45,
        session_tracks=10,
        curiosity=0.5,
    ),
)


def simulate(tracks: Sequence[Track], *, seed: int, now_ms: int) -> Iterator[SimulatedListener]:
    """Invent listeners and what they heard in the eight weeks before `now_ms`.

    The same tracks (in any order), seed and moment give the same listens; without tracks the
    listeners have heard nothing.
    """
    ordered = sorted(tracks, key=lambda track: track.id)
    for number, persona in enumerate(PERSONAS):
        rng = np.random.default_rng((seed, number))
        listens = tuple(_listens(persona, ordered, now_ms, rng)) if ordered else ()
        yield SimulatedListener(persona.name, persona.about, listens)


def liking(persona: Persona, track: Track) -> float:
    """Return how much a persona likes the track's first genre, 0 to 1."""
    return persona.affinity.get(track.genres[0], 0.2) if track.genres else 0.2


def likings(persona: Persona, tracks: Sequence[Track], rng: np.random.Generator) -> Likings:
    """Return how much a persona likes each track (tracks,), 0.02 to 1: its genre's and its own."""
    of_genres = np.array([liking(persona, track) for track in tracks])
    return np.clip(of_genres + rng.normal(0, 0.12, len(tracks)), 0.02, 1)


def staying(persona: Persona, liked: float) -> float:
    """Return how likely a persona is to hear a track to its end, by how much it is liked."""
    return min(0.12 + 0.8 * liked + 0.25 * (persona.patience - 0.5), 1.0)


def skipped_after(rng: np.random.Generator) -> float:
    """Draw after which share of it a track is skipped: a quarter on average, seldom late."""
    return float(rng.beta(1.3, 4.0))


def _listens(
    persona: Persona, tracks: Sequence[Track], now_ms: int, rng: np.random.Generator
) -> Iterator[SimulatedListen]:
    liked = likings(persona, tracks, rng)
    judged: set[int] = set()
    free_from = 0
    for start in _session_starts(persona, now_ms, rng):
        at = max(start, free_from)
        for choice, final in _session(persona, liked, rng):
            heard = _heard(tracks[choice], at, float(liked[choice]), persona, rng, final=final)
            if at + heard.played_ms > now_ms:
                return
            yield _judged(heard, choice, float(liked[choice]), judged, rng)
            at += heard.played_ms + int(rng.integers(300, 4000))
        free_from = at


def _session_starts(persona: Persona, now_ms: int, rng: np.random.Generator) -> list[int]:
    today = now_ms // _DAY_MS * _DAY_MS
    starts = [
        today - day * _DAY_MS + int((hour + rng.normal(0, 0.6)) * 3_600_000)
        for day in range(_DAYS - 1, -1, -1)
        for hour in persona.hours
        if rng.random() < persona.daily
    ]
    return sorted(start for start in starts if start < now_ms)


def _session(
    persona: Persona, liked: Likings, rng: np.random.Generator
) -> Iterator[tuple[int, bool]]:
    """Choose a session's tracks, mostly by taste, none twice; say which is the last."""
    length = min(len(liked), 1 + int(rng.poisson(persona.session_tracks - 1)))
    tasteful = np.exp(5 * liked)
    weights = (1 - persona.curiosity) * tasteful / tasteful.sum() + persona.curiosity / len(liked)
    chosen = rng.choice(len(liked), size=length, replace=False, p=weights)
    for order, choice in enumerate(chosen.tolist()):
        yield choice, order == length - 1


def _heard(
    track: Track,
    at: int,
    liked: float,
    persona: Persona,
    rng: np.random.Generator,
    *,
    final: bool,
) -> SimulatedListen:
    if final and rng.random() < 0.5:
        return SimulatedListen(track.id, at, _share(track, rng.uniform(0.1, 0.9)), "stopped")
    if rng.random() < staying(persona, liked):
        return SimulatedListen(track.id, at, track.duration_ms, "completed")
    return SimulatedListen(track.id, at, _share(track, skipped_after(rng)), "skipped")


def _share(track: Track, share: float) -> int:
    return int(track.duration_ms * share)


def _judged(
    listen: SimulatedListen,
    choice: int,
    liked: float,
    judged: set[int],
    rng: np.random.Generator,
) -> SimulatedListen:
    """Add a like or a dislike now and then, once a track."""
    feedback: Feedback | None = None
    if choice not in judged and listen.ended == "completed" and rng.random() < 0.3 * liked**3:
        feedback = "like"
    elif (
        choice not in judged and listen.ended == "skipped" and rng.random() < 0.2 * (1 - liked) ** 3
    ):
        feedback = "dislike"
    if feedback is None:
        return listen
    judged.add(choice)
    return SimulatedListen(listen.track_id, listen.at, listen.played_ms, listen.ended, feedback)
