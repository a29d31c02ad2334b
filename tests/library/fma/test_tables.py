"""The archive's tables as they really are: headings of several lines, -1, stray bytes."""

from pathlib import Path

import pytest

from antiphon.library.fma import ArchiveError, tables


def test_the_headings_of_several_lines_become_one_name_each(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text(',album,track\n,title,title\ntrack_id,,\n2,"A\nB",Food\n', encoding="utf-8")
    assert list(tables.track_rows(path, ["track.title", "album.title"])) == [
        {"track_id": "2", "track.title": "Food", "album.title": "A\nB"}
    ]


def test_a_damaged_row_stays_countable_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text(",track\n,title\ntrack_id,\n2,Food\n3\nx,Y\n5,This World\n", encoding="utf-8")
    rows = list(tables.track_rows(path, ["track.title"]))
    assert [row.get("track.title") for row in rows] == ["Food", None, None, "This World"]


@pytest.mark.parametrize(
    "text", ["", "track_id,title\n2,Food\n", ",a\n,b\nnumber,\n", ",a\n,b,c\ntrack_id,\n"]
)
def test_another_table_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"tracks.csv does not begin with 2 lines of headings"):
        list(tables.track_rows(path, ["track.title"]))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text(",track\n,title\ntrack_id,\n", encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"no column track\.listens"):
        list(tables.track_rows(path, ["track.listens"]))


def test_stray_bytes_are_read_as_windows_means_them_and_utf8_stays(tmp_path: Path) -> None:
    path = tmp_path / "raw_tracks.csv"
    path.write_bytes(b"\xef\xbb\xbftrack_id,track_title\n2,Caf\xc3\xa9 5 \x80\n")
    assert list(tables.plain_rows(path, ["track_id", "track_title"])) == [
        {"track_id": "2", "track_title": "Café 5 €"}
    ]


@pytest.mark.parametrize("text", ["", "genre_id,genre_color,genre_title\n1,#006666,Rock\n"])
def test_another_table_of_one_heading_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "genres.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"genres\.csv has no column title: it is another table"):
        list(tables.plain_rows(path, ["title"]))


def test_numbers_come_with_their_columns_and_without_the_blank_rows(tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    path.write_text(
        "feature,mfcc,mfcc\nstatistics,max,mean\nnumber,01,01\ntrack_id,,\n2,,\nx,1,1\n3,1.5,-2e-3\n",
        encoding="utf-8",
    )
    assert list(tables.number_rows(path)) == [
        ("", ["mfcc.max.01", "mfcc.mean.01"]),
        ("3", ["1.5", "-2e-3"]),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("168", 168),
        ("168.0", 168),
        ("-1", 0),
        ("", 0),
        ("NaN", 0),
        ("inf", 0),
        ("1e300", 0),
        ("x", 0),
    ],
)
def test_what_is_not_known_counts_as_nothing(text: str, number: int) -> None:
    assert tables.whole(text) == number


@pytest.mark.parametrize(
    ("text", "found"),
    [("[45, 58]", (45, 58)), ("[]", ()), ("", ()), ("[1, 'a']", (1,)), ("{", ()), ("7", ())],
)
def test_lists_are_written_as_python_does(text: str, found: tuple[int, ...]) -> None:
    assert tables.numbers(text) == found


def test_the_tables_are_found_in_the_folder_or_one_below(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"There is no tracks\.csv"):
        tables.metadata_folder(tmp_path)
    inside = tmp_path / "fma_metadata"
    inside.mkdir()
    (inside / "tracks.csv").touch()
    (inside / "genres.csv").touch()
    assert tables.metadata_folder(tmp_path) == tables.metadata_folder(inside) == inside
