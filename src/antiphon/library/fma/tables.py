"""The archive's tables, row by row: of files of a gigabyte, no more than a row is held at once."""

import codecs
import csv
from ast import literal_eval
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from antiphon.library.fma.errors import ArchiveError

TRACKS, GENRES = "tracks.csv", "genres.csv"
RAW_TRACKS, FEATURES = "raw_tracks.csv", "features.csv"
# A biography in HTML is a field of its own.
_LONGEST_FIELD = 1 << 24
_LARGEST = 1 << 40  # no store takes numbers of any size
_STRAY = "antiphon.cp1252"

Row = dict[str, str]


def metadata_folder(folder: Path) -> Path:
    """Return where the tables are: in a folder itself, or in one of the folders in it.

    Raises:
        ArchiveError: there are none.
    """
    places = [folder, *sorted(one for one in folder.iterdir() if one.is_dir())]
    for place in places:
        if (place / TRACKS).is_file() and (place / GENRES).is_file():
            return place
    raise ArchiveError(
        f"There is no {TRACKS} with a {GENRES} beside it in {folder} or a folder in it: "
        "unpack fma_metadata.zip there, or let `antiphon fma fetch` do it."
    )


def track_rows(path: Path, wanted: Sequence[str]) -> Iterator[Row]:
    """Yield these columns (such as `album.title`) of tracks.csv, and the id as `track_id`.

    A row without a number for its id, or with too few columns, is {}: whoever counts sees it.

    Raises:
        ArchiveError: it is not the table that it should be.
    """
    with _wide(path, levels=2) as (columns, rows):
        places = {name: _place(columns, name, path) for name in wanted}
        for row in rows:
            if len(row) == len(columns) and row[0].isdecimal():
                yield {"track_id": row[0]} | {name: row[at] for name, at in places.items()}
            else:
                yield {}


def number_rows(path: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield first ("", the names of the columns), then each id with its texts of numbers.

    It reads features.csv, whose columns are named like `mfcc.mean.01`. A row without numbers, or
    without a number for its id, is left out.

    Raises:
        ArchiveError: it is not the table that it should be.
    """
    with _wide(path, levels=3) as (columns, rows):
        yield "", columns[1:]
        for row in rows:
            if len(row) == len(columns) and all(row) and row[0].isdecimal():
                yield row[0], row[1:]


def plain_rows(path: Path, wanted: Sequence[str]) -> Iterator[Row]:
    """Yield these columns of a table with one line of headings: of genres.csv, of raw_tracks.csv.

    What a row is too short for is "".

    Raises:
        ArchiveError: it is not the table that it should be.
    """
    with _opened(path) as lines:
        rows = csv.DictReader(lines, restval="")
        for name in wanted:
            _place(rows.fieldnames or (), name, path)
        for row in rows:
            yield {name: row[name] for name in wanted}


@contextmanager
def _wide(path: Path, levels: int) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    """Open a table whose headings are so many lines, and a line that names the index."""
    with _opened(path) as lines:
        rows = csv.reader(lines)
        headings = [next(rows, [""]) for _ in range(levels)]
        index = next(rows, [""])
        if index[0] != "track_id" or len({len(line) for line in (*headings, index)}) != 1:
            raise ArchiveError(
                f"{path} does not begin with {levels} lines of headings and one with `track_id`: "
                "it is damaged, or another table."
            )
        yield [".".join(names) for names in zip(*headings, strict=True)], rows


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[str]]:
    codecs.register_error(_STRAY, _as_cp1252)
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", errors=_STRAY, newline="") as lines:
            yield lines
    except csv.Error as error:
        raise ArchiveError(f"{path} cannot be read as a table: {error}.") from error


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Read a stray byte in UTF-8 as Windows writes letters; some raw tables have both."""
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - it is only used for reading
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


def _place(columns: Sequence[str], name: str, path: Path) -> int:
    try:
        return columns.index(name)
    except ValueError:
        raise ArchiveError(f"{path} has no column {name}: it is another table.") from None


def whole(text: str) -> int:
    """Return a whole number of 0 or more; 0 for what is not known: -1, NaN, nothing, no number."""
    try:
        number = float(text)
    except ValueError:
        return 0
    return int(number) if 0 < number <= _LARGEST else 0


@lru_cache(4096)
def numbers(text: str) -> tuple[int, ...]:
    """Return the whole numbers in a list written as Python does, as in `[45, 58]`."""
    try:
        found = literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    items = found if isinstance(found, list | tuple) else ()
    return tuple(item for item in items if isinstance(item, int))
