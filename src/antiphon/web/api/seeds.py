"""What a radio or a shuffle is about: a track, an artist, an album, a genre, a playlist, likes."""

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

from antiphon.model import Track
from antiphon.store.schema import ALBUMS, ARTISTS, FAMILIARITIES, TRACKS
from antiphon.web.accounts import listener_id
from antiphon.web.api.catalogue import existing
from antiphon.web.api.playlists import own
from antiphon.web.problems import Problem
from antiphon.web.site import site

# `track:`, `artist:`, `album:` or `playlist:` and an id, `genre:` and a name, or `liked`.
Seed = Annotated[
    str,
    msgspec.Meta(pattern=r"^(liked|(track|artist|album|genre|playlist):.+)$", max_length=300),
]
_NAMED = 3


def planted(seeds: Sequence[str], limit: int) -> tuple[list[Track], str]:
    """Return the tracks that seeds name, at most `limit` of each, and what to call them together.

    Raises:
        Problem: 404, there is nothing of one of them.
    """
    found = [_planted(seed, limit) for seed in seeds]
    return [track for tracks, _ in found for track in tracks], _together([it for _, it in found])


def _planted(seed: str, limit: int) -> tuple[list[Track], str]:
    kind, _, name = seed.partition(":")
    tracks, title = _KINDS[kind](name, limit)
    if not tracks:
        raise Problem(404, "Not found", f"There is no track of {seed[:80]!r}.")
    return tracks, title


def _track(id: str, _limit: int) -> tuple[list[Track], str]:
    track = existing(TRACKS, id, "track")
    return [track], track.title


def _album(id: str, limit: int) -> tuple[list[Track], str]:
    return _tracks("album_id", id, limit), existing(ALBUMS, id, "album").title


def _artist(id: str, limit: int) -> tuple[list[Track], str]:
    return _tracks("artist_ids", id, limit), existing(ARTISTS, id, "artist").name


def _genre(name: str, limit: int) -> tuple[list[Track], str]:
    return _tracks("genres", name, limit), name


def _playlist(id: str, limit: int) -> tuple[list[Track], str]:
    doc = own(id)
    # Of a long one, tracks from its beginning to its end.
    step = -(-len(doc.track_ids) // limit) or 1
    return _there(doc.track_ids[::step]), doc.name


def _liked(_: str, limit: int) -> tuple[list[Track], str]:
    likes = site().store.find(
        FAMILIARITIES,
        {"user_id": listener_id(), "feedback": "like"},
        ("user_id", "liked_at"),
        descending=True,
        limit=limit,
    )
    return _there([like.track_id for like in likes]), "What you like"


_KINDS: dict[str, Callable[[str, int], tuple[list[Track], str]]] = {
    "track": _track,
    "album": _album,
    "artist": _artist,
    "genre": _genre,
    "playlist": _playlist,
    "liked": _liked,
}


def _tracks(field: str, value: str, limit: int) -> list[Track]:
    return site().store.find(TRACKS, {field: value, "missing": False}, limit=limit)


def _there(ids: Sequence[str]) -> list[Track]:
    """Return those of the tracks that can be played, in this order."""
    known = site().store.get_many(TRACKS, ids)
    return [known[id] for id in dict.fromkeys(ids) if id in known and not known[id].missing]


def _together(titles: Sequence[str]) -> str:
    """Return titles as one would say them, the last of many only by their number."""
    more = len(titles) - _NAMED
    named = [*titles[:_NAMED], *([f"{more} more"] if more > 0 else [])]
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))
