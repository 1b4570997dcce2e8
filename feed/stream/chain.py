"""
The chain: every row packed, and the proof of everything up to it.

The proof of an event is the CRC-32 of the packed rows of all events up to and including it, begun
with that of the listing (:func:`feed.model.stream_position.first_proof`). A row is packed as a MessagePack
array. Numbers beyond 64 bits, which MessagePack does not have (a client's request id, packed, may be
one), are byte strings there: two's complement, most significant first, as short as can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias
from zlib import crc32

import msgspec

from feed.model.events import Row

Links: TypeAlias = tuple[list[bytes], list[int]]
"""Of some rows: each packed, and the proof at each."""

NO_LINKS: Final[Links] = ([], [])

_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(list[Row]).decode
_unpack_wide: Final = msgspec.msgpack.Decoder(list[tuple[int | bytes, ...]]).decode

_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 64) - 1

# Headers of MessagePack arrays of up to 65,535 items, and of more: a byte, and the width of their number.
_ARRAY_16: Final = b"\xdc", 2
_ARRAY_32: Final = b"\xdd", 4
_MOST_16: Final = 0xFFFF


def packed(row: Row) -> bytes:
    """One row in the form that is chained and kept."""
    try:
        return _pack(row)
    except OverflowError:
        return _pack([number if _LEAST <= number <= _MOST else _bytes(number) for number in row])


def chained(rows: Sequence[Row], proof: int) -> Links:
    """
    Every row packed, and the proof at each.

    Args:
        rows: The next events.
        proof: Of everything before them.
    """
    try:
        parts = list(map(_pack, rows))
    except OverflowError:
        parts = [packed(row) for row in rows]
    proofs: list[int] = []
    for part in parts:
        proof = crc32(part, proof)
        proofs.append(proof)
    return parts, proofs


def joined(parts: Sequence[bytes]) -> bytes:
    """Packed rows as one block."""
    header, width = _ARRAY_16 if len(parts) <= _MOST_16 else _ARRAY_32
    return header + len(parts).to_bytes(width, "big") + b"".join(parts)


def joined_proof(block: bytes, proof: int) -> int:
    """
    The proof after the rows of a block, which are not unpacked for it.

    Args:
        block: From :func:`joined`; one of something else gives a proof of nothing.
        proof: Of everything before them.
    """
    width = 4 if block[:1] == _ARRAY_32[0] else 2
    return crc32(memoryview(block)[1 + width :], proof)


def unpacked(block: bytes) -> list[Row]:
    """The rows of a block."""
    try:
        return _unpack(block)
    except msgspec.ValidationError:  # a byte string is no integer
        return [tuple(map(_number, row)) for row in _unpack_wide(block)]


def _bytes(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)


def _number(packed: int | bytes) -> int:
    return int.from_bytes(packed, "big", signed=True) if isinstance(packed, bytes) else packed
