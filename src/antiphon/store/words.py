"""What `search` takes for a word: the same for every engine, without case, accents or width."""

import re
import unicodedata

# A run of letters and digits; a character of a script that is written without spaces.
_WORD = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W_\u2e80-\u9fff]+")


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared, in their order.

    >>> words("Mařenka's CAFÉ (Live) 夜想")
    ['marenka', 's', 'cafe', 'live', '夜', '想']
    """
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)
    )
    return _WORD.findall(plain.casefold())


def folded(text: str) -> str:
    """Return a text as it is compared from its beginning: its words, each after one space."""
    return " ".join(words(text))
