"""Names as a catalogue needs them: cleaned, split, sorted, and made into ids."""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

_LONGEST = 1_000
_ARTICLES = "the|an?|der|die|das|les?|la|l'|el|los|las"
_ARTICLE = re.compile(rf"^({_ARTICLES})(?:(?<=')|\s+)(\S.*)$")
_DIGITS = re.compile(r"[0-9]+")
# Letters whose stroke is no combining accent, so that decomposition leaves them.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i", "’": "'"}
)
# Typographers' marks that differ between taggers of one and the same name.
_PLAIN_MARKS = str.maketrans({"’": "'", "‘": "'", "‐": "-", "‑": "-", "–": "-"})

_GENRE_MARKS = re.compile(r"[;,/|\0]+")
_GENRE_NUMBER = re.compile(r"\(?\d{1,3}\)?")
_WORD_START = re.compile(r"(?<![\w'’])[^\W\d_]+")
_SMALL_WORDS = {"and", "of", "the", "in", "n", "von", "de"}
_INITIALS = {
    *("aor", "bgm", "ccm", "dj", "ebm", "edm", "idm", "mpb", "ndw", "nwobhm"),
    *("ost", "rnb", "tv", "uk", "us", "usa", "vgm"),
}

_ARTIST_MARKS = re.compile(r"\0|;\s+|\s+/\s+")
_FEATURED = re.compile(
    r"\s*[(\[]\s*(?:feat(?:\.|uring)?|ft\.?|with)\s+([^()\[\]]+)[)\]]"
    r"|\s+(?:feat(?:\.|uring)?|ft\.)\s+(.+)",
    re.IGNORECASE,
)
_FEATURED_IN_TITLE = re.compile(
    r"[(\[]\s*(?:feat(?:\.|uring)?|ft\.?)\s+([^()\[\]]+)[)\]]|\s(?:feat\.|ft\.)\s+([^()\[\]]+)",
    re.IGNORECASE,
)


def clean(text: str, longest: int = _LONGEST, *, lines: bool = False) -> str:
    """Return a tag's text as people read it: no control characters, composed, cut to a length.

    UTF-8 that was taken for Latin-1 (or Windows-1252) is repaired. Runs of white space become one
    space, unless `lines` are to be kept.
    """
    repaired = text if text.isascii() else _repaired(text[: 4 * longest])
    if lines:
        shown = (_visible(line).rstrip() for line in repaired.splitlines())
        return "\n".join(shown).strip()[:longest]
    return " ".join(_visible(repaired).split())[:longest].rstrip()


def sort_key(text: str) -> str:
    """Return what names are ordered by: without case, accents and leading articles.

    Numbers are padded, so that 2 stands before 10. Empty only for the empty name.
    """
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN_LETTERS)
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    words = " ".join(bare.split())
    start = next((place for place, letter in enumerate(words) if letter.isalnum()), 0)
    key = _ARTICLE.sub(r"\2, \1", words[start:])
    return _DIGITS.sub(lambda number: number[0].zfill(6), key) or text


def artist_id(name: str) -> str:
    """Return the id `ar-…` of the artist of a name; case, width and white space do not count."""
    return f"ar-{_digest(_same(name))}"


def album_id(
    title: str, album_artists: Iterable[str], *, musicbrainz_id: str = "", folder: str = ""
) -> str:
    """Return the id `al-…` of an album: its MusicBrainz release, or its artists and title.

    Give the folder where no album artist is known, so that two albums called "Greatest Hits" stay
    two.
    """
    if musicbrainz_id:
        return f"al-{_digest(musicbrainz_id.lower())}"
    return f"al-{_digest(_same(title), folder, *sorted(_same(name) for name in album_artists))}"


def split_genres(values: Iterable[str]) -> tuple[str, ...]:
    """Return the genres in tag values, each once, with capitals that depend on its letters only.

    `ROCK`, `rock` and `Rock` are so one genre in the whole library. Bare numbers are dropped.
    """
    genres: dict[str, None] = {}
    for value in values:
        for part in _GENRE_MARKS.split(value):
            genre = clean(part).lstrip("& ")
            if genre and not _GENRE_NUMBER.fullmatch(genre):
                genres[_capitalised(genre)] = None
    return tuple(genres)


def split_artists(values: Iterable[str]) -> tuple[str, ...]:
    """Return the artists that tag values name, each once, in order.

    Several values are trusted as they are; a display form beside its parts ("A & B", "A", "B", as
    Picard writes it) is left out. A single value is split only where it says so: "A feat. B",
    "A (with B)", "A; B", "A / B", never at "&" or ",".
    """
    given = _once(clean(part) for value in values for part in value.split("\0"))
    if len(given) == 1:
        return _once(name for part in _ARTIST_MARKS.split(given[0]) for name in _featured(part))
    joined = given[0].casefold() if len(given) > 2 else ""
    if joined and all(name.casefold() in joined for name in given[1:]):
        return given[1:]
    return given


def credited_artists(values: Iterable[str], title: str) -> tuple[str, ...]:
    """Return the artists that tag values name, then the guests that the title names."""
    artists = split_artists(values)
    return _once([*artists, *featured_in(title)]) if artists else ()


def featured_in(title: str) -> tuple[str, ...]:
    """Return the guests that a title names, as in "Song (feat. X)"."""
    hits = _FEATURED_IN_TITLE.findall(title)
    return _once(clean(bracketed or trailing) for bracketed, trailing in hits)


def _featured(name: str) -> list[str]:
    lead = _FEATURED.sub("", name).strip()
    if not lead or lead == name:
        return [name.strip()]
    guests = [(hit[1] or hit[2]).strip() for hit in _FEATURED.finditer(name)]
    return [lead, *(artist for guest in guests for artist in _featured(guest))]


def _once(names: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for name in names:
        if name:
            seen.setdefault(_same(name), name)
    return tuple(seen.values())


def _same(name: str) -> str:
    """Return what two spellings of one name have in common."""
    folded = unicodedata.normalize("NFKC", name).translate(_PLAIN_MARKS).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _capitalised(genre: str) -> str:
    def capital(hit: re.Match[str]) -> str:
        word = hit[0]
        if word in _INITIALS:
            return word.upper()
        return word if word in _SMALL_WORDS and hit.start() else word[0].upper() + word[1:]

    return _WORD_START.sub(capital, unicodedata.normalize("NFC", genre.casefold()))


def _repaired(text: str) -> str:
    """Return the text of UTF-8 bytes that were decoded one by one, or the text as it is."""
    for codec in ("latin-1", "cp1252"):
        try:
            return text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
    return text


def _visible(text: str) -> str:
    if not text.isprintable():
        text = "".join(_shown(letter) for letter in text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _shown(letter: str) -> str:
    if letter.isspace():
        return " "
    category = unicodedata.category(letter)
    if category == "Cs":  # half of a character, which no file and no database takes
        return "\ufffd"
    return "" if category == "Cc" or letter == "\ufeff" else letter
