"""Documents become what the API says of them, with one look-up for a whole page."""

from collections.abc import Iterable, Sequence

import flask
import msgspec

from antiphon.audio.transcode import needs_transcoding
from antiphon.live.effects import familiarity_id
from antiphon.model import (
    Album,
    Artist,
    Credit,
    Familiarity,
    Origin,
    Playlist,
    Recommendation,
    ReplayGain,
    Sound,
    Track,
    User,
)
from antiphon.store import Store
from antiphon.store.schema import FAMILIARITIES, TRACKS
from antiphon.web.api import answer_views, views

_NO_GAIN = ReplayGain()
_NOTHING = Familiarity(id="", user_id="", track_id="")


def json_of(view: msgspec.Struct, status: int = 200) -> flask.Response:
    """Return a view as a JSON response."""
    response = flask.Response(msgspec.json.encode(view), status, mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def tracks(store: Store, user_id: str, docs: Sequence[Track]) -> tuple[views.TrackView, ...]:
    """Return tracks with what the listener made of each."""
    known = store.get_many(FAMILIARITIES, [familiarity_id(user_id, doc.id) for doc in docs])
    return tuple(_track(doc, known.get(familiarity_id(user_id, doc.id), _NOTHING)) for doc in docs)


def tracks_by_id(store: Store, user_id: str, ids: Iterable[str]) -> dict[str, views.TrackView]:
    """Return those of the tracks that there are, by id."""
    docs = list(store.get_many(TRACKS, set(ids)).values())
    return {view.id: view for view in tracks(store, user_id, docs)}


def recommended(
    items: Sequence[Recommendation], known: dict[str, views.TrackView]
) -> tuple[answer_views.RecommendedView, ...]:
    """Return recommendations with their tracks, of which `known` holds those that there are."""
    return tuple(
        answer_views.RecommendedView(
            track=known[item.track_id],
            score=item.score,
            generator=item.generator,
            reasons=item.reasons,
            probability=item.probability,
        )
        for item in items
        if item.track_id in known
    )


def album(doc: Album) -> views.AlbumView:
    """Return an album."""
    return views.AlbumView(
        id=doc.id,
        title=doc.title,
        artists=_credits(doc.artists),
        year=doc.year,
        original_year=doc.original_year,
        genres=doc.genres,
        track_count=doc.track_count,
        disc_count=doc.disc_count,
        duration_ms=doc.duration_ms,
        compilation=doc.compilation,
        art_id=doc.art_id,
        added_at=doc.added_at,
    )


def artist(doc: Artist) -> views.ArtistView:
    """Return an artist."""
    return views.ArtistView(
        id=doc.id,
        name=doc.name,
        album_count=doc.album_count,
        track_count=doc.track_count,
        art_id=doc.art_id,
    )


def playlist(doc: Playlist) -> views.PlaylistView:
    """Return a playlist."""
    return views.PlaylistView(
        id=doc.id,
        name=doc.name,
        track_count=doc.track_count,
        duration_ms=doc.duration_ms,
        art_ids=doc.art_ids,
        changed_at=doc.changed_at,
        version=doc.version,
    )


def sound(doc: Sound) -> views.SoundView:
    """Return how a track sounds."""
    return views.SoundView(
        loudness_lufs=doc.loudness_lufs,
        peak=doc.peak,
        tempo_bpm=doc.tempo_bpm,
        key=doc.key,
        waveform=doc.waveform,
    )


def user(doc: User) -> views.UserView:
    """Return a listener, without anything secret."""
    return views.UserView(
        id=doc.id, name=doc.name, role=doc.role, synthetic=doc.synthetic, about=doc.about
    )


def _credits(credits: Iterable[Credit]) -> tuple[views.CreditView, ...]:
    return tuple(views.CreditView(id=credit.id, name=credit.name) for credit in credits)


def _first(tagged: float | None, measured: float | None) -> float | None:
    return measured if tagged is None else tagged


def _origin(doc: Origin) -> views.OriginView:
    return views.OriginView(
        archive=doc.archive, url=doc.url, licence=doc.licence, licence_url=doc.licence_url
    )


def _track(doc: Track, known: Familiarity) -> views.TrackView:
    tagged, measured = doc.replay_gain or _NO_GAIN, doc.measured_gain or _NO_GAIN
    return views.TrackView(
        id=doc.id,
        title=doc.title,
        artists=_credits(doc.artists),
        album=views.AlbumRef(id=doc.album_id, title=doc.album),
        album_artists=_credits(doc.album_artists),
        track_no=doc.track_no,
        disc_no=doc.disc_no,
        disc_title=doc.disc_title,
        year=doc.year,
        original_year=doc.original_year,
        genres=doc.genres,
        duration_ms=doc.duration_ms,
        art_id=doc.art_id,
        codec=doc.format.codec,
        missing=doc.missing,
        added_at=doc.added_at,
        has_lyrics=doc.has_lyrics,
        transcoded=needs_transcoding(doc.format),
        gain_db=_first(tagged.track_gain_db, measured.track_gain_db),
        album_gain_db=_first(tagged.album_gain_db, measured.album_gain_db),
        heard=bool(doc.features) and not doc.features.startswith("failed:"),
        origin=_origin(doc.origin) if doc.origin else None,
        feedback=known.feedback,
        rating=known.rating,
        plays=known.plays,
    )
