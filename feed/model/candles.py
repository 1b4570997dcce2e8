"""Candles: the trades of one minute in five numbers."""

from __future__ import annotations

from typing import Final, NamedTuple

MINUTE: Final = 60_000_000_000  # nanoseconds


class Candle(NamedTuple):
    """
    The trades of one minute of market time.

    Attributes:
        start: Where the minute begins, nanoseconds since the Unix epoch; it ends before
            ``start + MINUTE``.
        open: Price of the first trade, integer ticks.
        high: Highest price, integer ticks.
        low: Lowest price, integer ticks.
        close: Price of the last trade, integer ticks.
        volume: Integer lots traded.
        trades: How many.
    """

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


def fold(candle: Candle | None, ts: int, price: int, size: int) -> Candle:
    """
    The candle after one more trade; a new one when the trade falls into another minute.

    Args:
        candle: The candle so far, None before the first trade.
        ts: Market time of the trade, nanoseconds.
        price: Integer ticks.
        size: Integer lots.
    """
    start = ts - ts % MINUTE
    if candle is None or candle.start != start:
        return Candle(start, price, price, price, price, size, 1)
    _, first, high, low, _, volume, trades = candle
    return Candle(start, first, max(high, price), min(low, price), price, volume + size, trades + 1)
