"""The answers: the home page, what plays next, radio, what sounds alike."""

from collections.abc import Sequence
from typing import Annotated

import flask
import msgspec
from spectree import Response

from antiphon.live import answers, home
from antiphon.model import Answer, Recommendation, Track
from antiphon.store.schema import ALBUMS, ARTISTS, TRACKS
from antiphon.web.access import Access, allow
from antiphon.web.accounts import listener_id
from antiphon.web.api import present, views
from antiphon.web.api.catalogue import existing
from antiphon.web.api.description import spec
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("recommendations", __name__)

SEED_TRACKS = 20
_WELL_KNOWN_PLAYS = 30


class AnswerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How many tracks are asked for, and which not (ids, separated by commas)."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    exclude: Annotated[str, msgspec.Meta(max_length=20_000)] = ""

    @property
    def excluded(self) -> frozenset[str]:
        """The ids of the tracks not asked for."""
        return frozenset(filter(None, self.exclude.split(",")))


class RadioQuery(AnswerQuery, frozen=True, kw_only=True):
    """What the radio is about: `track:`, `artist:`, `album:` and an id, or `genre:` and a name."""

    seed: Annotated[str, msgspec.Meta(pattern=r"^(track|artist|album|genre):.", max_length=300)]


class SimilarQuery(msgspec.Struct, frozen=True):
    """How many tracks are asked for."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


@blueprint.get("/home")
@spec.validate(resp=Response(HTTP_200=views.HomeView))
@allow(Access.LISTENER)
def show_home() -> flask.Response:
    """Show the home page."""
    here, user_id = site(), listener_id()
    made = home.home(here.store, here.models, user_id)
    tracks = present.tracks_by_id(
        here.store, user_id, [item.track_id for row in made.rows for item in row.tracks]
    )
    learning = views.LearningView(plays=made.plays, text=_learning(made.plays))
    rows = tuple(_row(row, tracks) for row in made.rows)
    return present.json_of(views.HomeView(rows=rows, learning=learning))


@blueprint.get("/answers/next")
@spec.validate(query=AnswerQuery, resp=Response(HTTP_200=views.AnswerView))
@allow(Access.LISTENER)
def next_up(query: AnswerQuery) -> flask.Response:
    """Tell what the endless queue plays next."""
    here, user_id = site(), listener_id()
    answer = answers.prepared_or_made(
        here.store, here.models.now, user_id, exclude=query.excluded, limit=query.limit
    )
    response = _answer(answer, "Next from Antiphon")
    response.add_etag()
    response.make_conditional(flask.request)
    return response


@blueprint.get("/radio")
@spec.validate(query=RadioQuery, resp=Response(HTTP_200=views.AnswerView))
@allow(Access.LISTENER)
def radio(query: RadioQuery) -> flask.Response:
    """Tune in to tracks around a track, an artist, an album or a genre."""
    here = site()
    seeds, title = _seeds(query.seed)
    answer = answers.radio(
        here.store,
        here.models.now,
        listener_id(),
        seeds,
        exclude=query.excluded,
        limit=query.limit,
    )
    return _answer(answer, f"{title} radio")


@blueprint.get("/tracks/<id>/similar")
@spec.validate(query=SimilarQuery, resp=Response(HTTP_200=views.RecommendedList))
@allow(Access.LISTENER)
def similar(id: str, query: SimilarQuery) -> flask.Response:
    """List the tracks that sound most like this one."""
    here = site()
    track = existing(TRACKS, id, "track")
    items = answers.similar(here.store, here.models.now, track, query.limit)
    return present.json_of(views.RecommendedList(items=_recommended(items)))


def _recommended(items: Sequence[Recommendation]) -> tuple[views.RecommendedView, ...]:
    ids = [item.track_id for item in items]
    return present.recommended(items, present.tracks_by_id(site().store, listener_id(), ids))


def _answer(answer: Answer, title: str) -> flask.Response:
    items = _recommended(answer.items)
    return present.json_of(
        views.AnswerView(surface=answer.surface, title=title, version=answer.version, items=items)
    )


def _row(row: home.Row, tracks: dict[str, views.TrackView]) -> views.TrackRow | views.AlbumRow:
    if row.albums:
        albums = tuple(map(present.album, row.albums))
        return views.AlbumRow(id=row.id, title=row.title, subtitle=row.subtitle, items=albums)
    items = present.recommended(row.tracks, tracks)
    return views.TrackRow(id=row.id, title=row.title, subtitle=row.subtitle, items=items)


def _learning(plays: int) -> str:
    if plays >= _WELL_KNOWN_PLAYS:
        return ""
    count = f"{plays} play" + ("" if plays == 1 else "s")
    return f"Still learning, from {count}."


def _seeds(seed: str) -> tuple[list[Track], str]:
    """Return the tracks that a radio seed names, and what to call it."""
    kind, _, name = seed.partition(":")
    store = site().store
    if kind == "track":
        track = existing(TRACKS, name, "track")
        return [track], track.title
    if kind == "album":
        title, where = existing(ALBUMS, name, "album").title, {"album_id": name}
    elif kind == "artist":
        title, where = existing(ARTISTS, name, "artist").name, {"artist_ids": name}
    else:
        title, where = name, {"genres": name}
    tracks = store.find(TRACKS, {**where, "missing": False}, limit=SEED_TRACKS)
    if not tracks:
        raise Problem(404, "Not found", f"There is no track of {kind} {name[:80]!r}.")
    return tracks, title
