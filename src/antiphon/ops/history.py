"""What this instance's listeners did, as arrays: what its models are trained on.

Everything is read page by page and kept as numbers, 28 bytes a listen, and 70 at the most while
they are put in the order of time: 7 GB for a hundred million, of which 2.4 GB remain.

Simulated listeners count like anybody else. They are there only where somebody made the demo
library, and have heard nothing but that.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.features import FEATURE_SETS
from antiphon.model import Familiarity, Listen, Preferences, Track
from antiphon.ops.progress import OnProgress
from antiphon.store import In, Store, position
from antiphon.store.port import Collection, D
from antiphon.store.schema import FAMILIARITIES, FEATURES, LISTENS, PREFERENCES, TRACKS
from antiphon.taste.interactions import Interactions
from antiphon.taste.memory import playlist_of
from antiphon.taste.metric import RECIPES
from antiphon.taste.recommender import FeatureVectors
from antiphon.taste.weights import WEIGHTS, Replays, Weights, listen_weight

# The feature set that says to which genres a track belongs; so many of them, the most common.
GENRES = "genres"
MOST_GENRES = 200
_PAGE = 5_000
_ROW = np.dtype([("user", "i4"), ("item", "i4"), ("weight", "f4"), ("at", "i8"), ("began", "i8")])

Rows = NDArray[np.void]
# Ids and their places.
Places = dict[str, int]


def read(
    store: Store,
    gap_ms: int,
    on_progress: OnProgress | None = None,
    weights: Weights = WEIGHTS,
) -> Interactions:
    """Return what was listened to, liked and refused, of all tracks that can be played.

    A listen weighs what `taste.weights` says of how it ended, at the moment at which it did. A
    like is one more entry, of no session. Of a track that a listener dislikes or has banned only
    that is left, and of what they have excluded from their taste nothing. A session ends with a
    silence of `gap_ms`. Tracks that nobody played are items too; those that are missing are not,
    nor is what was done with them.
    """
    items = {track.id: place for place, track in enumerate(_playing(store))}
    users: Places = {}
    said = _rows(_feedback(store, users, items, weights))
    refused = np.sort(_pairs(said[said["weight"] < 0], len(items)))
    listens = _listens(store, users, items, weights, on_progress)
    heard = _rows(listens, refused, len(items))
    return _in_order(tuple(users), tuple(items), heard, said, gap_ms)


def fingerprint(interactions: Interactions) -> str:
    """Return what tells these interactions from any others, in 16 hexadecimal digits."""
    digest = hashlib.sha256("\n".join((*interactions.users, "", *interactions.items)).encode())
    for part in ("user", "item", "weight", "at", "session"):
        digest.update(np.ascontiguousarray(getattr(interactions, part)).data)
    return digest.hexdigest()[:16]


def features(store: Store) -> FeatureVectors:
    """Return the vectors of all tracks that can be played: how they sound, and their genres."""
    found: dict[str, Mapping[str, NDArray[np.floating[Any]]]] = {
        name: dict(_vectors(store, name)) for name in RECIPES
    }
    if genres := _genres(store):
        found[GENRES] = genres
    return {name: vectors for name, vectors in found.items() if vectors}


def _in_order(
    users: tuple[str, ...], items: tuple[str, ...], heard: Rows, said: Rows, gap_ms: int
) -> Interactions:
    """Put the rows in the order of time; listens come by listener, each in the order of time."""
    session = np.concatenate([_sessions(heard, gap_ms), np.full(len(said), -1, np.int32)])
    order = np.argsort(np.concatenate([heard["at"], said["at"]]), kind="stable")
    # One after the other: so there is never a second copy of all.
    user, item, weight, at = (
        np.concatenate([heard[name], said[name]])[order]
        for name in ("user", "item", "weight", "at")
    )
    return Interactions(users, items, user, item, weight, at, session[order])


def _sessions(heard: Rows, gap_ms: int) -> NDArray[np.int32]:
    """Number the sittings: one begins with each listener, and after each silence."""
    if not len(heard):
        return np.empty(0, np.int32)
    is_other = heard["user"][1:] != heard["user"][:-1]
    is_late = heard["began"][1:] - heard["at"][:-1] > gap_ms
    return np.concatenate([[0], np.cumsum(is_other | is_late)]).astype(np.int32)


def _rows(
    pages: Iterable[Sequence[tuple[int, ...]]],
    refused: NDArray[np.int64] = np.empty(0, np.int64),  # noqa: B008 - never written to
    items: int = 0,
) -> Rows:
    """Gather pages of rows in one array, without those of a refused pair of user and item."""
    gathered = bytearray()
    for page in pages:
        rows = np.array(page, _ROW)
        if len(refused):
            pairs = _pairs(rows, items)
            near = np.minimum(np.searchsorted(refused, pairs), len(refused) - 1)
            rows = rows[refused[near] != pairs]
        gathered += rows.tobytes()
    return np.frombuffer(gathered, _ROW)


def _pairs(rows: Rows, items: int) -> NDArray[np.int64]:
    pairs: NDArray[np.int64] = rows["user"].astype(np.int64) * items + rows["item"]
    return pairs


def _listens(
    store: Store,
    users: Places,
    items: Places,
    weights: Weights,
    on_progress: OnProgress | None,
) -> Iterator[list[tuple[int, ...]]]:
    total = store.count(LISTENS) if on_progress else 0
    done, excluded, speaker = 0, _excluded(store), _Speaker("", weights)
    for page in _pages(store, LISTENS, order_by=("user_id", "at")):
        rows = []
        for listen in page:
            if listen.user_id != speaker.user_id:
                speaker = _Speaker(listen.user_id, weights, excluded.get(listen.user_id))
            weight = speaker.says(listen)
            if weight and listen.track_id in items:
                rows.append(_heard(listen, weight, users, items))
        yield rows
        done += len(page)
        if on_progress:
            on_progress(done, max(done, total))


class _Speaker:
    """What one listener's listens say, taken oldest first."""

    def __init__(self, user_id: str, weights: Weights, wishes: Preferences | None = None) -> None:
        self.user_id = user_id
        self._weights = weights
        self._replays = Replays()
        self._tracks = {*wishes.excluded_tracks} if wishes else frozenset[str]()
        self._playlists = {*wishes.excluded_playlists} if wishes else frozenset[str]()

    def says(self, listen: Listen) -> float:
        """Return how much a listen speaks for its track; 0 where that is excluded from taste."""
        replayed = self._replays.take(listen)
        if listen.track_id in self._tracks or playlist_of(listen) in self._playlists:
            return 0.0
        return listen_weight(listen, self._weights, replayed=replayed)[0]


