"""The questions that answers ask of the catalogue: what is new, what is kin, what is popular."""

from collections.abc import Sequence
from itertools import islice

from antiphon.model import Track, now_ms
from antiphon.store import In, Range, Store
from antiphon.store.schema import LISTENS, TRACKS
from antiphon.taste.generators import Candidate
from antiphon.taste.reasons import Reason

POPULAR_DAYS = 60
POPULAR = 200
_DAY_MS = 86_400_000


def newest(store: Store, limit: int) -> list[Track]:
    """Return the tracks added last, latest first."""
    return store.find(
        TRACKS, {"missing": False}, ("missing", "added_at"), descending=True, limit=limit
    )


def most_played(store: Store) -> list[str]:
    """Return the ids of the tracks played most on this server lately, most first.

    Where they are few, those follow that were played most in the archive that they come from.
    """
    since = now_ms() - POPULAR_DAYS * _DAY_MS
    plays = store.group_count(LISTENS, "track_id", {"played": True, "at": Range(gte=since)})
    played = list(islice(plays, POPULAR))
    if len(played) < POPULAR:
        played += [track.id for track in played_elsewhere(store, POPULAR)]
    return list(dict.fromkeys(played))[:POPULAR]


def played_elsewhere(store: Store, limit: int) -> list[Track]:
    """Return the tracks played most in the archive that they come from, most first."""
    known = {"missing": False, "prior_plays": Range(gt=0)}
    order = ("missing", "prior_plays")
    return store.find(TRACKS, known, order, descending=True, limit=limit)


def kin(store: Store, seeds: Sequence[Track], limit: int) -> list[Candidate]:
    """Return tracks by the seeds' artists, then of their genres: what tags know without sound."""
    artists = sorted({id for track in seeds for id in track.artist_ids})
    genres = sorted({genre for track in seeds for genre in track.genres})
    found: dict[str, Candidate] = {}
    for field, values, reason in (
        ("artist_ids", artists, Reason("same artist")),
        ("genres", genres, Reason("same genre")),
    ):
        for track in store.find(TRACKS, {field: In(values), "missing": False}, limit=limit):
            found.setdefault(track.id, Candidate(track.id, 0.0, "kin", (reason,)))
    return list(found.values())
