"""The controls: what a listener says of tracks, artists and playlists, and how far it goes.

Each is an event, taken back by another one. Its effect is made by the live worker: what is read
directly afterwards may still be as it was. The id of the event, in what is accepted, comes back in
the answer that it changed.
"""

import re
from typing import Literal

import flask
import msgspec
from spectree import Response

from antiphon.events.records import Kind, Rating, Share
from antiphon.model import Document, Preferences
from antiphon.store import Collection
from antiphon.store.port import D
from antiphon.store.schema import ARTISTS, FAMILIARITIES, PLAYLISTS, PREFERENCES, TRACKS
from antiphon.web.access import Access, allow
from antiphon.web.accounts import listener_id
from antiphon.web.api import present, views
from antiphon.web.api.accepting import accept, said, say
from antiphon.web.api.catalogue import existing
from antiphon.web.api.description import spec
from antiphon.web.api.playlists import own
from antiphon.web.ids import EVENT_ID
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("controls", __name__)

# As the `listen_id` of an event: all listens of its track that were forgotten.
ALL = "*"
# So many banned tracks are shown, and so many of each kind can be left out.
MOST_BANNED = 500
MOST = 1_000
_FEEDBACK: dict[Literal["like", "dislike", "ban"] | None, Kind] = {
    "like": "liked",
    "dislike": "disliked",
    "ban": "banned",
    None: "undone",
}


class FeedbackBody(msgspec.Struct, frozen=True):
    """What the listener thinks of a track; null takes it back."""

    value: Literal["like", "dislike", "ban"] | None


class RatingBody(msgspec.Struct, frozen=True):
    """How good a track is, from 1 to 5; null takes it back."""

    value: Rating | None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to set: how far from the familiar (0 to 1), whether nothing is to be learned."""

    discover: Share | None = None
    private: bool | None = None


@blueprint.put("/tracks/<id>/feedback")
@spec.validate(json=FeedbackBody, resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def feedback(id: str, json: FeedbackBody) -> flask.Response:
    """Like a track, say that it is not for one, ban it, or take that back."""
    return say(_FEEDBACK[json.value], track_id=existing(TRACKS, id, "track").id)


@blueprint.put("/tracks/<id>/rating")
@spec.validate(json=RatingBody, resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def rate(id: str, json: RatingBody) -> flask.Response:
    """Rate a track, or take the rating back."""
    return say("rated", track_id=existing(TRACKS, id, "track").id, rating=json.value)


@blueprint.put("/artists/<id>/ban")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def ban_artist(id: str) -> flask.Response:
    """Never be played this artist again."""
    existing(ARTISTS, id, "artist")
    _see_room(_preferences().banned_artists, id)
    return say("banned", artist_id=id)


@blueprint.delete("/artists/<id>/ban")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def unban_artist(id: str) -> flask.Response:
    """Let an artist be played again."""
    if id not in _preferences().banned_artists:
        existing(ARTISTS, id, "artist")
    return say("undone", artist_id=id)


@blueprint.put("/tracks/<id>/exclusion")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def exclude_track(id: str) -> flask.Response:
    """Let a track say nothing of one's taste, as what the children play."""
    existing(TRACKS, id, "track")
    _see_room(_preferences().excluded_tracks, id)
    return say("excluded", track_id=id)


@blueprint.delete("/tracks/<id>/exclusion")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def include_track(id: str) -> flask.Response:
    """Let a track speak of one's taste again."""
    if id not in _preferences().excluded_tracks:
        existing(TRACKS, id, "track")
    return say("included", track_id=id)


@blueprint.put("/playlists/<id>/exclusion")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def exclude_playlist(id: str) -> flask.Response:
    """Let what is played from a playlist say nothing of one's taste."""
    own(id)
    _see_room(_preferences().excluded_playlists, id)
    return say("excluded", playlist_id=id)


@blueprint.delete("/playlists/<id>/exclusion")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def include_playlist(id: str) -> flask.Response:
    """Let what is played from a playlist speak of one's taste again."""
    if id not in _preferences().excluded_playlists:
        own(id)
    return say("included", playlist_id=id)


