"""Aggregate trades: what one order took at one price, in one go."""

from __future__ import annotations

from typing import NamedTuple

from feed.model.events import Row


class AggregateTrade(NamedTuple):
    """
    The trades of one taker at one price, right after each other.

    Attributes:
        number: Counted from 1 in each instrument.
        ts: Market time, nanoseconds since the Unix epoch.
        first: Id of the first trade.
        last: Id of the last trade.
        aggressor: Side of the taker, of :class:`~feed.model.events.Side`, or ``UNKNOWN``.
        price: Integer ticks.
        size: Integer lots, all together.
        taker: Id of the incoming order; 0 when the source has no orders, and each trade is one by itself.
    """

    number: int
    ts: int
    first: int
    last: int
    aggressor: int
    price: int
    size: int
    taker: int


def aggregate(one: AggregateTrade | None, row: Row) -> AggregateTrade:
    """
    The aggregate trade that a ``TRADE`` row belongs to.

    Args:
        one: That of the trade before; None before the first.
        row: The next trade. Where it goes on with ``one``, that is what comes back, with this trade in it.
    """
    _, _, ts, trade, aggressor, price, size, _, taker, *_ = row
    if one is None:
        return AggregateTrade(1, ts, trade, trade, aggressor, price, size, taker)
    if taker and one.taker == taker and one.price == price and one.ts == ts:
        return one._replace(last=trade, size=one.size + size)
    return AggregateTrade(one.number + 1, ts, trade, trade, aggressor, price, size, taker)
