"""The kinds of rows, and what all events have in common. See :mod:`feed.model.events`."""

from __future__ import annotations

import enum
from typing import ClassVar, Final, Self

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
POSITION: Final = 16
BALANCE: Final = 17
EXECUTION: Final = 18
WALLET: Final = 19
ANSWER: Final = 20
AUCTION: Final = 21
KINDS: Final = range(ADD, AUCTION + 1)

KIND_NAMES: Final = {
    ADD: "add",
    REDUCE: "reduce",
    TRADE: "trade",
    LEVEL: "level",
    QUOTE: "quote",
    STATUS: "status",
    CLEAR: "clear",
    CLOCK: "clock",
    ORDER: "order",
    FILL: "fill",
    MARK: "mark",
    FUNDING: "funding",
    LIQUIDATION: "liquidation",
    ROUND: "round",
    SIGNAL: "signal",
    POSITION: "position",
    BALANCE: "balance",
    EXECUTION: "execution",
    WALLET: "wallet",
    ANSWER: "answer",
    AUCTION: "auction",
}
"""How files and reports name each kind of event."""

PRIVATE: Final = (ORDER, FILL, POSITION, BALANCE, EXECUTION, WALLET, ANSWER)
"""Those that concern one account alone, whose number follows the time in their rows."""


class Side(enum.IntEnum):
    """Side of the book that an order rests on, or would."""

    BUY = 0
    SELL = 1


class Status(enum.IntEnum):
    """Whether an instrument can be traded."""

    TRADING = 1
    HALTED = 2
    DELISTED = 3
    AUCTION = 4  # orders are collected, to trade all at one price later
    CLOSED = 5  # outside of the hours of trading

    @property
    def takes_orders(self) -> bool:
        """Whether new orders are accepted, be it that they wait for an auction."""
        return self in (Status.TRADING, Status.AUCTION)


@attrs.frozen
class Event:
    """
    One change of a market.

    Attributes:
        seq: Sequence number. The first event is 1; +1 each, no gaps.
        ts: Market time, integer nanoseconds since the Unix epoch.
        instrument: Index into the market's listing.
        proof: Chained checksum over everything up to and including it, see
            :mod:`feed.model.stream_position`; 0 where it was not computed.
    """

    seq: int
    ts: int
    instrument: int
    proof: int = attrs.field(default=0, kw_only=True)

    @property
    def position(self) -> StreamPosition:
        """The stream position right after it."""
        return StreamPosition(self.seq, self.proof)


@attrs.frozen
class RowEvent(Event):
    """
    The named form of a row: its own fields, in their order, are the numbers behind ``ts``.

    A field that is no plain integer has a converter from the number in the row; enumerations and
    booleans are written as their integers, None as ``UNKNOWN``.

    Attributes:
        kind: First number of the row.
    """

    kind: ClassVar[int]

    @classmethod
    def from_row(cls, seq: int, row: Row, proof: int = 0) -> Self:
        """
        The named form of a row.

        Args:
            seq: Its sequence number in the stream.
            row: One of this kind.
            proof: Of everything up to and including it; 0 where it is not needed.
        """
        return cls(seq, row[2], row[1], *row[3:], proof=proof)

    def row(self) -> Row:
        """The row that this is the named form of."""
        own = (getattr(self, field.name) for field in attrs.fields(type(self))[_COMMON:])
        return (self.kind, self.instrument, self.ts, *(UNKNOWN if it is None else int(it) for it in own))


_COMMON: Final = len(attrs.fields(Event))

_SIDES: Final = (Side.BUY, Side.SELL)


def to_side(value: int) -> Side:
    """The side that a row has as a number."""
    return _SIDES[value]


def to_side_or_none(value: int | None) -> Side | None:
    """The same where a source may not say it."""
    return None if value is None or value == UNKNOWN else _SIDES[value]


def to_int_or_none(value: int | None) -> int | None:
    """A number of a row that a source may not say."""
    return None if value == UNKNOWN else value


def to_bool_or_none(value: int | None) -> bool | None:
    """A yes or no of a row that may not be known yet."""
    return None if value is None or value == UNKNOWN else bool(value)
