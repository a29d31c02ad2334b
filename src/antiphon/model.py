"""The nouns: what Antiphon keeps and talks about, as plain immutable values.

Every document of the store is one of these Structs. Times are whole milliseconds since 1970 (UTC)
and are called `…_at`; lengths of time are milliseconds and are called `…_ms`. Ids are short strings
whose first letters say what they name: `tr-` track, `al-` album, `ar-` artist, `pl-` playlist,
`us-` user, `im-` picture.

May import: nothing of Antiphon.
"""

import time
from typing import Literal

import msgspec

Role = Literal["admin", "listener"]
Feedback = Literal["like", "dislike", "ban"]
Ending = Literal["completed", "skipped", "stopped"]
SourceKind = Literal[
    "album", "artist", "playlist", "search", "tracks", "history", "recommendation", "radio", "queue"
]


def now_ms() -> int:
    """Return the present moment in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plain immutable value; fields that hold their default are not written out."""


class Document(Value, frozen=True):
    """A value that the store keeps under its id."""

    id: str


class Credit(Value, frozen=True):
    """An artist as credited on a track or an album."""

    id: str
    name: str


class AudioFormat(Value, frozen=True):
    """How a file's sound is encoded; `codec` is lower-case and short: such as mp3 or flac."""

    codec: str
    mime: str
    bitrate_kbps: int = 0
    sample_rate_hz: int = 0
    channels: int = 0
    bit_depth: int = 0
    size: int = 0


class ReplayGain(Value, frozen=True):
    """Loudness tags in dB and linear peak; None where the file has none."""

    track_gain_db: float | None = None
    track_peak: float | None = None
    album_gain_db: float | None = None
    album_peak: float | None = None


class Origin(Value, frozen=True):
    """The archive that a track comes from: its name, the track's page there, and the licence.

    `licence` is the short name that people know, as in CC BY-NC-SA 3.0; "" where none is known.
    """

    archive: str
    url: str = ""
    licence: str = ""
    licence_url: str = ""


class Track(Document, frozen=True):
    """One piece of music, known by its sound: the id is made from the audio payload.

    One with an `origin` is described by an archive's catalogue instead of its tags, and its id is
    the archive's own. `prior_plays` are what the archive counted before Antiphon counted any.

    `tagged_album_artists` is what the tags say; `album_artists` is what the catalogue made of it.
    `features` names the plan that it was listened to with, "" before that, or `failed:` and the
    name where that could not be; from then on `duration_ms` is what was heard. `measured_gain` is
    by Antiphon's own measurement. `missing` is true while none of its files can be found.
    """

    title: str
    sort: str
    artists: tuple[Credit, ...] = ()
    album_id: str = ""
    album: str = ""
    album_artists: tuple[Credit, ...] = ()
    tagged_album_artists: tuple[Credit, ...] = ()
    artist_ids: tuple[str, ...] = ()
    track_no: int = 0
    disc_no: int = 0
    disc_title: str = ""
    year: int = 0
    original_year: int = 0
    genres: tuple[str, ...] = ()
    duration_ms: int = 0
    format: AudioFormat = AudioFormat(codec="", mime="")
    replay_gain: ReplayGain | None = None
    measured_gain: ReplayGain | None = None
    musicbrainz: dict[str, str] = {}
    compilation: bool = False
    has_lyrics: bool = False
    art_id: str = ""
    added_at: int = 0
    features: str = ""
    missing: bool = False
    origin: Origin | None = None
    prior_plays: int = 0


class Genre(Document, frozen=True):
    """A genre of a tree of genres; the id is its name, as tracks have it, `parent` the one above.

    Genres that only tags know have no such document.
    """

    parent: str = ""


class SourceFile(Document, frozen=True):
    """A file in a music folder, by its path; `track_id` is "" where it could not be read."""

    folder: str
    track_id: str = ""
    size: int = 0
    mtime_ns: int = 0
    missing: bool = False


class Lyrics(Document, frozen=True):
    """The words of a track (same id), in LRC lines (`[mm:ss.xx] …`) when `synced`."""

    text: str
    synced: bool = False


