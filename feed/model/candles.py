"""Candles: the trades of an interval of market time, mostly a minute, in five numbers."""

from __future__ import annotations

from typing import NamedTuple

from feed.model.durations import NS_PER_MINUTE


class Candle(NamedTuple):
    """
    The trades of one interval of market time.

    Attributes:
        start: Where the interval begins, a multiple of its length, nanoseconds since the Unix epoch.
        open: Price of the first trade, integer ticks.
        high: Highest price, integer ticks.
        low: Lowest price, integer ticks.
        close: Price of the last trade, integer ticks.
        volume: Integer lots traded.
        trades: How many.
        last: Market time of the last trade, nanoseconds since the Unix epoch.
    """

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int
    last: int


def fold(candle: Candle | None, ts: int, price: int, size: int, length: int = NS_PER_MINUTE) -> Candle:
    """
    The candle after one more trade; a new one when the trade falls into another interval.

    Args:
        candle: The candle so far, None before the first trade.
        ts: Market time of the trade, nanoseconds.
        price: Integer ticks.
        size: Integer lots.
        length: Of the interval, nanoseconds.
    """
    start = ts - ts % length
    if candle is None or candle.start != start:
        return Candle(start, price, price, price, price, size, 1, ts)
    _, first, high, low, _, volume, trades, _ = candle
    return Candle(start, first, max(high, price), min(low, price), price, volume + size, trades + 1, ts)
