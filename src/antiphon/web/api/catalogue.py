"""Browsing and searching: albums, artists, tracks, genres."""

from typing import Annotated, Literal

import flask
import msgspec
from spectree import Response

from antiphon.model import Album, Artist, Track
from antiphon.store import Collection
from antiphon.store.port import D
from antiphon.store.schema import ALBUMS, ARTISTS, FAMILIARITIES, GENRES, LYRICS, SOUNDS, TRACKS
from antiphon.web.access import Access, allow
from antiphon.web.accounts import listener_id
from antiphon.web.api import present, views
from antiphon.web.api.description import spec
from antiphon.web.api.paging import PageQuery, page
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("catalogue", __name__)

# sort -> the declared order, and whether it runs backwards
_ALBUM_ORDERS = {
    "added": (("added_at",), True),
    "title": (("sort",), False),
    "artist": (("artist_sort", "original_year"), False),
    "year": (("original_year",), True),
}
_TRACK_ORDERS = {"title": (("missing", "sort"), False), "added": (("missing", "added_at"), True)}
# A track sounds the same for as long as it is not analysed anew.
SOUND_KEPT_S = 3600
# Every list of tracks or albums asks for the genres, and counting those of 100,000 tracks takes
# most of a second.
GENRES_KEPT_S = 60
TRACKS_OF_ARTIST = 10
APPEARANCES = 100


class AlbumQuery(PageQuery, frozen=True, kw_only=True):
    """Which albums are asked for, in which order."""

    sort: Literal["added", "title", "artist", "year"] = "added"
    genre: str = ""