class Picture(Document, frozen=True):
    """Where a cover is found: a picture file, or an audio file that carries it (`embedded`)."""

    path: str
    embedded: bool = False


class Album(Document, frozen=True):
    """A release: its tracks share album artist and title (or one MusicBrainz release)."""

    title: str
    sort: str
    artists: tuple[Credit, ...] = ()
    artist_ids: tuple[str, ...] = ()
    artist_sort: str = ""
    year: int = 0
    original_year: int = 0
    genres: tuple[str, ...] = ()
    track_count: int = 0
    disc_count: int = 0
    duration_ms: int = 0
    compilation: bool = False
    art_id: str = ""
    added_at: int = 0
    musicbrainz_id: str = ""


class Artist(Document, frozen=True):
    """A performer, known by name; the counts are of albums under the name and tracks with it."""

    name: str
    sort: str
    album_count: int = 0
    track_count: int = 0
    art_id: str = ""
    musicbrainz_id: str = ""


class Problem(Document, frozen=True):
    """Something in a music folder (the id is its path) that could not be used, and why."""

    stage: Literal["scan", "analysis"]
    reason: str
    at: int


class Features(Document, frozen=True):
    """The numbers of one feature set, computed from the sound of one track; `track:set` is the id.

    `name` is the set with its version, as in `summary/1`; `vector` is little-endian, in its dtype.
    """

    track_id: str
    name: str
    vector: bytes
    at: int


class Sound(Document, frozen=True):
    """What was heard of a track (same id) beside its features.

    `loudness_lufs` is by EBU R128, None where there is too little sound to tell; `peak` is linear,
    1.0 is full scale. `silence_start_ms` and `silence_end_ms` are at its two ends. `waveform` has a
    byte for the peak of each of equally long pieces. `tempo_bpm` is 0 and `key` is "" where there
    is none; `fingerprint` is nearly the same for the same recording, "" without an embedding.
    """

    duration_ms: int
    silent: bool = False
    loudness_lufs: float | None = None
    peak: float = 0.0
    silence_start_ms: int = 0
    silence_end_ms: int = 0
    waveform: bytes = b""
    tempo_bpm: float = 0.0
    key: str = ""
    fingerprint: str = ""
    at: int = 0


class User(Document, frozen=True):
    """A listener with an account; a `synthetic` one is simulated and cannot log in.

    `key` is the name as it is compared: Ann and ann are the same.
    """

    name: str
    key: str
    password_hash: str = ""
    role: Role = "listener"
    created_at: int = 0
    session_stamp: str = ""
    synthetic: bool = False
    about: str = ""


class Source(Value, frozen=True):
    """Where a listen came from, such as an album, with its id.

    `answer` is the version of the answer that recommended the track, on whatever surface.
    """

    kind: SourceKind
    id: str = ""
    answer: str = ""


class Shown(Value, frozen=True):
    """How a track came before a listener: by which answer, where in it, and how likely that was.

    `position` counts from 0; `probability` is that of the policy to put this track there, after
    what it had put before.
    """

    answer: str
    surface: str
    generator: str
    position: int = 0
    probability: float = 1.0
    model: str = ""


class Listen(Document, frozen=True):
    """One track played by one listener; the id is `user:event`, of the event that ended it.

    Of one that came from an answer, `surface` and `generator` are those that `shown` tells of too,
    so that skips can be counted by them, and `skipped` whether the listener did not want it.
    """

    user_id: str
    track_id: str
    at: int
    played_ms: int
    duration_ms: int
    ended: Ending
    played: bool
    source: Source | None = None
    client: str = ""
    shown: Shown | None = None
    surface: str = ""
    generator: str = ""
    skipped: bool = False


class Preferences(Document, frozen=True):
    """What a listener has set (same id): how far from the familiar, and what is to be left out.

    `discover` is 0 for only the familiar and 1 for only what is new. While `private_since` is not 0
    nothing is learned. Listens of excluded tracks, and of those that came from excluded playlists,
    are kept but say nothing of the taste. `seen` are the ids of the last events that set something
    here, or that were heard in private, so that one that comes again is known.
    """

    discover: float = 0.5
    private_since: int = 0
    banned_artists: tuple[str, ...] = ()
    excluded_tracks: tuple[str, ...] = ()
    excluded_playlists: tuple[str, ...] = ()
    changed_at: int = 0
    seen: tuple[str, ...] = ()


