"""The consolidated quote of a pair over all its venues."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs

from feed.analytics.depth import spread_bps
from feed.model.durations import NS_PER_SECOND
from feed.model.instruments import Instrument

BUCKET: Final = NS_PER_SECOND  # trades are added up in buckets of market time, so that memory is bounded
BUCKETS: Final = 300  # five minutes of them
TREND_BPS: Final = 5.0  # a venue has a trend when its price has moved further than this in that time


class Trend(enum.Enum):
    """The direction of most venues of a pair."""

    BULLISH = "bullish"
    BEARISH = "bearish"
    NEUTRAL = "neutral"


class FiveMinuteTrades:
    """The last five minutes of trades of one instrument, to the second."""

    __slots__ = ("_buckets", "_lots", "_value")

    def __init__(self) -> None:
        # (bucket, first price in ticks, last price in ticks, sum of ticks times lots, lots), oldest first
        self._buckets: deque[tuple[int, int, int, int, int]] = deque()
        self._value = self._lots = 0  # the sums of these sums

    def add(self, ts: int, price: int, size: int) -> None:
        """
        Take the next trade into account.

        Args:
            ts: Its market time, nanoseconds; not before that of an earlier trade.
            price: Integer ticks.
            size: Integer lots.
        """
        self._forget(ts)
        bucket, first, value, lots = ts // BUCKET, price, 0, 0
        if self._buckets and self._buckets[-1][0] == bucket:
            _, first, _, value, lots = self._buckets.pop()
        self._buckets.append((bucket, first, price, value + price * size, lots + size))
        self._value += price * size
        self._lots += size

    def traded(self, now: int) -> tuple[int, int]:
        """Ticks times lots, and lots, of the last five minutes up to ``now``."""
        self._forget(now)
        return self._value, self._lots

    def moved_bps(self, now: int) -> float:
        """The price change in the last five minutes up to ``now``, basis points."""
        self._forget(now)
        return spread_bps(self._buckets[0][1], self._buckets[-1][2]) if self._buckets else 0.0

    def _forget(self, now: int) -> None:
        """Forget what lies more than five minutes before ``now``, which goes on alone."""
        buckets, oldest = self._buckets, now // BUCKET - BUCKETS
        while buckets and buckets[0][0] <= oldest:
            _, _, _, value, lots = buckets.popleft()
            self._value -= value
            self._lots -= lots


@attrs.frozen(kw_only=True)
class VenueQuote:
    """
    One venue's part of a consolidated quote.

    Attributes:
        instrument: Index into the market's listing.
        bid: Best bid, integer ticks.
        ask: Best ask, integer ticks.
        obi: Order book imbalance over 10 levels, from -1 to 1.
        volume: Integer lots traded there in 24 hours.
    """

    instrument: int
    bid: int
    ask: int
    obi: float
    volume: int


@attrs.frozen(kw_only=True)
class Consolidated:
    """
    A pair over all its venues.

    Attributes:
        decimals: Digits behind the point of :attr:`mid` and :attr:`vwap`.
        mid: Mean of the venues' mid prices, in units of ``10 ** -decimals``.
        vwap: Volume-weighted average price of the trades of the last five minutes on all venues, same
            unit; the mid price where there was none.
        max_arb_bps: The most that a bid of one venue is above the ask of another, basis points; 0 when
            none is.
        trend: Where most venues are heading.
        venues: Those that have a bid and an ask.
        buy: Index of the instrument whose ask that is; None when no bid is above any other's ask.
        sell: Index of the instrument whose bid that is; None as well.
    """

    decimals: int
    mid: int
    vwap: int
    max_arb_bps: float
    trend: Trend
    venues: tuple[VenueQuote, ...]
    buy: int | None = None
    sell: int | None = None


def consolidate(
    venues: Sequence[tuple[Instrument, VenueQuote, FiveMinuteTrades]], *, now: int
) -> Consolidated | None:
    """
    The consolidated quote of the venues of a pair; None when none of them has a bid and an ask.

    Args:
        venues: Those that have both.
        now: Market time, nanoseconds.
    """
    if not venues:
        return None
    decimals = max(instrument.price_decimals for instrument, _, _ in venues)
    lots_decimals = max(instrument.size_decimals for instrument, _, _ in venues)
    doubles, value, volume = [], 0, 0
    prices: list[tuple[int, int]] = []
    for instrument, quote, window in venues:
        unit = instrument.tick * 10 ** (decimals - instrument.price_decimals)
        lot = instrument.lot * 10 ** (lots_decimals - instrument.size_decimals)
        prices.append((quote.bid * unit, quote.ask * unit))
        doubles.append((quote.bid + quote.ask) * unit)
        ticks_lots, lots = window.traded(now)
        value += ticks_lots * unit * lot
        volume += lots * lot
    mid = _rounded(sum(doubles), 2 * len(doubles))
    gap, buy, sell = _widest(prices)
    return Consolidated(
        decimals=decimals,
        mid=mid,
        vwap=_rounded(value, volume) if volume else mid,
        max_arb_bps=gap,
        trend=_consensus([window.moved_bps(now) for _, _, window in venues]),
        venues=tuple(quote for _, quote, _ in venues),
        buy=None if buy is None else venues[buy][1].instrument,
        sell=None if sell is None else venues[sell][1].instrument,
    )


def _widest(prices: list[tuple[int, int]]) -> tuple[float, int | None, int | None]:
    """The largest distance of a bid above another venue's ask, basis points; where to buy, and to sell."""
    return max(
        (
            (spread_bps(ask, bid), buy, sell)
            for sell, (bid, _) in enumerate(prices)
            for buy, (_, ask) in enumerate(prices)
            if buy != sell and bid > ask
        ),
        default=(0.0, None, None),
    )


def _consensus(moves: list[float]) -> Trend:
    up = sum(move > TREND_BPS for move in moves)
    down = sum(move < -TREND_BPS for move in moves)
    if 2 * up > len(moves):
        return Trend.BULLISH
    return Trend.BEARISH if 2 * down > len(moves) else Trend.NEUTRAL


def _rounded(number: int, by: int) -> int:
    """The nearest whole number to ``number / by``, halves up."""
    return (2 * number + by) // (2 * by)
