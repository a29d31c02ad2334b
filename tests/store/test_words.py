"""What search takes for a word, and that SQLite's tokenizer takes the same for one."""

import sqlite3
import sys
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.store.sqlite_tables import _TOKENIZER
from antiphon.store.words import folded, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mařenka's CAFÉ (Live)", "marenka s cafe live"),
        ("AC/DC - T.N.T.", "ac dc t n t"),
        ("snake_case", "snake case"),
        ("Łódź, Ærø & Þórr", "lodz aero thorr"),
        ("Straße ﬁne ＷＩＤＥ", "strasse fine wide"),
        ("Чайка ΆΝΝΑ", "чаика αννα"),
        ("夜想曲、春。", "夜 想 曲 春"),
        ("a𠀀b", "a 𠀀 b"),
        ("ガール", "カ ー ル"),
        ("x² Ⅷ", "x2 viii"),
        ("🎷 ! \x00 \ud800", ""),
    ],
)
def test_words_have_no_case_accents_or_width(text: str, expected: str) -> None:
    assert folded(text) == expected


@given(st.text())
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert words(folded(text)) == words(text)


def test_sqlite_takes_the_same_for_a_word_for_every_letter_there_is() -> None:
    letters = [
        f"x{letter}y {letter}" for letter in map(chr, range(sys.maxunicode + 1)) if words(letter)
    ]
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.execute(f'CREATE VIRTUAL TABLE f USING fts5 (text, tokenize="{_TOKENIZER}")')
        raw.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (f, 'instance')")
        raw.executemany("INSERT INTO f VALUES (?)", [(folded(text),) for text in letters])
        taken = [term for (term,) in raw.execute("SELECT term FROM terms ORDER BY doc, offset")]
    assert taken == [word for text in letters for word in words(text)]
