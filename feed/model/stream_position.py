"""
Where a client is in the stream, and the proof that it is this stream.

Sequence numbers begin again with every run, so a number alone cannot tell one market from another.
Every event is therefore chained to all events before it: its *proof* is a checksum over the listing
and every row up to and including its own. Client and server that name the same sequence number
and the same proof have seen the same events, and only then one can go on where the other is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final
from zlib import crc32

import attrs

from feed.errors import ClientError, ProtocolError
from feed.model.instruments import Instrument

_TEXT: Final = re.compile(r"(0|[1-9][0-9]{0,17})-([0-9a-f]{8})", re.ASCII)

# Another way to compute the chain must have another beginning: then its positions are refused.
_FORM: Final = b"feed chain 1\n"


@attrs.frozen
class StreamPosition:
    """
    A place in the stream of one market.

    Attributes:
        seq: Sequence number of the last event seen; 0 before the first.
        proof: Chained checksum over the listing and every event up to and including that one, 32 bits.
    """

    seq: int
    proof: int

    @property
    def text(self) -> str:
        """As a client is told it and gives it back, such as ``123456-a1b2c3d4``."""
        return f"{self.seq}-{self.proof:08x}"


def parse_position(text: str) -> StreamPosition:
    """
    The position that a client names.

    Raises:
        ProtocolError: It is none, such as a sequence number alone.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ProtocolError("a position is written like 123456-a1b2c3d4")
    return StreamPosition(int(found[1]), int(found[2], 16))


def first_proof(listing: Iterable[Instrument]) -> int:
    """The proof of position 0: different for markets that list different instruments."""
    proof = crc32(_FORM)
    for instrument in listing:
        # Only what is not as usual: a field that is added later changes nothing for those without it.
        said = [
            f"{field.name}={_plain(value)!a}"
            for field in attrs.fields(Instrument)
            if (value := getattr(instrument, field.name)) != field.default
        ]
        proof = crc32(f"{', '.join(said)}\n".encode(), proof)
    return proof


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value  # what an enum's repr says is not promised


class CannotResume(ClientError):
    """A position from which a client cannot resume here."""


class TooOld(CannotResume):
    """
    What follows the position is no longer kept.

    Attributes:
        oldest: Sequence number of the oldest event kept.
    """

    def __init__(self, oldest: int) -> None:
        self.oldest = oldest
        super().__init__(f"the oldest event kept is {oldest}")


class Ahead(CannotResume):
    """
    The position has not been reached here.

    Attributes:
        newest: Sequence number of the newest event.
    """

    def __init__(self, newest: int) -> None:
        self.newest = newest
        super().__init__(f"the newest event is {newest}")


class OtherHistory(CannotResume):
    """
    The position is one of another market or another run: the events up to it were different ones.

    Attributes:
        position: The one that was named.
    """

    def __init__(self, position: StreamPosition) -> None:
        self.position = position
        super().__init__(f"position {position.text} is of another history")
