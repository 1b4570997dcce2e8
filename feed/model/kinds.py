"""The kinds of rows, and what all events have in common. See :mod:`feed.model.events`."""

from __future__ import annotations

import enum
from typing import Final

import attrs

from feed.model.stream_position import StreamPosition

Row = tuple[int, ...]

# In a row: "this source does not say", where 0 would be a claim.
UNKNOWN: Final = -1

ADD: Final = 1
REDUCE: Final = 2
TRADE: Final = 3
LEVEL: Final = 4
QUOTE: Final = 5
STATUS: Final = 6
CLEAR: Final = 7
CLOCK: Final = 8
ORDER: Final = 9
FILL: Final = 10
MARK: Final = 11
FUNDING: Final = 12
LIQUIDATION: Final = 13
ROUND: Final = 14
SIGNAL: Final = 15
KINDS: Final = range(ADD, SIGNAL + 1)


class Side(enum.IntEnum):
    """Side of the book that an order rests on, or would."""

    BUY = 0
    SELL = 1


class Status(enum.IntEnum):
    """Whether an instrument can be traded."""

    TRADING = 1
    HALTED = 2
    DELISTED = 3


@attrs.frozen(kw_only=True)
class Event:
    """
    One change of a market.

    Attributes:
        seq: Position in the stream. The first event is 1; +1 each, no gaps.
        ts: Market time, integer nanoseconds since the Unix epoch.
        instrument: Index into the market's listing.
        proof: Chained checksum over everything up to and including it, see
            :mod:`feed.model.stream_position`; 0 where nobody has told.
    """

    seq: int
    ts: int
    instrument: int
    proof: int = 0

    @property
    def position(self) -> StreamPosition:
        """Where the stream stands after it."""
        return StreamPosition(self.seq, self.proof)
