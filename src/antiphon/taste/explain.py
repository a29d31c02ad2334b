"""Reasons in words: why a track is in an answer, as one would say it."""

from collections.abc import Callable

from antiphon.taste.generators import Reason

_WORDS = {
    "liked": "Sounds like {title}, which you like",
    "finished": "Sounds like {title}, which you finished",
    "played": "Sounds like {title}, which you played",
    "seed": "Sounds like {title}",
    "new": "New to you",
    "again": "You come back to this",
    "popular": "Often played",
    "spread": "Something different, to learn what you like",
    "same artist": "By the same artist",
    "same genre": "In the same genre",
}


def in_words(reason: Reason, title_of: Callable[[str], str]) -> str:
    """Return the sentence for a reason, or "" where the track it speaks of has no title any more.

    >>> in_words(Reason("liked", "tr-1"), {"tr-1": "Blue in Green"}.get)
    'Sounds like Blue in Green, which you like'
    """
    title = title_of(reason.track_id) if reason.track_id else ""
    if reason.track_id and not title:
        return ""
    return _WORDS.get(reason.why, "").format(title=title)