@blueprint.put("/history/<id>/forgotten")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def forget_listen(id: str) -> flask.Response:
    """Forget a listen, as if it had never been; so a skip is undone.

    The id is that of the history, or of the event that ended the listen: one that is still on its
    way through the log may be forgotten too, as what is said comes into effect in its order.
    """
    return say("forgotten", listen_id=_event_of(id))


@blueprint.delete("/history/<id>/forgotten")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def remember_listen(id: str) -> flask.Response:
    """Remember a listen again that was forgotten."""
    return say("undone", listen_id=_event_of(id))


@blueprint.put("/tracks/<id>/forgotten")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def forget_track(id: str) -> flask.Response:
    """Forget every listen of a track; what was said of it, such as a like, stays."""
    return say("forgotten", track_id=existing(TRACKS, id, "track").id)


@blueprint.delete("/tracks/<id>/forgotten")
@spec.validate(resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def remember_track(id: str) -> flask.Response:
    """Remember every listen of a track again that was forgotten."""
    return say("undone", track_id=existing(TRACKS, id, "track").id, listen_id=ALL)


@blueprint.get("/preferences")
@spec.validate(resp=Response(HTTP_200=views.PreferencesView))
@allow(Access.LISTENER)
def preferences() -> flask.Response:
    """Show what the listener has set, and what is left out; what is gone by now has no name.

    Of what was set just now, that which the live worker has not come to yet is not seen.
    """
    store, user_id, known = site().store, listener_id(), _preferences()
    banned = store.find(FAMILIARITIES, {"user_id": user_id, "feedback": "ban"}, limit=MOST_BANNED)
    banned_ids = [one.track_id for one in banned]
    tracks = present.tracks_by_id(store, user_id, {*banned_ids, *known.excluded_tracks})
    return present.json_of(
        views.PreferencesView(
            discover=known.discover,
            private=known.private_since > 0,
            private_since=known.private_since,
            banned_artists=_named(ARTISTS, known.banned_artists),
            banned_tracks=tuple(tracks[id] for id in banned_ids if id in tracks),
            excluded_tracks=tuple(tracks[id] for id in known.excluded_tracks if id in tracks),
            excluded_playlists=_named(PLAYLISTS, known.excluded_playlists),
        )
    )


@blueprint.patch("/preferences")
@spec.validate(json=Settings, resp=Response(HTTP_202=views.Accepted))
@allow(Access.LISTENER)
def prefer(json: Settings) -> flask.Response:
    """Set how far from the familiar answers go, or begin or end a private session."""
    events = []
    if json.discover is not None:
        events.append(said("tuned", value=json.discover))
    if json.private is not None:
        events.append(said("private", value=float(json.private)))
    if not events:
        raise Problem(422, "This cannot be used", "Nothing is set: name discover, private or both.")
    return accept(events)


def _preferences() -> Preferences:
    return site().store.get(PREFERENCES, listener_id()) or Preferences(id=listener_id())


def _see_room(left_out: tuple[str, ...], id: str) -> None:
    if len(left_out) >= MOST and id not in left_out:
        raise Problem(422, "Too many", f"{MOST} are left out already: take one of them back first.")


def _event_of(listen_id: str) -> str:
    """Return the id of the event that ended one of the listener's own listens."""
    owner, _, event_id = listen_id.rpartition(":")
    if owner not in {"", listener_id()} or not re.match(EVENT_ID, event_id):
        raise Problem(404, "Not found", f"There is no listen {listen_id[:80]!r} of yours.")
    return event_id


def _named(collection: Collection[D], ids: tuple[str, ...]) -> tuple[views.NamedView, ...]:
    docs: dict[str, D] = site().store.get_many(collection, ids)
    return tuple(views.NamedView(id=id, name=_name(docs.get(id))) for id in ids)


def _name(doc: Document | None) -> str:
    return str(getattr(doc, "name", ""))
