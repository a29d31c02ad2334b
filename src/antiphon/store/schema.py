"""The collections: what is kept, and which fields each page and worker asks by."""

from antiphon import model
from antiphon.store.port import Collection

TRACKS = Collection(
    "tracks",
    model.Track,
    indexes=(
        ("album_id", "disc_no", "track_no"),
        ("missing", "sort"),
        ("missing", "added_at"),
        ("features", "missing"),
        ("missing", "prior_plays"),
    ),
    many=("artist_ids", "genres"),
    text=("title", "artists", "album"),
)
GENRES = Collection("genres", model.Genre)
FILES = Collection("files", model.SourceFile, indexes=(("folder",), ("track_id",), ("missing",)))
ALBUMS = Collection(
    "albums",
    model.Album,
    indexes=(("sort",), ("artist_sort", "original_year"), ("added_at",), ("original_year",)),
    many=("artist_ids", "genres"),
    text=("title", "artists"),
)
ARTISTS = Collection("artists", model.Artist, indexes=(("sort",),), text=("name",))
LYRICS = Collection("lyrics", model.Lyrics)
PICTURES = Collection("pictures", model.Picture)
PROBLEMS = Collection("problems", model.Problem, indexes=(("stage",),))
FEATURES = Collection("features", model.Features, indexes=(("name", "at"), ("track_id",)))
SOUNDS = Collection("sounds", model.Sound)
USERS = Collection("users", model.User, indexes=(("synthetic",),), unique=("key",))
LISTENS = Collection(
    "listens",
    model.Listen,
    indexes=(
        ("user_id", "at"),
        ("user_id", "played"),
        ("user_id", "track_id", "at"),
        ("played", "at", "track_id"),
        ("surface", "user_id", "generator", "skipped", "at"),
    ),
)
# Listens that their listeners have forgotten, until they bring them back.
FORGOTTEN = Collection(
    "forgotten", model.Listen, indexes=(("user_id", "at"), ("user_id", "track_id", "at"))
)
FAMILIARITIES = Collection(
    "familiarities",
    model.Familiarity,
    indexes=(("user_id", "liked_at"), ("user_id", "plays"), ("user_id", "feedback")),
)
PLAYLISTS = Collection("playlists", model.Playlist, indexes=(("user_id", "sort"),))
PREFERENCES = Collection("preferences", model.Preferences)
STATES = Collection("states", model.State)
SHOWINGS = Collection("showings", model.Showing, indexes=(("user_id", "at"), ("at",)))
ANSWERS = Collection("answers", model.Answer, indexes=(("user_id",),))
PROGRESS = Collection("progress", model.Progress)
PAUSES = Collection("pauses", model.Pause)
SECRETS = Collection("secrets", model.Secret)
LOG_ENTRIES = Collection("log_entries", model.LogEntry, indexes=(("topic", "offset"), ("key",)))
LOG_OFFSETS = Collection("log_offsets", model.LogOffset)
OUTBOX = Collection("outbox", model.OutboxEntry, indexes=(("key",),))
LEASES = Collection("leases", model.Lease)
WORKERS = Collection("workers", model.Worker)

COLLECTIONS: tuple[Collection[model.Document], ...] = (
    TRACKS,
    GENRES,
    FILES,
    ALBUMS,
    ARTISTS,
    LYRICS,
    PICTURES,
    PROBLEMS,
    FEATURES,
    SOUNDS,
    USERS,
    LISTENS,
    FORGOTTEN,
    FAMILIARITIES,
    PREFERENCES,
    STATES,
    PLAYLISTS,
    SHOWINGS,
    ANSWERS,
    PROGRESS,
    PAUSES,
    SECRETS,
    LOG_ENTRIES,
    LOG_OFFSETS,
    OUTBOX,
    LEASES,
    WORKERS,
)  # type: ignore[assignment]
