"""A row of the archive as a track: what is shown of it, and what is not known of it."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from antiphon.library.fma.describe import (
    COLUMNS,
    Tree,
    album_artists,
    describe,
    genre_documents,
    with_ancestors,
)
from antiphon.model import Genre, Origin

TREE: Tree = {12: ("Rock", 0), 45: ("Loud-Rock", 12), 58: ("Psych-Rock", 12), 66: ("Krautrock", 58)}


def row(**cells: str) -> dict[str, str]:
    known = {name.replace("__", "."): cell for name, cell in cells.items()}
    return {"track_id": "2", **dict.fromkeys(COLUMNS, ""), **known}


def test_a_full_row_says_all_that_a_track_has() -> None:
    cells = row(
        track__title="Food",
        track__number="3",
        track__duration="168",
        track__genres="[66, 45]",
        track__license="Attribution 4.0 International",
        track__listens="1293",
        track__date_created="2008-11-26 01:48:12",
        track__date_recorded="2008-11-26 00:00:00",
        artist__name="AWOL",
        album__id="1",
        album__title="AWOL - A Way Of Life",
        album__date_released="2009-01-05 00:00:00",
    )
    track = describe(cells, TREE, album_artists([cells]), {2: ("", "", "https://example.org/food")})
    assert track.id == "tr-fma-000002"
    assert (track.title, track.album) == ("Food", "AWOL - A Way Of Life")
    assert [credit.name for credit in track.artists] == ["AWOL"]
    assert track.tagged_album_artists == track.artists
    assert (track.track_no, track.duration_ms, track.prior_plays) == (3, 168_000, 1293)
    assert (track.year, track.original_year, track.added_at) == (2009, 2008, 1227664092000)
    assert track.genres == ("Krautrock", "Loud-Rock", "Psych-Rock", "Rock")
    assert track.origin == Origin(
        archive="Free Music Archive",
        url="https://example.org/food",
        licence="CC BY 4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
    )


def test_what_is_not_known_is_left_open() -> None:
    cells = row(
        album__id="-1",
        album__title="None",
        track__listens="-1",
        track__duration="",
        track__number="",
    )
    track = describe(cells, TREE, album_artists([cells]), {})
    assert (track.title, track.artists, track.album) == ("?", (), "")
    assert (track.prior_plays, track.duration_ms, track.year, track.added_at) == (0, 0, 0, 0)
    assert track.origin == Origin(archive="Free Music Archive")


def test_html_is_taken_out_and_what_only_looks_like_it_stays() -> None:
    cells = row(track__title="<b>I &lt;3</b><br/>U &amp; <Untitled> &#9731;")
    assert describe(cells, TREE, album_artists([cells]), {}).title == "I <3 U & <Untitled> ☃"


def test_an_album_of_several_artists_is_by_various() -> None:
    rows = [row(album__id="7", artist__name=name, album__title="Mix") for name in ("Ann", "Ben")]
    artists = album_artists([*rows, {}])
    assert artists == {"7": "Various Artists"}
    assert describe(rows[0], TREE, artists, {}).compilation


def test_the_genre_of_the_top_stands_in_where_there_is_no_other() -> None:
    cells = row(track__genres="[]", track__genre_top="Hip-Hop")
    assert describe(cells, TREE, album_artists([cells]), {}).genres == ("Hip-Hop",)


def test_a_genre_brings_those_above_it_once_and_a_circle_ends() -> None:
    assert with_ancestors([45, 58, 999], TREE) == ("Loud-Rock", "Psych-Rock", "Rock")
    assert with_ancestors([1], {1: ("A", 2), 2: ("B", 1)}) == ("A", "B")


def test_the_tree_is_kept_by_name() -> None:
    assert genre_documents(TREE)[:2] == [Genre(id="Rock"), Genre(id="Loud-Rock", parent="Rock")]


WILD = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["-1", "NaN", "1e300", "[45]", "[[", "9999-99-99 99:99:99", "<b>", "&#0;", "&#xd800;"]
)


@given(st.fixed_dictionaries(dict.fromkeys(COLUMNS, WILD)))
def test_whatever_a_row_holds_it_becomes_a_track_that_can_be_kept(cells: dict[str, str]) -> None:
    cells = {**cells, "track_id": "2"}
    track = describe(cells, TREE, album_artists([cells]), {})
    kept = msgspec.json.decode(msgspec.json.encode(track), type=type(track))
    assert kept == track
    assert track.title
    assert track.sort
