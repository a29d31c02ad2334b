"""Playlists: ordered lists of tracks that a listener owns."""

import secrets
from collections.abc import Sequence
from typing import Annotated

import flask
import msgspec
from msgspec.structs import replace
from spectree import Response

from antiphon.library.names import sort_key
from antiphon.model import Playlist, Track, now_ms
from antiphon.store.schema import PLAYLISTS, TRACKS
from antiphon.web.access import Access, allow
from antiphon.web.accounts import listener_id
from antiphon.web.api import present, views
from antiphon.web.api.catalogue import existing, existing_tracks
from antiphon.web.api.description import spec
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("playlists", __name__)

LONGEST = 10_000
COVERS = 4
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
TrackIds = Annotated[list[str], msgspec.Meta(max_length=LONGEST)]


class NewPlaylist(msgspec.Struct, frozen=True):
    """A playlist to make."""

    name: Name
    track_ids: TrackIds = []


class Rename(msgspec.Struct, frozen=True):
    """A new name."""

    name: Name


class Additions(msgspec.Struct, frozen=True):
    """Tracks to add at the end."""

    track_ids: TrackIds


class Contents(msgspec.Struct, frozen=True):
    """The whole list in its new order, made from the list of that version."""

    track_ids: TrackIds
    version: int


@blueprint.get("/playlists")
@spec.validate(resp=Response(HTTP_200=views.PlaylistList))
@allow(Access.LISTENER)
def playlists() -> flask.Response:
    """List the listener's playlists by name."""
    docs = site().store.find(PLAYLISTS, {"user_id": listener_id()}, ("user_id", "sort"))
    return present.json_of(views.PlaylistList(items=tuple(map(present.playlist, docs))))


@blueprint.post("/playlists")
@spec.validate(json=NewPlaylist, resp=Response(HTTP_201=views.PlaylistView))
@allow(Access.LISTENER)
def create(json: NewPlaylist) -> flask.Response:
    """Make a playlist."""
    existing_tracks(json.track_ids)
    doc = Playlist(
        id=f"pl-{secrets.token_hex(12)}",
        user_id=listener_id(),
        name=json.name.strip(),
        sort=sort_key(json.name),
        created_at=now_ms(),
    )
    return _changed(doc, _filled(doc, json.track_ids), 201)


@blueprint.get("/playlists/<id>")
@spec.validate(resp=Response(HTTP_200=views.PlaylistDetail))
@allow(Access.LISTENER)
def show(id: str) -> flask.Response:
    """Show a playlist with its tracks."""
    doc = own(id)
    tracks = present.tracks(site().store, listener_id(), _tracks(doc.track_ids))
    return present.json_of(views.PlaylistDetail(playlist=present.playlist(doc), tracks=tracks))


@blueprint.patch("/playlists/<id>")
@spec.validate(json=Rename, resp=Response(HTTP_200=views.PlaylistView))
@allow(Access.LISTENER)
def rename(id: str, json: Rename) -> flask.Response:
    """Rename a playlist."""
    doc = own(id)
    return _changed(doc, replace(doc, name=json.name.strip(), sort=sort_key(json.name)))


@blueprint.delete("/playlists/<id>")
@spec.validate(resp=Response("HTTP_204"))
@allow(Access.LISTENER)
def delete(id: str) -> tuple[str, int]:
    """Delete a playlist."""
    site().store.delete_many(PLAYLISTS, [own(id).id])
    return "", 204


@blueprint.post("/playlists/<id>/tracks")
@spec.validate(json=Additions, resp=Response(HTTP_200=views.PlaylistView))
@allow(Access.LISTENER)
def add(id: str, json: Additions) -> flask.Response:
    """Add tracks at the end of a playlist."""
    doc = own(id)
    existing_tracks(json.track_ids)
    if len(doc.track_ids) + len(json.track_ids) > LONGEST:
        raise Problem(422, "Too long", f"A playlist holds at most {LONGEST} tracks.")
    return _changed(doc, _filled(doc, (*doc.track_ids, *json.track_ids)))


@blueprint.put("/playlists/<id>/tracks")
@spec.validate(json=Contents, resp=Response(HTTP_200=views.PlaylistView))
@allow(Access.LISTENER)
def arrange(id: str, json: Contents) -> flask.Response:
    """Put a playlist into a new order, or leave tracks out of it."""
    doc = own(id)
    existing_tracks(json.track_ids)
    return _changed(replace(doc, version=json.version), _filled(doc, json.track_ids))


def own(id: str) -> Playlist:
    """Return a playlist of the listener's own.

    Raises:
        Problem: 404, they have no such one.
    """
    doc = existing(PLAYLISTS, id, "playlist")
    if doc.user_id != listener_id():
        raise Problem(404, "Not found", f"There is no playlist {id[:80]!r}.")
    return doc


def _tracks(ids: Sequence[str]) -> list[Track]:
    """Return those of the tracks that there are, in this order."""
    known = site().store.get_many(TRACKS, set(ids))
    return [known[id] for id in ids if id in known]


def _filled(doc: Playlist, ids: Sequence[str]) -> Playlist:
    """Put these tracks into a playlist, and sum them up, so that a list of playlists need not."""
    tracks = _tracks(ids)
    covers = dict.fromkeys(track.art_id for track in tracks if track.art_id)
    return replace(
        doc,
        track_ids=tuple(ids),
        track_count=len(tracks),
        duration_ms=sum(track.duration_ms for track in tracks),
        art_ids=tuple(covers)[:COVERS],
    )


def _changed(before: Playlist, after: Playlist, status: int = 200) -> flask.Response:
    after = replace(after, version=before.version + 1, changed_at=now_ms())
    site().store.compare_and_put(PLAYLISTS, after, before.version)
    return present.json_of(present.playlist(after), status)
