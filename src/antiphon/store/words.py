"""What `search` takes for a word: the same for every engine, without case, accents or width."""

import re
import unicodedata

# Scripts that are written without spaces: each of their characters is a word.
_ALONE = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# One such character, or a run of the letters and digits of other scripts.
_WORD = re.compile(rf"(?=[^\W_])[{_ALONE}]|[^\W_{_ALONE}]+")
# Letters that look like an accented one to who types, and to Unicode are others.
_PLAIN = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"}
)


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared, in their order.

    >>> words("Mařenka's CAFÉ (Live) 夜想")
    ['marenka', 's', 'cafe', 'live', '夜', '想']
    """
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not _is_mark(char))
    return _WORD.findall(text.casefold().translate(_PLAIN))


def folded(text: str) -> str:
    """Return a text as it is compared from its beginning: its words, each after one space."""
    return " ".join(words(text))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")
