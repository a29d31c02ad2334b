"""What a file's tags mean: one sober value made of many habits of writing them."""

import re
from collections.abc import Iterable

import msgspec

from antiphon.library import lyrics
from antiphon.library.containers import Payload
from antiphon.library.files import MusicFile, split_suffix
from antiphon.library.names import clean, credited_artists, split_artists, split_genres
from antiphon.library.probe import Fields, probe
from antiphon.model import AudioFormat, ReplayGain

# Field names are lower-case without separators; the first that is there counts.
_YEARS = ("year", "date", "tdrc", "tyer", "tdrl", "releasedate")
_ORIGINAL_YEARS = (
    *("originaldate", "originalyear", "tdor", "tory"),
    *("originalreleasetime", "originalreleaseyear"),
)
_COMPILATIONS = ("compilation", "tcmp", "tcp", "cpil", "iscompilation", "itunescompilation")
_DISC_TITLES = ("setsubtitle", "discsubtitle", "tsst")
_LYRICS = ("syncedlyrics", "lyrics", "unsyncedlyrics", "unsynchronisedlyrics", "lyricseng", "uslt")
_MUSICBRAINZ = {
    "recording": ("ufid", "musicbrainzrecordingid", "musicbrainztrackid"),
    "track": ("musicbrainzreleasetrackid",),
    "release": ("musicbrainzalbumid",),
    "release_group": ("musicbrainzreleasegroupid",),
    "artist": ("musicbrainzartistid",),
    "album_artist": ("musicbrainzalbumartistid",),
}
_MBID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_YEAR = re.compile(r"(?<!\d)(1\d{3}|20\d{2}|2100)(?=\D|$|\d{4}(?!\d))")
_NUMBER = re.compile(r"\s*(\d{1,5})(?!\d)")
_DECIMAL = re.compile(r"[-+]?\d{1,6}(?:[.,]\d{1,12})?")
_NUMBERED_NAMES = (
    re.compile(r"(?P<disc>\d)-(?P<track>\d\d)[\s._-]+(?P<title>\S.*)"),
    re.compile(r"(?P<disc>)(?P<track>0\d|\d{1,3}(?=\s*[-._)]))[\s._)-]+(?P<title>\S.*)"),
)
_MOST_VALUES = 64
_LONGEST_VALUE = 4_000


class Tags(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the tags of one file say; `lyrics` are embedded ones, LRC lines when `synced`."""

    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    album_artists: tuple[str, ...] = ()
    track_no: int = 0
    disc_no: int = 0
    disc_title: str = ""
    year: int = 0
    original_year: int = 0
    genres: tuple[str, ...] = ()
    compilation: bool = False
    musicbrainz: dict[str, str] = {}
    replay_gain: ReplayGain | None = None
    lyrics: str = ""
    synced: bool = False
    duration_ms: int = 0
    format: AudioFormat = AudioFormat(codec="", mime="")
    has_picture: bool = False


def read_tags(file: MusicFile, path: str, payload: Payload) -> Tags:
    """Read the tags of an open music file whose sound is known to lie at `payload`.

    Raises:
        UnreadableError: the file cannot be read, or has no audio.
    """
    found = probe(file, path, payload)
    tags = _interpret(found.fields, path)
    return msgspec.structs.replace(
        tags,
        duration_ms=found.duration_ms,
        format=found.format,
        has_picture=found.has_picture,
    )


def _interpret(fields: Fields, path: str) -> Tags:
    title, track_no, disc_no = _title(fields, path)
    words = lyrics.best(lyrics.tidy(text) for name in _LYRICS for text in fields.get(name, ()))
    return Tags(
        title=title,
        artists=credited_artists(_values(fields, "artists", "artist"), title),
        album=_text(fields, "album"),
        album_artists=split_artists(_values(fields, "albumartists", "albumartist")),
        track_no=track_no,
        disc_no=disc_no,
        disc_title=_text(fields, *_DISC_TITLES),
        year=_year(fields, _YEARS),
        original_year=_year(fields, _ORIGINAL_YEARS),
        genres=split_genres(_values(fields, "genre")),
        compilation=_text(fields, *_COMPILATIONS).lower() in {"1", "true", "yes"},
        musicbrainz=_musicbrainz(fields),
        replay_gain=_replay_gain(fields),
        lyrics=words,
        synced=lyrics.is_synced(words),
    )


def _values(fields: Fields, *names: str) -> list[str]:
    """Return the values of the first of these fields that has any."""
    values = next((fields[name] for name in names if name in fields), [])
    return [value[:_LONGEST_VALUE] for value in values[:_MOST_VALUES]]


def _text(fields: Fields, *names: str) -> str:
    return next((text for value in _values(fields, *names) if (text := clean(value))), "")


def _title(fields: Fields, path: str) -> tuple[str, int, int]:
    """Return title, track and disc number, from the name of the file where the tags have none."""
    title = _text(fields, "title")
    track_no, disc_no = _number(fields, "track", 9_999), _number(fields, "disc", 999)
    if title:
        return title, track_no, disc_no
    stem = clean(split_suffix(path.rpartition("/")[2])[0].replace("_", " "))
    hit = next((hit for form in _NUMBERED_NAMES if (hit := form.fullmatch(stem))), None)
    if not hit:
        return stem or "?", track_no, disc_no
    return hit["title"], track_no or int(hit["track"]), disc_no or int(hit["disc"] or 0)


def _number(fields: Fields, name: str, most: int) -> int:
    hit = _NUMBER.match(_text(fields, name))
    number = int(hit[1]) if hit else 0
    return number if number <= most else 0


def _year(fields: Fields, names: Iterable[str]) -> int:
    dates = (clean(value) for name in names for value in _values(fields, name))
    return next((int(hit[1]) for date in dates if (hit := _YEAR.search(date))), 0)


def _musicbrainz(fields: Fields) -> dict[str, str]:
    found = {}
    for kind, names in _MUSICBRAINZ.items():
        written = " ".join(value for name in names for value in _values(fields, name)).lower()
        if hit := _MBID.search(written):
            found[kind] = hit[0]
    return found


def _replay_gain(fields: Fields) -> ReplayGain | None:
    gain = ReplayGain(
        track_gain_db=_gain_db(fields, "track"),
        track_peak=_decimal(fields, "replaygaintrackpeak", 0, 100),
        album_gain_db=_gain_db(fields, "album"),
        album_peak=_decimal(fields, "replaygainalbumpeak", 0, 100),
    )
    return None if gain == ReplayGain() else gain


def _gain_db(fields: Fields, scope: str) -> float | None:
    """Return the gain to the level of ReplayGain 2; Opus' own (RFC 7845) aims 5 dB lower."""
    gain_db = _decimal(fields, f"replaygain{scope}gain", -60, 60)
    if gain_db is None:
        steps = _decimal(fields, f"r128{scope}gain", -32_768, 32_767)
        return None if steps is None else round(steps / 256 + 5, 2)
    return gain_db


def _decimal(fields: Fields, name: str, least: float, most: float) -> float | None:
    hit = _DECIMAL.match(_text(fields, name))
    number = float(hit[0].replace(",", ".")) if hit else None
    return number if number is not None and least <= number <= most else None
