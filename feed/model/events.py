"""
What happens in a market: one row per change, one class per kind of row.

Inside the market and on the way to the fan-out an event is a *row*, a tuple of integers, because
building an object for each would halve the matching engine. At the edge, once for all listeners,
:func:`event` turns a row into a frozen class with names, and its method ``row`` turns it back.

=========================  ==============================================================================
``Kind``                   row
=========================  ==============================================================================
``ADD``                    kind, instrument, ts, order, side, price, size, level
``REDUCE``                 kind, instrument, ts, order, side, price, left, level
``TRADE``                  kind, instrument, ts, trade, aggressor, price, size, maker, taker, left, level
``LEVEL``                  kind, instrument, ts, side, price, level
``QUOTE``                  kind, instrument, ts, bid, bid_size, ask, ask_size
``STATUS``                 kind, instrument, ts, status
``CLEAR``                  kind, instrument, ts
``CLOCK``                  kind, 0, ts
``ORDER``, ``FILL``        what concerns one account alone, see :mod:`feed.model.trading`
``POSITION``, ``BALANCE``  what an account holds and owns, see :mod:`feed.model.statements`
``EXECUTION`` ...          what concerns an account's assets, see :mod:`feed.model.executions`
``MARK`` ... ``ROUND``     what concerns derivatives, see :mod:`feed.model.derivatives`
``SIGNAL``                 what an observer points out, see :mod:`feed.model.signals`
``AUCTION``                what a call auction would give, see :mod:`feed.model.auctions`
=========================  ==============================================================================

``instrument`` is an index into the market's :class:`~feed.model.instruments.Listing`, ``ts`` market
time in integer nanoseconds since the Unix epoch, prices integer ticks, sizes integer lots.
``level`` is the total now resting at that price and side: every book row carries it, so a
price-level (L2) delta is a projection of the row and needs no state. Sources without orders use
``LEVEL``, ``TRADE`` with maker, taker 0 and left, level ``UNKNOWN``, and ``QUOTE``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

import attrs

from feed.model.auctions import AuctionIndicated
from feed.model.derivatives import FundingRate, Liquidation, MarkPriced, Round
from feed.model.executions import ExecutionReport, RequestAnswered, WalletChanged
from feed.model.kinds import (
    ADD,
    ANSWER,
    AUCTION,
    BALANCE,
    CLEAR,
    CLOCK,
    EXECUTION,
    FILL,
    FUNDING,
    KINDS,
    LEVEL,
    LIQUIDATION,
    MARK,
    ORDER,
    POSITION,
    QUOTE,
    REDUCE,
    ROUND,
    SIGNAL,
    STATUS,
    TRADE,
    UNKNOWN,
    WALLET,
    Event,
    Row,
    RowEvent,
    Side,
    Status,
    to_int_or_none,
    to_side,
    to_side_or_none,
)
from feed.model.levels import LevelChange, level_change
from feed.model.signals import Signal
from feed.model.statements import BalanceChanged, PositionChanged
from feed.model.trading import OrderChanged, OrderFilled

__all__ = [
    "ADD",
    "ANSWER",
    "AUCTION",
    "BALANCE",
    "CLEAR",
    "CLOCK",
    "EXECUTION",
    "FILL",
    "FUNDING",
    "KINDS",
    "LEVEL",
    "LIQUIDATION",
    "MARK",
    "ORDER",
    "POSITION",
    "QUOTE",
    "REDUCE",
    "ROUND",
    "SIGNAL",
    "STATUS",
    "TRADE",
    "UNKNOWN",
    "WALLET",
    "AuctionIndicated",
    "BalanceChanged",
    "BookCleared",
    "ClockTicked",
    "Event",
    "ExecutionReport",
    "FundingRate",
    "LevelChange",
    "LevelSet",
    "Liquidation",
    "MarkPriced",
    "OrderAdded",
    "OrderChanged",
    "OrderFilled",
    "OrderReduced",
    "PositionChanged",
    "Quote",
    "RequestAnswered",
    "Round",
    "Row",
    "RowEvent",
    "Side",
    "Signal",
    "Status",
    "StatusChanged",
    "Trade",
    "WalletChanged",
    "event",
    "level_change",
    "to_side",
]


@attrs.frozen
class OrderAdded(RowEvent):
    """
    An order came to rest at the back of its price level (L3).

    Attributes:
        order: Id of the order, unique in its market.
        side: Side it rests on.
        price: Integer ticks.
        size: Integer lots now resting.
        level: Integer lots now resting at this price and side, this order included.
    """

    kind: ClassVar[int] = ADD

    order: int
    side: Side = attrs.field(converter=to_side)
    price: int
    size: int
    level: int


@attrs.frozen
class OrderReduced(RowEvent):
    """
    A resting order shrank without a trade: cancelled (``left`` 0) or made smaller (L3).

    Attributes:
        order: Id of the order. Its place in the queue is kept.
        side: Side it rests on.
        price: Integer ticks.
        left: Integer lots of it still resting; 0 when it is gone.
        level: Integer lots now resting at this price and side.
    """

    kind: ClassVar[int] = REDUCE

    order: int
    side: Side = attrs.field(converter=to_side)
    price: int
    left: int
    level: int


@attrs.frozen
class Trade(RowEvent):
    """
    Two orders met, at the maker's price.

    Attributes:
        trade: Id of the trade, counted from 1 in each instrument.
        aggressor: Side of the taker; None when the source does not say.
        price: Integer ticks.
        size: Integer lots.
        maker: Id of the resting order; 0 when the source has no orders.
        taker: Id of the incoming order; 0 when the source has no orders.
        left: Integer lots of the maker still resting; None when the source has no orders.
        level: Integer lots now resting at this price on the maker's side; None when the source
            reports its book apart from its trades.
    """

    kind: ClassVar[int] = TRADE

    trade: int
    aggressor: Side | None = attrs.field(converter=to_side_or_none)
    price: int
    size: int
    maker: int
    taker: int
    left: int | None = attrs.field(converter=to_int_or_none)
    level: int | None = attrs.field(converter=to_int_or_none)


@attrs.frozen
class LevelSet(RowEvent):
    """
    A source without orders reports one price level (L2).

    Attributes:
        side: Side of the book.
        price: Integer ticks.
        level: Integer lots now resting there; 0 removes the level.
    """

    kind: ClassVar[int] = LEVEL

    side: Side = attrs.field(converter=to_side)
    price: int
    level: int


@attrs.frozen
class Quote(RowEvent):
    """
    The best bid or ask changed, in price or in size (L1).

    Attributes:
        bid: Best bid, integer ticks; 0 when there is none.
        bid_size: Integer lots there; 0 when there is no bid, ``UNKNOWN`` when the source does not say.
        ask: Best ask, integer ticks; 0 when there is none.
        ask_size: Integer lots there; 0 when there is no ask, ``UNKNOWN`` when the source does not say.
    """

    kind: ClassVar[int] = QUOTE

    bid: int
    bid_size: int
    ask: int
    ask_size: int

    @property
    def two_sided(self) -> bool:
        """Whether there is both a bid and an ask."""
        return self.bid_size != 0 and self.ask_size != 0


@attrs.frozen
class StatusChanged(RowEvent):
    """An instrument was halted, resumed, listed, delisted, closed, or its orders are collected."""

    kind: ClassVar[int] = STATUS

    status: Status = attrs.field(converter=Status)


@attrs.frozen
class BookCleared(RowEvent):
    """The book of a source is no longer known: forget every level; a snapshot follows as rows."""

    kind: ClassVar[int] = CLEAR


@attrs.frozen
class ClockTicked(RowEvent):
    """
    A whole second of market time has begun.

    It concerns the market, not an instrument (its index is 0), and lets what is sent at intervals of
    market time go out when nothing else happens.
    """

    kind: ClassVar[int] = CLOCK


_FROM_ROW: Final[dict[int, Callable[[int, Row, int], Event]]] = {
    one.kind: one.from_row
    for one in (
        OrderAdded,
        OrderReduced,
        Trade,
        LevelSet,
        Quote,
        StatusChanged,
        BookCleared,
        ClockTicked,
        OrderChanged,
        OrderFilled,
        MarkPriced,
        FundingRate,
        Liquidation,
        Round,
        Signal,
        PositionChanged,
        BalanceChanged,
        ExecutionReport,
        WalletChanged,
        RequestAnswered,
        AuctionIndicated,
    )
}


def event(seq: int, row: Row, proof: int = 0) -> Event:
    """
    The named form of a row.

    Args:
        seq: Its sequence number in the stream.
        row: A row of the table above.
        proof: Of everything up to and including it; 0 where it is not needed.
    Raises:
        KeyError: The first number is no ``Kind``.
    """
    return _FROM_ROW[row[0]](seq, row, proof)