class TrackQuery(PageQuery, frozen=True, kw_only=True):
    """Which tracks are asked for, in which order, by default by title.

    The `liked` ones are of every genre and come by the time of the like.
    """

    sort: Literal["title", "added"] | None = None
    genre: str = ""
    liked: bool = False


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for, and how many of each kind."""

    q: Annotated[str, msgspec.Meta(max_length=200)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 8


@blueprint.get("/albums")
@spec.validate(query=AlbumQuery, resp=Response(HTTP_200=views.AlbumPage))
@allow(Access.LISTENER)
def albums(query: AlbumQuery) -> flask.Response:
    """List albums."""
    order, descending = _ALBUM_ORDERS[query.sort]
    where = {"genres": query.genre} if query.genre else {}
    docs, after = page(site().store, ALBUMS, where, order, query, descending=descending)
    return present.json_of(views.AlbumPage(items=tuple(map(present.album, docs)), next=after))


@blueprint.get("/albums/<id>")
@spec.validate(resp=Response(HTTP_200=views.AlbumDetail))
@allow(Access.LISTENER)
def album(id: str) -> flask.Response:
    """Show an album with its tracks."""
    store = site().store
    doc: Album = existing(ALBUMS, id, "album")
    tracks = store.find(TRACKS, {"album_id": id}, ("album_id", "disc_no", "track_no"))
    return present.json_of(
        views.AlbumDetail(
            album=present.album(doc), tracks=present.tracks(store, listener_id(), tracks)
        )
    )


@blueprint.get("/artists")
@spec.validate(query=PageQuery, resp=Response(HTTP_200=views.ArtistPage))
@allow(Access.LISTENER)
def artists(query: PageQuery) -> flask.Response:
    """List artists by name."""
    docs, after = page(site().store, ARTISTS, {}, ("sort",), query)
    return present.json_of(views.ArtistPage(items=tuple(map(present.artist, docs)), next=after))


@blueprint.get("/artists/<id>")
@spec.validate(resp=Response(HTTP_200=views.ArtistDetail))
@allow(Access.LISTENER)
def artist(id: str) -> flask.Response:
    """Show an artist with albums, appearances, and tracks, first those the listener plays most."""
    store = site().store
    doc: Artist = existing(ARTISTS, id, "artist")
    own = store.find(ALBUMS, {"artist_ids": id}, ("original_year",), descending=True)
    tracks = store.find(TRACKS, {"artist_ids": id, "missing": False}, limit=1000)
    own_ids = {album.id for album in own}
    others = {track.album_id for track in tracks} - own_ids - {""}
    appears_on = store.get_many(ALBUMS, sorted(others)[:APPEARANCES]).values()
    shown = sorted(
        present.tracks(store, listener_id(), tracks), key=lambda t: (-t.plays, -t.original_year)
    )
    return present.json_of(
        views.ArtistDetail(
            artist=present.artist(doc),
            albums=tuple(map(present.album, own)),
            appears_on=tuple(map(present.album, appears_on)),
            tracks=tuple(shown[:TRACKS_OF_ARTIST]),
        )
    )


@blueprint.get("/tracks")
@spec.validate(query=TrackQuery, resp=Response(HTTP_200=views.TrackPage))
@allow(Access.LISTENER)
def tracks(query: TrackQuery) -> flask.Response:
    """List tracks."""
    docs, after = _liked(query) if query.liked else _all(query)
    items = present.tracks(site().store, listener_id(), docs)
    return present.json_of(views.TrackPage(items=items, next=after))


@blueprint.get("/tracks/<id>")
@spec.validate(resp=Response(HTTP_200=views.TrackView))
@allow(Access.LISTENER)
def track(id: str) -> flask.Response:
    """Show a track."""
    doc: Track = existing(TRACKS, id, "track")
    return present.json_of(present.tracks(site().store, listener_id(), [doc])[0])


@blueprint.get("/tracks/<id>/lyrics")
@spec.validate(resp=Response(HTTP_200=views.LyricsView))
@allow(Access.LISTENER)
def lyrics(id: str) -> flask.Response:
    """Show the words of a track."""
    doc = existing(LYRICS, id, "lyrics of a track")
    return present.json_of(views.LyricsView(text=doc.text, synced=doc.synced))


@blueprint.get("/tracks/<id>/sound")
@spec.validate(resp=Response(HTTP_200=views.SoundView))
@allow(Access.LISTENER)
def sound(id: str) -> flask.Response:
    """Show how a track sounds: its outline, its loudness, its tempo, its key."""
    return _kept(
        present.json_of(present.sound(existing(SOUNDS, id, "sound of a track"))), SOUND_KEPT_S
    )


@blueprint.get("/genres")
@spec.validate(resp=Response(HTTP_200=views.GenreList))
@allow(Access.LISTENER)
def genres() -> flask.Response:
    """List genres, the largest first."""
    store = site().store
    counts = store.group_count(TRACKS, "genres", {"missing": False})
    above = {genre.id: genre.parent for genre in store.get_many(GENRES, counts).values()}
    items = tuple(
        views.GenreView(name=name, track_count=n, parent=above.get(name, ""))
        for name, n in counts.items()
    )
    return _kept(present.json_of(views.GenreList(items=items)), GENRES_KEPT_S)


@blueprint.get("/search")
@spec.validate(query=SearchQuery, resp=Response(HTTP_200=views.Found))
@allow(Access.LISTENER)
def search(query: SearchQuery) -> flask.Response:
    """Find tracks, albums and artists by words and beginnings of words."""
    store = site().store
    tracks = store.search(TRACKS, query.q, query.limit, {"missing": False})
    return present.json_of(
        views.Found(
            tracks=present.tracks(store, listener_id(), tracks),
            albums=tuple(map(present.album, store.search(ALBUMS, query.q, query.limit))),
            artists=tuple(map(present.artist, store.search(ARTISTS, query.q, query.limit))),
        )
    )


def existing(collection: Collection[D], id: str, what: str) -> D:
    """Return a document.

    Raises:
        Problem: 404, there is none.
    """
    doc = site().store.get(collection, id)
    if doc is None:
        raise Problem(404, "Not found", f"There is no {what} {id[:80]!r}.")
    return doc


def existing_tracks(ids: list[str]) -> dict[str, Track]:
    """Return tracks by id.

    Raises:
        Problem: 404, one of them does not exist.
    """
    found = site().store.get_many(TRACKS, ids)
    if unknown := [id for id in ids if id not in found]:
        raise Problem(404, "Not found", f"There is no track {unknown[0][:80]!r}.")
    return found


def _kept(response: flask.Response, seconds: int) -> flask.Response:
    """Let a browser show an answer again without asking."""
    response.cache_control.no_cache = None
    response.cache_control.max_age = seconds
    return response


def _all(query: TrackQuery) -> tuple[list[Track], str | None]:
    order, descending = _TRACK_ORDERS[query.sort or "title"]
    where: dict[str, object] = {"missing": False}
    if query.genre:
        where["genres"] = query.genre
    return page(site().store, TRACKS, where, order, query, descending=descending)


def _liked(query: TrackQuery) -> tuple[list[Track], str | None]:
    if query.genre or query.sort:
        raise Problem(
            422, "This cannot be used", "liked=true has an order of its own: no genre, no sort."
        )
    store = site().store
    where = {"user_id": listener_id(), "feedback": "like"}
    likes, after = page(
        store, FAMILIARITIES, where, ("user_id", "liked_at"), query, descending=True
    )
    found = store.get_many(TRACKS, [like.track_id for like in likes])
    return [found[like.track_id] for like in likes if like.track_id in found], after
