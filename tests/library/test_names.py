"""Names are sorted, split and made into ids the way a music lover would."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.library.names import (
    album_id,
    artist_id,
    clean,
    credited_artists,
    featured_in,
    sort_key,
    split_artists,
    split_genres,
)

TEXT = st.text(max_size=80)
# Without the letters that UTF-8 taken for Latin-1 shows, since cleaning repairs that once.
SOUND_TEXT = st.text(st.sampled_from("aBcZ09 &;/,|()'-éßЖ中🎵\0\t\u0301\ufeff"), max_size=80)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("The Beatles", "beatles, the"),
        ("The The", "the, the"),
        ("Die Ärzte", "arzte, die"),
        ("Los Lobos", "lobos, los"),
        ("L’Impératrice", "imperatrice, l'"),
        ("A", "a"),
        ("The", "the"),
        ("Theory", "theory"),
        ("Björk", "bjork"),
        ("Sigur Rós", "sigur ros"),
        ("Mø", "mo"),
        ("(I Can't Get No) Satisfaction", "i can't get no) satisfaction"),
        ("2 Unlimited", "000002 unlimited"),
        ("!!!", "!!!"),
        ("  two   words ", "two words"),
    ],
)
def test_a_name_is_sorted_without_article_case_and_accents(name: str, key: str) -> None:
    assert sort_key(name) == key


def test_numbers_are_sorted_by_their_value() -> None:
    names = ["Part 10", "Part 9", "part 2"]
    assert sorted(names, key=sort_key) == ["part 2", "Part 9", "Part 10"]


@given(name=st.text(min_size=1))
def test_no_name_is_sorted_by_nothing(name: str) -> None:
    assert sort_key(name)


@given(name=st.text(alphabet=st.characters(categories=["Lu", "Ll"]), min_size=1))
def test_case_and_composition_never_change_the_order(name: str) -> None:
    assert sort_key(unicodedata.normalize("NFD", name)) == sort_key(
        unicodedata.normalize("NFC", name)
    )


def test_an_artist_is_one_however_the_name_is_typed() -> None:
    ids = {
        artist_id(name) for name in ("Sigur Rós", "SIGUR  RÓS", "Sigur Ro\u0301s", "Ｓigur Rós ")
    }
    assert len(ids) == 1
    assert artist_id("Guns N’ Roses") == artist_id("Guns N' Roses")
    assert artist_id("Sigur Ros") not in ids
    assert ids.pop().startswith("ar-")


@given(name=TEXT)
def test_an_artist_id_is_short_and_stable(name: str) -> None:
    assert len(artist_id(name)) == 27
    assert (
        artist_id(name) == artist_id(f"  {name}\t") == artist_id(unicodedata.normalize("NFC", name))
    )


def test_an_album_is_known_by_its_release_else_by_artists_and_title() -> None:
    assert album_id("X", ["A"], musicbrainz_id="AB") == album_id("Y", ["B"], musicbrainz_id="ab")
    assert album_id("Hits", ["Ann", "Bob"]) == album_id("HITS ", ["bob", "ann"])
    assert album_id("Hits", ["Ann"]) != album_id("Hits", ["Bob"])
    assert album_id("Hits", [], folder="/a") != album_id("Hits", [], folder="/b")
    assert album_id("Hits", ["Ann"]).startswith("al-")


@pytest.mark.parametrize(
    ("values", "genres"),
    [
        (["R&B/Soul"], ("R&B", "Soul")),
        (["Drum & Bass"], ("Drum & Bass",)),
        (["rock", "ROCK", "Rock"], ("Rock",)),
        (["Folk, World, & Country"], ("Folk", "World", "Country")),
        (["hip-hop; 80s | rock and roll\0Jazz"], ("Hip-Hop", "80s", "Rock and Roll", "Jazz")),
        (["(17)", "255", " ", ";"], ()),
        (["edm", "Idm", "uk garage"], ("EDM", "IDM", "UK Garage")),
        (["Children's"], ("Children's",)),
        (["1980s", "2-Step"], ("1980s", "2-Step")),
        (["электроника"], ("Электроника",)),
    ],
)
def test_genres_are_split_and_tidied(values: list[str], genres: tuple[str, ...]) -> None:
    assert split_genres(values) == genres


@given(values=st.lists(SOUND_TEXT, max_size=4))
def test_genres_are_unique_and_splitting_them_again_changes_nothing(values: list[str]) -> None:
    genres = split_genres(values)
    assert all(genre and genre == genre.strip() for genre in genres)
    assert len({genre.casefold() for genre in genres}) == len(genres)
    assert split_genres(genres) == genres


@pytest.mark.parametrize(
    "name", ["Simon & Garfunkel", "Tyler, The Creator", "AC/DC", "Daft Punk", "Craft Ft Worth"]
)
def test_a_name_with_a_joining_mark_stays_whole(name: str) -> None:
    assert split_artists([name]) == (name,)


@pytest.mark.parametrize(
    ("value", "artists"),
    [
        ("Ann feat. Bob", ("Ann", "Bob")),
        ("Ann Featuring Bob & Cy", ("Ann", "Bob & Cy")),
        ("Ann ft. Bob feat. Cy", ("Ann", "Bob", "Cy")),
        ("Ann (feat. Bob)", ("Ann", "Bob")),
        ("Ann [ft Bob]", ("Ann", "Bob")),
        ("Ann (with Bob)", ("Ann", "Bob")),
        ("Ann; Bob", ("Ann", "Bob")),
        ("Ann / Bob", ("Ann", "Bob")),
        ("Ann\0Bob\0ann", ("Ann", "Bob")),
        ("feat. Bob", ("feat. Bob",)),
        ("", ()),
    ],
)
def test_one_value_is_split_where_it_says_so(value: str, artists: tuple[str, ...]) -> None:
    assert split_artists([value]) == artists


def test_several_values_are_trusted_as_they_are() -> None:
    assert split_artists(["Ann feat. Bob", "Cy / Di"]) == ("Ann feat. Bob", "Cy / Di")
    assert split_artists(["Ann & Bob", "Ann", "Bob"]) == ("Ann", "Bob")


def test_guests_in_titles_are_credited_after_the_artists() -> None:
    assert featured_in("Song (feat. Bob) [Live]") == ("Bob",)
    assert featured_in("Song ft. Bob") == ("Bob",)
    assert featured_in("Stay (With Me)") == ()
    assert featured_in("Defeat. Again") == ()
    assert credited_artists(["Ann"], "Song (feat. BOB)") == ("Ann", "BOB")
    assert credited_artists(["Ann", "Bob"], "Song (feat. BOB)") == ("Ann", "Bob")
    assert credited_artists([], "Song (feat. Bob)") == ()


@given(values=st.lists(TEXT, max_size=4), title=TEXT)
def test_artists_are_filled_and_unique(values: list[str], title: str) -> None:
    artists = credited_artists(values, title)
    assert all(name and name == name.strip() for name in artists)
    assert len({artist_id(name) for name in artists}) == len(artists)


@given(name=st.from_regex(r"[A-Za-z]{2,8}( (&|and|vs|x) [A-Za-z]{2,8}){1,2}", fullmatch=True))
def test_joined_names_never_come_apart(name: str) -> None:
    assert split_artists([name]) == (name,)


@given(text=st.text(st.characters(), max_size=200), longest=st.integers(1, 50))
def test_clean_text_is_one_short_line_that_can_be_written(text: str, longest: int) -> None:
    cleaned = clean(text, longest)
    assert len(cleaned) <= longest
    assert not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in cleaned)
    assert cleaned.encode().decode() == cleaned


@given(text=SOUND_TEXT)
def test_clean_text_stays_as_it_is(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_text_taken_for_latin1_or_windows_1252_is_repaired() -> None:
    assert clean("MÃ¶tley CrÃ¼e") == "Mötley Crüe"
    assert clean("Itâ€™s") == "It’s"
    assert clean("Café Zürich ÀÉ") == "Café Zürich ÀÉ"
