"""Reasons in words: why a track is in an answer, as one would say it."""

from collections.abc import Callable

from antiphon.taste.reasons import Reason

# What two tracks have to do with each other, by the kind of generator that knows it.
_ABOUT: dict[str, str] = {
    "collaborative": "Listeners of {title} also play this",
    "sequence": "Often follows {title}",
    "content": "Sounds like {title}",
    "popular": "Popular in the genre of {title}",
}
# What the listener did with the track that is named.
_DID: dict[str, str] = {
    "liked": ", which you like",
    "finished": ", which you finished",
    "played": ", which you played",
}
_FACTS: dict[str, str] = {
    "new": "New to you",
    "again": "You come back to this",
    "popular": "Often played",
    "taste": "Goes with what you play",
    "loved": "You loved this",
    "hour": "You play this at this hour",
    "asked": "You asked for it",
    "library": "From the library",
    "earlier": "Chosen for you a little while ago",
    "spread": "Something different, to learn what you like",
    "same artist": "By the same artist",
    "same genre": "In the same genre",
}


def in_words(reason: Reason, title_of: Callable[[str], str]) -> str:
    """Return the sentence for a reason, or "" where the track it speaks of has no title any more.

    >>> in_words(Reason("liked", "tr-1"), {"tr-1": "Blue in Green"}.get)
    'Sounds like Blue in Green, which you like'
    """
    if not reason.track_id:
        return _FACTS.get(reason.why, "")
    title = title_of(reason.track_id)
    if not title:
        return ""
    about = _ABOUT.get(reason.by, _ABOUT["content"]).format(title=title)
    return about + (_DID.get(reason.why, "") if reason.by == "content" else "")
