"""The answers: the home page, what plays next, radio, smart shuffle, what sounds alike, and why.

Whatever is sent of an answer is kept as shown; a listen that names the answer as its source tells
what came of it. While the live worker or the event log is away, answers are made here.
"""

from collections.abc import Sequence
from typing import Annotated

import flask
import msgspec
from spectree import Response

from antiphon.live import answers, home, radio, shuffle, state, why
from antiphon.model import Answer, Recommendation, Track
from antiphon.store.schema import TRACKS
from antiphon.taste.listener import ListenerState
from antiphon.web.access import Access, allow
from antiphon.web.accounts import listener_id
from antiphon.web.api import present, views
from antiphon.web.api.answer_views import (
    AlbumRow,
    AnswerView,
    HomeView,
    LearningView,
    RecommendedList,
    RecommendedView,
    TrackRow,
    WhyView,
)
from antiphon.web.api.catalogue import existing, existing_tracks
from antiphon.web.api.description import spec
from antiphon.web.api.seeds import Seed, planted
from antiphon.web.problems import Problem
from antiphon.web.site import site

blueprint = flask.Blueprint("recommendations", __name__)

SEED_TRACKS = 20
SHUFFLED = 2_000
_WELL_KNOWN_PLAYS = 30
TrackIds = Annotated[list[str], msgspec.Meta(max_length=SHUFFLED)]


class AnswerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How many tracks are asked for, and which not (ids, separated by commas)."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    exclude: Annotated[str, msgspec.Meta(max_length=20_000)] = ""

    @property
    def excluded(self) -> frozenset[str]:
        """The ids of the tracks not asked for."""
        return frozenset(filter(None, self.exclude.split(",")))


class RadioQuery(AnswerQuery, frozen=True, kw_only=True):
    """What the radio is about: one `seed` or several.

    A seed is `track:`, `artist:`, `album:` or `playlist:` and an id, `genre:` and a name, or
    `liked`.
    """

    seed: Annotated[list[Seed], msgspec.Meta(min_length=1, max_length=10)]


class SimilarQuery(msgspec.Struct, frozen=True):
    """How many tracks are asked for."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class Shuffle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to play in a good order: tracks by their ids, or what a seed names, as of a radio."""

    track_ids: TrackIds | None = None
    seed: Seed | None = None
    exclude: TrackIds = []
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


@blueprint.get("/home")
@spec.validate(resp=Response(HTTP_200=HomeView))
@allow(Access.LISTENER)
def show_home() -> flask.Response:
    """Show the home page."""
    here = site()
    made = home.home(here.store, here.models, _listener())
    items = [item for row in made.rows for item in row.tracks]
    tracks = present.tracks_by_id(here.store, listener_id(), [item.track_id for item in items])
    here.showings.show(*((row.answer, tracks.keys()) for row in made.rows if row.answer))
    learning = LearningView(plays=made.plays, text=_learning(made.plays))
    rows = tuple(_row(row, tracks) for row in made.rows)
    return present.json_of(HomeView(rows=rows, learning=learning))


@blueprint.get("/answers/next")
@spec.validate(query=AnswerQuery, resp=Response(HTTP_200=AnswerView))
@allow(Access.LISTENER)
def next_up(query: AnswerQuery) -> flask.Response:
    """Tell what the endless queue plays next."""
    here = site()
    answer = answers.prepared_or_made(
        here.store, here.models.now, listener_id(), exclude=query.excluded, limit=query.limit
    )
    view = _view(answer, "Next from Antiphon")
    response = present.json_of(view)
    response.add_etag()
    response.make_conditional(flask.request)
    if response.status_code == 200:
        _show(answer, view)
    return response


@blueprint.get("/radio")
@spec.validate(query=RadioQuery, resp=Response(HTTP_200=AnswerView))
@allow(Access.LISTENER)
def play_radio(query: RadioQuery) -> flask.Response:
    """Tell what a radio plays around its seeds, bent by what the listener likes and skips."""
    here = site()
    seeds, title = planted(query.seed, SEED_TRACKS)
    answer = radio.radio(
        here.store,
        here.models.now,
        _listener(),
        seeds,
        exclude=query.excluded,
        limit=query.limit,
    )
    return _sent(answer, f"{title} radio")


