"""A block: consecutive events of a market, as one server writes them and others read and prove them."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from feed.errors import FeedError
from feed.model.events import Row
from feed.model.stream_position import StreamPosition
from feed.stream.chain import chained, joined_proof, unpacked

Place: TypeAlias = tuple[int, int]
"""Which block of a log it is: a term, 0 where there is but one, and a number that counts from 1 in it."""

BEFORE_ALL: Final[Place] = (0, 0)

REFUSED: Final = -1
"""In place of a number of events: the request has not acted."""


class Outcome(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    What became of a request.

    Attributes:
        edge: By whom it was sent, see :class:`feed.cluster.ports.Link`.
        number: Which of its requests.
        seq: Sequence number of the last event of the step in which it acted.
        events: How many events that step has; :data:`REFUSED` where it has not acted.
    """

    edge: str
    number: int
    seq: int
    events: int


class Block(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    Consecutive events, and what happens before the first of them.

    Attributes:
        before: Sequence number of the event before the first.
        before_proof: Of everything up to that one.
        events: How many there are.
        proof: Of everything up to the last.
        rows: The events, packed, see :mod:`feed.stream.chain`; empty for none.
        entries: Changes of what a server knows beside the market, which count from after the event ``before``
            on; see :mod:`feed.durability.entries`. Empty for none.
        outcomes: Of requests whose steps are in it, or in one before it, or that have not acted.
        stood: See :class:`feed.stream.source.Batch`.
        made: When the oldest event was made, seconds since the Unix epoch, for figures alone.
        market_time: Of the market after it, nanoseconds since the Unix epoch.
        phase: Of the market after it, a value of :class:`feed.sim.run_status.RunState`.
        takes_orders: Whether the market takes requests of accounts.
        ended: Whether nothing follows.
        read: How far the requests of edges are decided, where they stand in a log of their own: a place in
            that, up to which nobody need look again; empty where there is none.
    """

    before: int
    before_proof: int
    events: int
    proof: int
    rows: bytes
    entries: bytes
    outcomes: tuple[Outcome, ...]
    stood: int
    made: float
    market_time: int
    phase: str
    takes_orders: bool
    ended: bool
    read: str = ""

    @property
    def begins(self) -> StreamPosition:
        """The position before the first event."""
        return StreamPosition(self.before, self.before_proof)

    @property
    def ends(self) -> StreamPosition:
        """The position of the last event."""
        return StreamPosition(self.before + self.events, self.proof)


class BrokenChain(FeedError):
    """
    The events of a block are not those that its proof or its reader's position speaks of.

    Attributes:
        position: Where it was seen.
    """

    def __init__(self, position: StreamPosition) -> None:
        self.position = position
        super().__init__(f"the events around position {position.text} are not those of this history")


class Missing(FeedError):
    """
    Blocks were passed over, or are not kept any more.

    Attributes:
        position: What was read up to.
        found: Sequence number of the event before those that can be read.
    """

    def __init__(self, position: StreamPosition, found: int) -> None:
        self.position = position
        self.found = found
        super().__init__(f"a gap: the events from {position.seq + 1} to {found} cannot be had any more")


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Block).decode


def encode_block(block: Block) -> bytes:
    """The bytes of a block."""
    return _encode(block)


def decode_block(data: bytes) -> Block:
    """
    The block of such bytes.

    Raises:
        FeedError: They are of no block.
    """
    try:
        return _decode(data)
    except msgspec.MsgspecError as error:
        raise FeedError(f"a block is malformed: {error}") from None


def rows_of(block: Block, position: StreamPosition) -> list[Row]:
    """
    The events of a block that come after ``position``.

    These are all of them, or the rest where some are known already, or none where all are: after a restart
    a log brings such ones again.

    Args:
        block: The next one, or one again.
        position: What is known.
    Raises:
        Missing: It begins after ``position``.
        BrokenChain: Its events are not those of its proof, or not those that are known.
        FeedError: They cannot be read.
    """
    if block.before > position.seq:
        raise Missing(position, block.before)
    if block.before == position.seq and block.begins != position:
        raise BrokenChain(position)
    if joined_proof(block.rows, block.before_proof) != block.proof:
        raise BrokenChain(block.ends)
    try:
        rows = unpacked(block.rows) if block.rows else []
    except msgspec.MsgspecError as error:
        raise FeedError(f"the events of a block are malformed: {error}") from None
    if len(rows) != block.events:
        raise BrokenChain(block.ends)
    known = position.seq - block.before
    if not known:
        return rows
    if known <= len(rows) and chained(rows[:known], block.before_proof)[1][-1] != position.proof:
        raise BrokenChain(position)
    return rows[known:]