class State(Document, frozen=True):
    """What the models need to know of a listener now (same id), packed; see `live.state`.

    It says nothing that listens, familiarities and preferences do not: it is made from them where
    there is none.
    """

    packed: bytes


class Familiarity(Document, frozen=True):
    """What one listener and one track have been through; the id is `user:track`.

    `plays` counts listens to half the track or four minutes, `skips` ends by hand before that.
    `rating` is 1 to 5, 0 for none.
    """

    user_id: str
    track_id: str
    plays: int = 0
    skips: int = 0
    last_at: int = 0
    feedback: Feedback | None = None
    feedback_at: int = 0
    liked_at: int = 0
    rating: int = 0
    rated_at: int = 0


class Playlist(Document, frozen=True):
    """An ordered list of tracks that a listener owns; `version` grows with every change.

    `track_count`, `duration_ms` and `art_ids` (up to four) sum its tracks up as of that change.
    """

    user_id: str
    name: str
    sort: str
    track_ids: tuple[str, ...] = ()
    track_count: int = 0
    duration_ms: int = 0
    art_ids: tuple[str, ...] = ()
    created_at: int = 0
    changed_at: int = 0
    version: int = 0


class Recommendation(Value, frozen=True):
    """One recommended track, which generator found it, its score and the reasons in words.

    `probability` is that of the policy to put it at its place, after what it had put before.
    """

    track_id: str
    score: float
    generator: str
    reasons: tuple[str, ...] = ()
    probability: float = 1.0


class Answer(Document, frozen=True):
    """What is recommended to a listener on one surface now; the id is `user:surface`.

    `version` names this answer among all, `event` is the id of the event that it answers, and
    `model` the version of the model that made it. `pool` are the tracks that its ranked places were
    drawn from, the best first. `note` says in words what the listener changed by that event.
    """

    user_id: str
    surface: str
    items: tuple[Recommendation, ...] = ()
    version: str = ""
    event: str = ""
    model: str = ""
    made_at: int = 0
    pool: tuple[str, ...] = ()
    note: str = ""


class Showing(Document, frozen=True):
    """An answer that was shown (the id is its version): what, where, and with which probability.

    `at` is when it was made, after which the listener may have done more. What came of it stands in
    the listens that name it.
    """

    user_id: str
    surface: str
    model: str
    at: int
    items: tuple[Recommendation, ...] = ()
    pool: tuple[str, ...] = ()


class Progress(Document, frozen=True, omit_defaults=False):
    """How far a long piece of work is; the id names it: `scan`, `analysis`.

    `total` is 0 while nobody knows it. There is none once the work is over. `phase` is `paused`
    while it waits for an admin.
    """

    phase: str
    done: int = 0
    total: int = 0
    started_at: int = 0
    changed_at: int = 0


class Pause(Document, frozen=True):
    """Work in the background that an admin has paused (the id names it) until this is gone."""

    at: int


class Secret(Document, frozen=True):
    """A key that this instance made for itself once, such as the one that signs sessions."""

    value: str


class LogEntry(Document, frozen=True):
    """One event in the local event log, at its place in the order of its topic."""

    topic: str
    offset: int
    key: str
    value: bytes
    at: int = 0


class LogOffset(Document, frozen=True):
    """How far a topic is filled (`topic`) or a group has consumed it (`topic:group`)."""

    offset: int = 0


class OutboxEntry(Document, frozen=True):
    """Events of one key on their way to a log elsewhere; ids are in the order of their appending.

    A value of None is a tombstone: a topic that is compacted drops the key.
    """

    topic: str
    key: str
    values: tuple[bytes | None, ...]


class Lease(Document, frozen=True):
    """Who does the one thing that the id names, and until when unless they say so again."""

    holder: str
    until: int


class Worker(Document, frozen=True):
    """What a process without pages (its `role` is such as live) measured of itself at a time.

    `metrics` is in the text format of Prometheus. There is none once the process has ended.
    """

    role: str
    at: int
    metrics: str
