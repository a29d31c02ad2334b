"""What the API says of music and listeners: the shapes, every field always there."""

import msgspec

from antiphon.model import Ending, Feedback, Progress, Role, Source


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A shape of the API."""


class CreditView(View, frozen=True):
    """An artist as credited."""

    id: str
    name: str


class AlbumRef(View, frozen=True):
    """The album that a track is on."""

    id: str
    title: str


class OriginView(View, frozen=True):
    """The archive that a track comes from, its page there, and its licence; "" what is unknown."""

    archive: str
    url: str
    licence: str
    licence_url: str


class TrackView(View, frozen=True):
    """A track, with what the listener made of it.

    A `transcoded` track's stream cannot be asked for by byte ranges, but by `?offset=` seconds.
    The gains are to the level of ReplayGain 2. Of a `heard` track it is known how it sounds.
    `rating` is the listener's, 1 to 5, 0 for none.
    """

    id: str
    title: str
    artists: tuple[CreditView, ...]
    album: AlbumRef
    album_artists: tuple[CreditView, ...]
    track_no: int
    disc_no: int
    disc_title: str
    year: int
    original_year: int
    genres: tuple[str, ...]
    duration_ms: int
    art_id: str
    codec: str
    missing: bool
    added_at: int
    has_lyrics: bool
    transcoded: bool
    gain_db: float | None
    album_gain_db: float | None
    heard: bool
    origin: OriginView | None
    feedback: Feedback | None
    rating: int
    plays: int


class AlbumView(View, frozen=True):
    """An album, without its tracks."""

    id: str
    title: str
    artists: tuple[CreditView, ...]
    year: int
    original_year: int
    genres: tuple[str, ...]
    track_count: int
    disc_count: int
    duration_ms: int
    compilation: bool
    art_id: str
    added_at: int


class ArtistView(View, frozen=True):
    """An artist, with how much there is of them."""

    id: str
    name: str
    album_count: int
    track_count: int
    art_id: str


class GenreView(View, frozen=True):
    """A genre, with how many tracks there are of it, and the genre above it, "" at the top."""

    name: str
    track_count: int
    parent: str


class AlbumPage(View, frozen=True):
    """Some albums; ask on with `after` = `next`."""

    items: tuple[AlbumView, ...]
    next: str | None


class ArtistPage(View, frozen=True):
    """Some artists; ask on with `after` = `next`."""

    items: tuple[ArtistView, ...]
    next: str | None


class TrackPage(View, frozen=True):
    """Some tracks; ask on with `after` = `next`."""

    items: tuple[TrackView, ...]
    next: str | None


class SoundView(View, frozen=True):
    """How a track sounds as a whole.

    `waveform` are the peaks of equally long pieces, a byte each, in base64; 255 is the loudest.
    `loudness_lufs` is None of a silent track, whose `tempo_bpm` is 0 and `key` "".
    """

    loudness_lufs: float | None
    peak: float
    tempo_bpm: float
    key: str
    waveform: bytes


class GenreList(View, frozen=True):
    """Every genre, the largest first."""

    items: tuple[GenreView, ...]


class AlbumDetail(View, frozen=True):
    """An album with its tracks in order."""

    album: AlbumView
    tracks: tuple[TrackView, ...]


class ArtistDetail(View, frozen=True):
    """An artist with their albums, the albums of others they are on, and tracks to begin with."""

    artist: ArtistView
    albums: tuple[AlbumView, ...]
    appears_on: tuple[AlbumView, ...]
    tracks: tuple[TrackView, ...]


class LyricsView(View, frozen=True):
    """The words of a track; LRC lines when `synced`."""

    text: str
    synced: bool


class Found(View, frozen=True):
    """What a search found, best first in each kind."""

    tracks: tuple[TrackView, ...]
    albums: tuple[AlbumView, ...]
    artists: tuple[ArtistView, ...]


class ListenView(View, frozen=True):
    """One listen of the history."""

    id: str
    at: int
    played_ms: int
    ended: Ending
    source: Source | None
    track: TrackView


class ListenPage(View, frozen=True):
    """Some listens, latest first; ask on with `after` = `next`."""

    items: tuple[ListenView, ...]
    next: str | None


class PlaylistView(View, frozen=True):
    """A playlist, without its tracks."""

    id: str
    name: str
    track_count: int
    duration_ms: int
    art_ids: tuple[str, ...]
    changed_at: int
    version: int


class PlaylistList(View, frozen=True):
    """Every playlist of the listener, by name."""

    items: tuple[PlaylistView, ...]


class PlaylistDetail(View, frozen=True):
    """A playlist with its tracks in order."""

    playlist: PlaylistView
    tracks: tuple[TrackView, ...]


class UserView(View, frozen=True):
    """A listener."""

    id: str
    name: str
    role: Role
    synthetic: bool
    about: str


class UserList(View, frozen=True):
    """Some listeners."""

    items: tuple[UserView, ...]


class PushView(View, frozen=True):
    """Where changes are pushed to a page: at `url`, or else at `port` of the same host."""

    url: str
    port: int
    token: str


class SessionView(View, frozen=True):
    """Who is logged in; `acting_for` is the admin behind a synthetic listener."""

    user: UserView
    acting_for: UserView | None
    csrf_token: str
    push: PushView
    demo: bool
    version: str


class LibraryCounts(View, frozen=True):
    """How much there is."""

    tracks: int
    albums: int
    artists: int


class StatusView(View, frozen=True):
    """How much there is, and how far the work in the background has come.

    The `phase` of work that waits for an admin is `paused`. `advice` is for whoever runs it.
    """

    library: LibraryCounts
    scan: Progress | None
    analysis: Progress | None
    advice: str


class NamedView(View, frozen=True):
    """Something with a name, "" where it is there no more."""

    id: str
    name: str


class PreferencesView(View, frozen=True):
    """What a listener has set, and what is left out.

    `discover` is 0 for only the familiar and 1 for only what is new. While a session is `private`,
    since `private_since`, nothing is learned.
    """

    discover: float
    private: bool
    private_since: int
    banned_artists: tuple[NamedView, ...]
    banned_tracks: tuple[TrackView, ...]
    excluded_tracks: tuple[TrackView, ...]
    excluded_playlists: tuple[NamedView, ...]


class Accepted(View, frozen=True):
    """How many events were accepted, and their ids, in order."""

    accepted: int
    events: tuple[str, ...]
