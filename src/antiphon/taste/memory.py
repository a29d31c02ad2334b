"""What is kept of a listener for the models: bounded, packed, and changed without looking back.

A memory says nothing that listens, familiarities and preferences do not. After each change it is
what would be made from all of those anew; where it cannot know that, it says so.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from antiphon.model import Ending, Familiarity, Listen, Preferences, SourceKind

RECENT_LISTENS = 500
LIKES = 200
# In this order they are kept as numbers: others MAY only be added at the end.
ENDINGS: tuple[Ending, ...] = ("completed", "skipped", "stopped")
ORIGINS: tuple[SourceKind | None, ...] = (
    None,
    "album",
    "artist",
    "playlist",
    "search",
    "tracks",
    "history",
    "recommendation",
    "radio",
    "queue",
)
# Grows with every change of what is packed: a memory of another version is made anew.
_VERSION = 1


class Heard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One listen, as far as the models need to know it; times in milliseconds.

    `end` and `origin` are places in ENDINGS and ORIGINS, and `playlist_id` is the playlist that it
    came from, "" where it came from none.
    """

    track_id: str
    at: int
    played_ms: int
    duration_ms: int
    end: int = 0
    origin: int = 0
    playlist_id: str = ""

    @property
    def ended(self) -> Ending:
        """How it ended."""
        return ENDINGS[self.end]


class Word(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A track that the listener likes, or refuses, since when."""

    at: int
    track_id: str


class Memory(msgspec.Struct, frozen=True, array_like=True):
    """The last listens and likes, all refusals and wishes; oldest first, the same for the same."""

    heard: tuple[Heard, ...] = ()
    likes: tuple[Word, ...] = ()
    dislikes: tuple[Word, ...] = ()
    plays: int = 0
    discover: float = 0.5
    private: bool = False
    banned_artists: tuple[str, ...] = ()
    excluded_tracks: tuple[str, ...] = ()
    excluded_playlists: tuple[str, ...] = ()
    version: int = _VERSION


_decode = msgspec.msgpack.Decoder(Memory).decode


def packed(memory: Memory) -> bytes:
    """Return a memory in bytes: about 50 for each listen, so 25 kB at the most in the end."""
    return msgspec.msgpack.encode(memory)


def unpacked(kept: bytes) -> Memory | None:
    """Return the memory in these bytes, None where another version of Antiphon has packed it."""
    try:
        memory = _decode(kept)
    except msgspec.DecodeError:
        return None
    return memory if memory.version == _VERSION else None


def remembered(
    listens: Iterable[Listen],
    feedback: Iterable[Familiarity],
    plays: int,
    preferences: Preferences | None,
) -> Memory:
    """Return the memory of a listener from the truth.

    `listens` are the last RECENT_LISTENS, oldest first, those of one moment by their ids;
    `feedback` are all refusals and the last LIKES likes.
    """
    said = sorted(Word(one.feedback_at, one.track_id) for one in feedback)
    likes = {one.track_id for one in feedback if one.feedback == "like"}
    memory = Memory(
        tuple(map(heard, listens)),
        tuple(word for word in said if word.track_id in likes),
        tuple(word for word in said if word.track_id not in likes),
        plays,
    )
    return memory if preferences is None else after_wish(memory, preferences)


def heard(listen: Listen) -> Heard:
    """Return what the models need to know of a listen."""
    return Heard(
        listen.track_id,
        listen.at,
        listen.played_ms,
        listen.duration_ms,
        ENDINGS.index(listen.ended),
        ORIGINS.index(listen.source.kind if listen.source else None),
        playlist_of(listen),
    )


def playlist_of(listen: Listen) -> str:
    """Return the id of the playlist that a listen came from, "" where it came from none."""
    return listen.source.id if listen.source and listen.source.kind == "playlist" else ""


def after_listen(memory: Memory, listen: Listen) -> Memory | None:
    """Return the memory after a listen, however late it comes.

    None where another was at the same moment: which is first, only their ids tell.
    """
    place = bisect_left(memory.heard, listen.at, key=_at)
    if place < len(memory.heard) and memory.heard[place].at == listen.at:
        return None
    whole = (*memory.heard[:place], heard(listen), *memory.heard[place:])
    return replace(memory, heard=whole[-RECENT_LISTENS:], plays=memory.plays + listen.played)


def after_word(memory: Memory, known: Familiarity) -> Memory | None:
    """Return the memory after what was said of a track, which `known` tells.

    None where an older like has to be remembered in place of one that was taken back.
    """
    likes = [word for word in memory.likes if word.track_id != known.track_id]
    dislikes = [word for word in memory.dislikes if word.track_id != known.track_id]
    if known.feedback is not None:
        said = likes if known.feedback == "like" else dislikes
        insort(said, Word(known.feedback_at, known.track_id))
    if len(likes) < len(memory.likes) == LIKES:
        return None
    return replace(memory, likes=tuple(likes[-LIKES:]), dislikes=tuple(dislikes))


def after_wish(memory: Memory, preferences: Preferences) -> Memory:
    """Return the memory with what the listener has set."""
    return replace(
        memory,
        discover=preferences.discover,
        private=bool(preferences.private_since),
        banned_artists=preferences.banned_artists,
        excluded_tracks=preferences.excluded_tracks,
        excluded_playlists=preferences.excluded_playlists,
    )


def _at(one: Heard) -> int:
    return one.at
