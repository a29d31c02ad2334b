"""Read a TensorFlow V2 checkpoint without TensorFlow.

Such a checkpoint is two files. The index is a table as LevelDB keeps them (a footer that points
to an index block, that points to data blocks, whose keys share prefixes), from a tensor's name to
a protocol buffer `BundleEntryProto`, that says where in the data its numbers lie. Formats:
`table_format.md` of LevelDB, `tensor_bundle.proto` of TensorFlow.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from antiphon.audio.errors import ModelError

Tensors = dict[str, NDArray[np.float32]]

_MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_FOOTER_BYTES = 48
_UNCOMPRESSED = 0
_FLOAT32 = 1
_LONGEST_VARINT = 10


def read(index: bytes, data: bytes) -> Tensors:
    """Return the checkpoint's float32 tensors by name; those of other types are left out.

    Check sums are not looked at: whoever brings the files has checked them as a whole.

    Raises:
        ModelError: it is no such checkpoint, is cut off, compressed or in several parts.
    """
    if len(index) < _FOOTER_BYTES or not index.endswith(_MAGIC):
        raise ModelError("The checkpoint's index is no table of TensorFlow's, or is cut off.")
    footer = _Bytes(index[-_FOOTER_BYTES:])
    _handle(footer)  # of the meta index, which says nothing about tensors
    tensors: Tensors = {}
    for _, handle in _entries(_block(index, *_handle(footer))):
        for name, value in _entries(_block(index, *_handle(_Bytes(handle)))):
            if not name:
                _check_header(value)
            elif (tensor := _tensor(value, data)) is not None:
                tensors[name.decode(errors="replace")] = tensor
    return tensors


class _Bytes:
    """Bytes that are read from their beginning on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ModelError("The checkpoint is cut off.")
        self._at += count
        return taken

    def varint(self) -> int:
        value = 0
        for place in range(_LONGEST_VARINT):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                return value
        raise ModelError("The checkpoint is damaged: a number in it does not end.")


def _handle(source: _Bytes) -> tuple[int, int]:
    return source.varint(), source.varint()


def _block(index: bytes, offset: int, size: int) -> bytes:
    """Return a block without the restart points at its end, which only a search needs."""
    block = _Bytes(index[offset : offset + size + 1]).take(size + 1)
    if block[-1] != _UNCOMPRESSED:
        raise ModelError("The checkpoint's index is compressed, which is not read here.")
    entries = size - 4 - 4 * int.from_bytes(block[-5:-1], "little")
    if entries < 0:
        raise ModelError("The checkpoint is damaged: a block of its index does not fit.")
    return block[:entries]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    key, rest = b"", _Bytes(block)
    while rest:
        shared, own, length = rest.varint(), rest.varint(), rest.varint()
        if shared > len(key):
            raise ModelError("The checkpoint is damaged: a name in it has no beginning.")
        key = key[:shared] + rest.take(own)
        yield key, rest.take(length)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield a protocol buffer's fields, as (number, value)."""
    rest = _Bytes(message)
    while rest:
        tag = rest.varint()
        match tag & 7:
            case 0:
                yield tag >> 3, rest.varint()
            case 1:
                yield tag >> 3, rest.take(8)
            case 2:
                yield tag >> 3, rest.take(rest.varint())
            case 5:
                yield tag >> 3, rest.take(4)
            case kind:
                raise ModelError(f"The checkpoint is damaged: no field is of kind {kind}.")


def _number(message: bytes, field: int) -> int:
    """Return an integer field's value; 0, as the format has it, where it is not there."""
    found = [value for number, value in _fields(message) if number == field]
    if not found:
        return 0
    if not isinstance(found[-1], int):
        raise ModelError("The checkpoint is damaged: a field that counts is no number.")
    return found[-1]


def _messages(message: bytes, field: int) -> list[bytes]:
    return [
        value for number, value in _fields(message) if number == field and isinstance(value, bytes)
    ]


def _check_header(header: bytes) -> None:
    if _number(header, 1) > 1:
        raise ModelError("The checkpoint is in several parts, which is not read here.")
    if _number(header, 2):
        raise ModelError("The checkpoint is of a big-endian machine, which is not read here.")


def _tensor(entry: bytes, data: bytes) -> NDArray[np.float32] | None:
    if _number(entry, 1) != _FLOAT32:
        return None
    dimensions = [dimension for shape in _messages(entry, 2) for dimension in _messages(shape, 2)]
    shape = [_number(dimension, 1) for dimension in dimensions]
    offset, size = _number(entry, 4), _number(entry, 5)
    if offset + size > len(data):
        raise ModelError("The checkpoint's data is cut off.")
    numbers = np.frombuffer(data[offset : offset + size - size % 4], "<f4")
    try:
        return numbers.reshape(shape)
    except ValueError as error:
        raise ModelError(f"The checkpoint is damaged: a tensor is not of shape {shape}.") from error
