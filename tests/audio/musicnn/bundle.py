"""Write a TensorFlow V2 checkpoint, as TensorFlow would, to be read by the tests."""

import struct
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT, INT64 = 1, 9
_TYPES = {"float32": FLOAT, "int64": INT64}

Entry = tuple[bytes, bytes]


def varint(value: int) -> bytes:
    digits = []
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def header(parts: int = 1, big_endian: int = 0) -> bytes:
    return field(1, parts) + (field(2, 1) if big_endian else b"") + field(3, field(1, 1))


def entry(tensor: NDArray[Any], offset: int) -> bytes:
    shape = b"".join(field(2, field(1, size)) for size in tensor.shape)
    where = (field(4, offset) if offset else b"") + field(5, tensor.nbytes)
    check_sum = varint(6 << 3 | 5) + struct.pack("<I", 0xC0FFEE)
    return field(1, _TYPES[tensor.dtype.name]) + field(2, shape) + where + check_sum


def checkpoint(
    tensors: Mapping[str, NDArray[Any]], *, head: bytes | None = None, **table_options: int
) -> tuple[bytes, bytes]:
    """Return the two files of a checkpoint, (index, data)."""
    entries, data = [(b"", header() if head is None else head)], b""
    for name in sorted(tensors, key=str.encode):
        entries.append((name.encode(), entry(tensors[name], len(data))))
        data += tensors[name].tobytes()
    return table(entries, **table_options), data


def table(
    entries: Iterable[Entry], *, block_entries: int = 20, restart: int = 16, compression: int = 0
) -> bytes:
    """Return a LevelDB table of sorted entries, so many in a block."""
    entries = list(entries)
    written, handles = b"", []
    for start in range(0, len(entries), block_entries):
        some = entries[start : start + block_entries]
        block = _block(some, restart)
        handles.append((some[-1][0] + b"~", varint(len(written)) + varint(len(block))))
        written += block + bytes([compression]) + b"\0\0\0\0"
    footer = b""
    for block in (_block([], 1), _block(handles, 1)):
        footer += varint(len(written)) + varint(len(block))
        written += block + b"\0" + b"\0\0\0\0"
    return written + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def _block(entries: list[Entry], restart: int) -> bytes:
    """Return entries whose keys leave out what they share with the one before, and restarts."""
    block, restarts, last = b"", [], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % restart == 0:
            restarts.append(len(block))
        else:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        block += varint(shared) + varint(len(key) - shared) + varint(len(value))
        block += key[shared:] + value
        last = key
    restarts = restarts or [0]
    return block + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def some_tensors() -> dict[str, NDArray[Any]]:
    """A few tensors whose names share prefixes, as layers' do."""
    rng = np.random.default_rng(4)
    shapes = {"dense/bias": (3,), "dense/kernel": (2, 3), "dense_1/bias": (), "beta": (1, 1, 5)}
    return {name: rng.standard_normal(shape).astype("<f4") for name, shape in shapes.items()}