def _excluded(store: Store) -> dict[str, Preferences]:
    """Return the wishes of those listeners who have excluded anything from their taste."""
    return {
        wishes.id: wishes
        for page in _pages(store, PREFERENCES)
        for wishes in page
        if wishes.excluded_tracks or wishes.excluded_playlists
    }


def _heard(listen: Listen, weight: Any, users: Places, items: Places) -> tuple[int, ...]:
    user = users.setdefault(listen.user_id, len(users))
    return user, items[listen.track_id], weight, listen.at, listen.at - listen.played_ms


def _feedback(
    store: Store, users: Places, items: Places, weights: Weights
) -> Iterator[list[tuple[int, ...]]]:
    given = {"feedback": In(("like", "dislike", "ban"))}
    for page in _pages(store, FAMILIARITIES, given):
        yield [_told(known, users, items, weights) for known in page if known.track_id in items]


def _told(known: Familiarity, users: Places, items: Places, weights: Weights) -> tuple[int, ...]:
    weight: Any = weights.liked if known.feedback == "like" else weights.disliked
    user = users.setdefault(known.user_id, len(users))
    return user, items[known.track_id], weight, known.feedback_at, known.feedback_at


def _playing(store: Store) -> Iterator[Track]:
    for page in _pages(store, TRACKS, {"missing": False}):
        yield from page


def _vectors(store: Store, name: str) -> Iterator[tuple[str, NDArray[np.floating[Any]]]]:
    """Yield the kept vectors of a feature set, without those that were damaged."""
    columns, dtype = len(FEATURE_SETS[name].columns), np.dtype(FEATURE_SETS[name].dtype)
    for page in _pages(store, FEATURES, {"name": name}, ("name", "at")):
        for kept in page:
            if len(kept.vector) == columns * dtype.itemsize:
                vector = np.frombuffer(kept.vector, dtype)
                if np.isfinite(vector).all():
                    yield kept.track_id, vector


def _genres(store: Store) -> dict[str, NDArray[np.floating[Any]]]:
    """Return of each track that has any its genres, each an equal share of it."""
    genres = {track.id: track.genres for track in _playing(store) if track.genres}
    counts = Counter(genre for several in genres.values() for genre in several)
    place = {genre: n for n, (genre, _) in enumerate(counts.most_common(MOST_GENRES))}
    found: dict[str, NDArray[np.floating[Any]]] = {}
    for id, several in genres.items():
        found[id] = vector = np.zeros(len(place), np.float16)
        if known := [place[genre] for genre in several if genre in place]:
            vector[known] = 1 / len(known)
    return found


def _pages(
    store: Store,
    collection: Collection[D],
    where: Mapping[str, Any] | None = None,
    order_by: Sequence[str] = (),
) -> Iterator[list[D]]:
    after = None
    while page := store.find(collection, where, order_by, limit=_PAGE, after=after):
        yield page
        after = position(page[-1], order_by)
