"""A TensorFlow checkpoint is read without TensorFlow, or refused with a reason."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from tests.audio.musicnn import bundle

from antiphon.audio.errors import ModelError
from antiphon.audio.musicnn.checkpoint import read

INDEX, DATA = bundle.checkpoint(bundle.some_tensors(), block_entries=3)

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
tensors = arrays(
    np.dtype("<f4"), array_shapes(min_dims=0, min_side=0, max_side=4), elements=st.floats(width=32)
)


@settings(deadline=None)
@given(st.dictionaries(names, tensors), st.integers(1, 30), st.integers(1, 16))
def test_what_was_written_is_read(
    written: dict[str, np.ndarray], block_entries: int, restart: int
) -> None:
    found = read(*bundle.checkpoint(written, block_entries=block_entries, restart=restart))
    assert found.keys() == written.keys()
    for name, tensor in written.items():
        np.testing.assert_array_equal(found[name], tensor)


def test_tensors_of_other_types_are_left_out() -> None:
    steps = {"global_step": np.array(7, np.int64)}
    assert read(*bundle.checkpoint(bundle.some_tensors() | steps)).keys() == (
        bundle.some_tensors().keys()
    )


@settings(deadline=None)
@given(st.integers(0, len(INDEX) - 1))
def test_an_index_that_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(ModelError, match="cut off"):
        read(INDEX[:length], DATA)


def test_data_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ModelError, match="data is cut off"):
        read(INDEX, DATA[:-1])


@settings(deadline=None)
@given(st.integers(0, len(INDEX) - 1), st.integers(1, 255))
def test_a_damaged_index_is_refused_or_read_but_breaks_nothing(place: int, change: int) -> None:
    damaged = bytearray(INDEX)
    damaged[place] ^= change
    try:
        found = read(bytes(damaged), DATA)
    except ModelError as error:
        assert str(error).endswith(".")  # noqa: PT017 - some damage does not show
    else:
        assert all(tensor.dtype == np.float32 for tensor in found.values())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_what_is_no_checkpoint_is_refused(index: bytes) -> None:
    with pytest.raises(ModelError, match="no table of TensorFlow's"):
        read(index, b"")


def test_a_compressed_index_is_refused() -> None:
    with pytest.raises(ModelError, match="compressed"):
        read(*bundle.checkpoint(bundle.some_tensors(), compression=1))


@pytest.mark.parametrize(
    ("head", "reason"),
    [(bundle.header(parts=2), "several parts"), (bundle.header(big_endian=1), "big-endian")],
)
def test_a_checkpoint_of_another_kind_is_refused(head: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read(*bundle.checkpoint(bundle.some_tensors(), head=head))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (bundle.field(1, 1) + bundle.field(2, bundle.field(2, bundle.field(1, 5))), "of shape"),
        (bundle.field(1, 1) + bundle.field(2, bundle.field(2, bundle.field(1, 2**63))), "of shape"),
        (bundle.field(1, b"float"), "no number"),
        (bytes([1 << 3 | 7]), "of kind 7"),
        (b"\xff" * 11, "does not end"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(entry: bytes, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        read(bundle.table([(b"", bundle.header()), (b"beta", entry)]), b"")


def test_a_name_that_shares_more_than_there_is_is_refused() -> None:
    index = bytearray(bundle.table([(b"", bundle.header())]))
    index[0] = 9
    with pytest.raises(ModelError, match="no beginning"):
        read(bytes(index), b"")
