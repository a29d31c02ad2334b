"""A Range header becomes the slices that it asks for, and a body that carries them."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.web.byte_ranges import (
    MOST_BYTES,
    MOST_RANGES,
    Slice,
    content_range,
    length,
    multipart,
    parse,
    read,
)

NUMBERS = st.one_of(st.integers(0, 120), st.integers(0, 2**70)).map(str)
RANGES = st.one_of(
    st.tuples(NUMBERS, NUMBERS).map("-".join),
    NUMBERS.map(lambda number: f"{number}-"),
    NUMBERS.map(lambda number: f"-{number}"),
    st.text(alphabet="0123456789-, =x", max_size=8),
)
HEADERS = st.one_of(
    st.lists(RANGES, min_size=1, max_size=20).map(lambda ranges: f"bytes={','.join(ranges)}"),
    st.text(max_size=30),
)


@pytest.mark.parametrize(
    ("header", "slices"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=-10", [(90, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=50-1000", [(50, 100)]),
        ("BYTES = 0-0", [(0, 1)]),
        ("bytes=0-0, 50-59, -1", [(0, 1), (50, 60), (99, 100)]),
        ("bytes=0-0,200-300", [(0, 1)]),
    ],
)
def test_these_ranges_of_100_bytes_are_these_slices(
    header: str, slices: list[tuple[int, int]]
) -> None:
    assert parse(header, 100) == [Slice(*slice) for slice in slices]


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200,300-", "bytes=5000-6000"])
def test_ranges_outside_of_the_file_are_no_slices(header: str) -> None:
    assert parse(header, 100) == []


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=a-b", "bytes=9-0", "bytes=-0", "items=0-9", "bytes=--1"],
)
def test_what_is_no_byte_range_stands_for_the_whole_file(header: str | None) -> None:
    assert parse(header, 100) is None


def test_a_long_range_is_cut_short() -> None:
    assert parse("bytes=5-", 1 << 40) == [Slice(5, 5 + MOST_BYTES)]
    assert parse(f"bytes=0-{1 << 40}", 1 << 50) == [Slice(0, MOST_BYTES)]


def test_too_many_ranges_are_ignored() -> None:
    ranges = [f"{10 * n}-{10 * n}" for n in range(MOST_RANGES + 1)]
    assert parse("bytes=" + ",".join(ranges), 10_000) is None
    assert len(parse("bytes=" + ",".join(ranges[1:]), 10_000) or ()) == MOST_RANGES


def test_an_empty_file_has_no_slices() -> None:
    assert parse("bytes=0-", 0) == []
    assert parse("bytes=-5", 0) == []


def test_content_range_counts_the_last_byte_in() -> None:
    assert content_range(Slice(0, 10), 100) == "bytes 0-9/100"


def test_a_multipart_body_names_every_slice() -> None:
    body = multipart([Slice(0, 2), Slice(4, 6)], 8, "audio/mpeg", "edge")
    assert b"".join(read(body, io.BytesIO(b"abcdefgh"))) == (
        b"\r\n--edge\r\nContent-Type: audio/mpeg\r\nContent-Range: bytes 0-1/8\r\n\r\nab"
        b"\r\n--edge\r\nContent-Type: audio/mpeg\r\nContent-Range: bytes 4-5/8\r\n\r\nef"
        b"\r\n--edge--\r\n"
    )


def test_a_large_file_is_read_in_pieces() -> None:
    pieces = list(read([Slice(1, 1_000_000)], io.BytesIO(bytes(1_000_000))))
    assert sum(map(len, pieces)) == 999_999
    assert max(map(len, pieces)) == 256 * 1024


def test_a_file_that_shrank_ends_the_body() -> None:
    assert b"".join(read([Slice(0, 100)], io.BytesIO(b"short"))) == b"short"


@given(header=HEADERS, size=st.integers(0, 200))
def test_slices_lie_inside_the_file_whatever_the_header(header: str, size: int) -> None:
    for slice in parse(header, size) or ():
        assert 0 <= slice.start < slice.stop <= size


@given(
    content=st.binary(min_size=1, max_size=200),
    places=st.lists(st.tuples(st.integers(0, 199), st.integers(1, 50)), max_size=5),
)
def test_a_body_is_as_long_as_it_says(content: bytes, places: list[tuple[int, int]]) -> None:
    size = len(content)
    slices = [Slice(a % size, min(size, a % size + n)) for a, n in places]
    body = multipart(slices, size, "audio/flac", "edge")
    assert len(b"".join(read(body, io.BytesIO(content)))) == length(body)