@blueprint.post("/answers/shuffle")
@spec.validate(json=Shuffle, resp=Response(HTTP_200=AnswerView))
@allow(Access.LISTENER)
def smart_shuffle(json: Shuffle) -> flask.Response:
    """Put tracks into an order that is of chance, but suits the listener now."""
    here = site()
    tracks, title = _to_shuffle(json)
    answer = shuffle.shuffled(
        here.models.now,
        _listener(),
        tracks,
        exclude=frozenset(json.exclude),
        limit=json.limit,
    )
    return _sent(answer, title)


@blueprint.get("/tracks/<id>/similar")
@spec.validate(query=SimilarQuery, resp=Response(HTTP_200=RecommendedList))
@allow(Access.LISTENER)
def similar(id: str, query: SimilarQuery) -> flask.Response:
    """List the tracks that sound most like this one."""
    here = site()
    track = existing(TRACKS, id, "track")
    items = answers.similar(here.store, here.models.now, track, query.limit)
    return present.json_of(RecommendedList(items=_recommended(items)))


@blueprint.get("/tracks/<id>/why")
@spec.validate(resp=Response(HTTP_200=WhyView))
@allow(Access.LISTENER)
def tell_why(id: str) -> flask.Response:
    """Tell what speaks for a track and what against it, for the listener now."""
    here = site()
    track = existing(TRACKS, id, "track")
    told = why.why(here.store, here.models.now, _listener(), track)
    (view,) = present.tracks(here.store, listener_id(), [track])
    return present.json_of(
        WhyView(
            track=view,
            sentences=told.sentences,
            voices=told.voices,
            told=told.told,
            place=told.place,
            chance=told.chance,
            refused=told.refused,
        )
    )


def _listener() -> ListenerState:
    here = site()
    serving = here.models.now
    return state.load(here.store, listener_id(), gap_ms=serving.gap_ms, weights=serving.weights)


def _recommended(items: Sequence[Recommendation]) -> tuple[RecommendedView, ...]:
    ids = [item.track_id for item in items]
    return present.recommended(items, present.tracks_by_id(site().store, listener_id(), ids))


def _sent(answer: Answer, title: str) -> flask.Response:
    view = _view(answer, title)
    _show(answer, view)
    return present.json_of(view)


def _view(answer: Answer, title: str) -> AnswerView:
    return AnswerView(
        surface=answer.surface,
        title=title,
        version=answer.version,
        event=answer.event,
        note=answer.note,
        model=answer.model,
        items=_recommended(answer.items),
    )


def _show(answer: Answer, view: AnswerView) -> None:
    site().showings.show((answer, [item.track.id for item in view.items]))


def _row(row: home.Row, tracks: dict[str, views.TrackView]) -> TrackRow | AlbumRow:
    if row.answer is None:
        albums = tuple(map(present.album, row.albums))
        return AlbumRow(id=row.id, title=row.title, subtitle=row.subtitle, items=albums)
    return TrackRow(
        id=row.id,
        title=row.title,
        subtitle=row.subtitle,
        surface=row.answer.surface,
        version=row.answer.version,
        items=present.recommended(row.tracks, tracks),
    )


def _learning(plays: int) -> str:
    if plays >= _WELL_KNOWN_PLAYS:
        return ""
    count = f"{plays} play" + ("" if plays == 1 else "s")
    return f"Still learning, from {count}."


def _to_shuffle(json: Shuffle) -> tuple[list[Track], str]:
    if (json.track_ids is None) == (json.seed is None):
        raise Problem(422, "This cannot be used", "Name either track_ids or a seed.")
    if json.seed:
        tracks, title = planted([json.seed], SHUFFLED)
        return tracks, f"{title}, shuffled"
    known = existing_tracks(json.track_ids or [])
    return [track for track in known.values() if not track.missing], "Shuffled"
