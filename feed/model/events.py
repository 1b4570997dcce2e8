"""
What happens in a market: one row per change, one class per kind of row.

Inside the market and on the way to the fan-out an event is a *row*, a tuple of integers, because
building an object for each would halve the matching engine. At the edge, once, for whoever
listens, :func:`event` turns a row into a frozen class with names. Both say the same.

=======================  ==============================================================================
``Kind``                 row
=======================  ==============================================================================
``ADD``                  kind, instrument, ts, order, side, price, size, level
``REDUCE``               kind, instrument, ts, order, side, price, left, level
``TRADE``                kind, instrument, ts, trade, aggressor, price, size, maker, taker, left, level
``LEVEL``                kind, instrument, ts, side, price, level
``QUOTE``                kind, instrument, ts, bid, bid_size, ask, ask_size
``STATUS``               kind, instrument, ts, status
``CLEAR``                kind, instrument, ts
``CLOCK``                kind, 0, ts
``ORDER``, ``FILL``      what concerns one account alone, see :mod:`feed.model.trading`
``MARK`` ... ``ROUND``   what concerns derivatives, see :mod:`feed.model.derivatives`
``SIGNAL``               what an observer points out, see :mod:`feed.model.signals`
=======================  ==============================================================================

``instrument`` is an index into the market's :class:`~feed.model.instruments.Listing`, ``ts`` market
time in integer nanoseconds since the Unix epoch, prices integer ticks, sizes integer lots.
``level`` is the total now resting at that price and side: every book row carries it, so a
price-level (L2) delta is a projection of the row and needs no state. Sources without orders use
``LEVEL``, ``TRADE`` with maker, taker 0 and left, level ``UNKNOWN``, and ``QUOTE``.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from feed.model.derivatives import FundingRate, Liquidation, MarkPriced, Round
from feed.model.kinds import (
    ADD,
    CLEAR,
    CLOCK,
    FILL,
    FUNDING,
    KINDS,
    LEVEL,
    LIQUIDATION,
    MARK,
    ORDER,
    QUOTE,
    REDUCE,
    ROUND,
    SIGNAL,
    STATUS,
    TRADE,
    UNKNOWN,
    Event,
    Row,
    Side,
    Status,
)
from feed.model.levels import LevelChange, level_change
from feed.model.signals import Signal
from feed.model.trading import OrderChanged, OrderFilled

__all__ = [
    "ADD",
    "CLEAR",
    "CLOCK",
    "FILL",
    "FUNDING",
    "KINDS",
    "LEVEL",
    "LIQUIDATION",
    "MARK",
    "ORDER",
    "QUOTE",
    "REDUCE",
    "ROUND",
    "SIGNAL",
    "STATUS",
    "TRADE",
    "UNKNOWN",
    "BookCleared",
    "ClockTicked",
    "Event",
    "FundingRate",
    "LevelChange",
    "LevelSet",
    "Liquidation",
    "MarkPriced",
    "OrderAdded",
    "OrderChanged",
    "OrderFilled",
    "OrderReduced",
    "Quote",
    "Round",
    "Row",
    "Side",
    "Signal",
    "Status",
    "StatusChanged",
    "Trade",
    "event",
    "level_change",
    "row",
]


@attrs.frozen(kw_only=True)
class OrderAdded(Event):
    """
    An order came to rest at the back of its price level (L3).

    Attributes:
        order: Id of the order, unique in its market.
        side: Side it rests on.
        price: Integer ticks.
        size: Integer lots now resting.
        level: Integer lots now resting at this price and side, this order included.
    """

    order: int
    side: Side
    price: int
    size: int
    level: int


@attrs.frozen(kw_only=True)
class OrderReduced(Event):
    """
    A resting order shrank without a trade: cancelled (``left`` 0) or made smaller (L3).

    Attributes:
        order: Id of the order. Its place in the queue is kept.
        side: Side it rests on.
        price: Integer ticks.
        left: Integer lots of it still resting; 0 when it is gone.
        level: Integer lots now resting at this price and side.
    """

    order: int
    side: Side
    price: int
    left: int
    level: int


@attrs.frozen(kw_only=True)
class Trade(Event):
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

    trade: int
    aggressor: Side | None
    price: int
    size: int
    maker: int
    taker: int
    left: int | None
    level: int | None


@attrs.frozen(kw_only=True)
class LevelSet(Event):
    """
    A source without orders reports one price level (L2).

    Attributes:
        side: Side of the book.
        price: Integer ticks.
        level: Integer lots now resting there; 0 removes the level.
    """

    side: Side
    price: int
    level: int


@attrs.frozen(kw_only=True)
class Quote(Event):
    """
    The best bid or ask changed, in price or in size (L1).

    Attributes:
        bid: Best bid, integer ticks; 0 when there is none.
        bid_size: Integer lots there; 0 when there is no bid, ``UNKNOWN`` when the source does not say.
        ask: Best ask, integer ticks; 0 when there is none.
        ask_size: Integer lots there; 0 when there is no ask, ``UNKNOWN`` when the source does not say.
    """

    bid: int
    bid_size: int
    ask: int
    ask_size: int

    @property
    def two_sided(self) -> bool:
        """Whether there is both a bid and an ask."""
        return self.bid_size != 0 and self.ask_size != 0


@attrs.frozen(kw_only=True)
class StatusChanged(Event):
    """An instrument was halted, resumed, listed or delisted."""

    status: Status


@attrs.frozen(kw_only=True)
class BookCleared(Event):
    """The book of a source is no longer known: forget every level; a snapshot follows as rows."""


@attrs.frozen(kw_only=True)
class ClockTicked(Event):
    """
    A whole second of market time has begun.

    It concerns the market, not an instrument (its index is 0), and lets what is sent at intervals of
    market time go out when nothing else happens.
    """


def event(seq: int, row: Row, proof: int = 0) -> Event:
    """
    The named form of a row.

    Args:
        seq: Its sequence number in the stream.
        row: A row of the table above.
        proof: Of everything up to and including it; 0 where nobody will ask.
    Raises:
        KeyError: The first number is no ``Kind``.
    """
    return _BUILD[row[0]](seq, row, proof)


def row(item: Event) -> Row:
    """The row that :func:`event` would turn into ``item``."""
    return _FLATTEN[type(item)](item)


def _side(value: int) -> Side | None:
    return None if value == UNKNOWN else _SIDES[value]


_SIDES = (Side.BUY, Side.SELL)


def _known(value: int) -> int | None:
    return None if value == UNKNOWN else value


def _or_unknown(value: int | None) -> int:
    return UNKNOWN if value is None else int(value)


def _added(seq: int, r: Row, proof: int) -> Event:
    return OrderAdded(
        seq=seq,
        proof=proof,
        instrument=r[1],
        ts=r[2],
        order=r[3],
        side=_SIDES[r[4]],
        price=r[5],
        size=r[6],
        level=r[7],
    )


def _reduced(seq: int, r: Row, proof: int) -> Event:
    return OrderReduced(
        seq=seq,
        proof=proof,
        instrument=r[1],
        ts=r[2],
        order=r[3],
        side=_SIDES[r[4]],
        price=r[5],
        left=r[6],
        level=r[7],
    )


def _trade(seq: int, r: Row, proof: int) -> Event:
    return Trade(
        seq=seq,
        proof=proof,
        instrument=r[1],
        ts=r[2],
        trade=r[3],
        aggressor=_side(r[4]),
        price=r[5],
        size=r[6],
        maker=r[7],
        taker=r[8],
        left=_known(r[9]),
        level=_known(r[10]),
    )


def _level(seq: int, r: Row, proof: int) -> Event:
    return LevelSet(seq=seq, proof=proof, instrument=r[1], ts=r[2], side=_SIDES[r[3]], price=r[4], level=r[5])


def _quote(seq: int, r: Row, proof: int) -> Event:
    return Quote(
        seq=seq, proof=proof, instrument=r[1], ts=r[2], bid=r[3], bid_size=r[4], ask=r[5], ask_size=r[6]
    )


def _status(seq: int, r: Row, proof: int) -> Event:
    return StatusChanged(seq=seq, proof=proof, instrument=r[1], ts=r[2], status=Status(r[3]))


def _clear(seq: int, r: Row, proof: int) -> Event:
    return BookCleared(seq=seq, proof=proof, instrument=r[1], ts=r[2])


def _clock(seq: int, r: Row, proof: int) -> Event:
    return ClockTicked(seq=seq, proof=proof, instrument=r[1], ts=r[2])


_BUILD: dict[int, Callable[[int, Row, int], Event]] = {
    ADD: _added,
    REDUCE: _reduced,
    TRADE: _trade,
    LEVEL: _level,
    QUOTE: _quote,
    STATUS: _status,
    CLEAR: _clear,
    CLOCK: _clock,
    ORDER: OrderChanged.from_row,
    FILL: OrderFilled.from_row,
    MARK: MarkPriced.from_row,
    FUNDING: FundingRate.from_row,
    LIQUIDATION: Liquidation.from_row,
    ROUND: Round.from_row,
    SIGNAL: Signal.from_row,
}

_FLATTEN: dict[type[Event], Callable[..., Row]] = {
    OrderAdded: lambda e: (ADD, e.instrument, e.ts, e.order, int(e.side), e.price, e.size, e.level),
    OrderReduced: lambda e: (REDUCE, e.instrument, e.ts, e.order, int(e.side), e.price, e.left, e.level),
    Trade: lambda e: (
        TRADE,
        e.instrument,
        e.ts,
        e.trade,
        _or_unknown(e.aggressor),
        e.price,
        e.size,
        e.maker,
        e.taker,
        _or_unknown(e.left),
        _or_unknown(e.level),
    ),
    LevelSet: lambda e: (LEVEL, e.instrument, e.ts, int(e.side), e.price, e.level),
    Quote: lambda e: (QUOTE, e.instrument, e.ts, e.bid, e.bid_size, e.ask, e.ask_size),
    StatusChanged: lambda e: (STATUS, e.instrument, e.ts, int(e.status)),
    BookCleared: lambda e: (CLEAR, e.instrument, e.ts),
    ClockTicked: lambda e: (CLOCK, e.instrument, e.ts),
    OrderChanged: OrderChanged.row,
    OrderFilled: OrderFilled.row,
    MarkPriced: MarkPriced.row,
    FundingRate: FundingRate.row,
    Liquidation: Liquidation.row,
    Round: Round.row,
    Signal: Signal.row,
}
