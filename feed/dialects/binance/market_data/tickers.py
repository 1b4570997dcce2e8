# ruff: noqa: N815 - fields as published
"""Statistics of windows of time: 24 hours, a trading day, or any number of minutes, hours and days."""

from __future__ import annotations

import re
from typing import Final

from msgspec import UNSET, UnsetType

from feed.analytics.bars import LENGTHS, Bars
from feed.dialects.access import Shape
from feed.dialects.binance import errors
from feed.dialects.binance.fields import Fields, Sent
from feed.dialects.binance.intervals import INTERVALS
from feed.dialects.binance.market_data.books import chosen
from feed.dialects.binance.market_data.klines import time_zone
from feed.dialects.binance.market_data.parameters import (
    status_parameter,
    symbol_parameter,
    symbols_parameter,
    time_zone_parameter,
)
from feed.dialects.binance.queries import Query
from feed.dialects.binance.statistics import DAY, Statistics
from feed.dialects.binance.symbols import Symbol
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.dialects.parameters import Parameter
from feed.model.durations import NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import Side
from feed.model.instruments import Listing

FULL: Final = "FULL"
TYPES: Final = (FULL, "MINI")
MOST_SYMBOLS: Final = 100
"""That can be named for a window of one's own."""
_WINDOW: Final = re.compile(r"([1-9]\d?)([mhd])", re.ASCII)
_MOST: Final = {"m": 59, "h": 23, "d": 7}
_MINUTES: Final = {"m": 1, "h": 60, "d": 24 * 60}
_EACH: Final = 4  # weight of a symbol
_MOST_WEIGHT: Final = 200
_DAY_WEIGHTS: Final = ((20, 2), (100, 40))
_ALL_WEIGHT: Final = 80


class WindowTicker(Shape):
    """
    Statistics of the trades of a window; a short one leaves the changes and the average out.

    Attributes:
        symbol: Whose.
        priceChange: From the first price to the last.
        priceChangePercent: The same in percent.
        weightedAvgPrice: Average price, weighted by quantity.
        openPrice: Of the first trade.
        highPrice: The highest.
        lowPrice: The lowest.
        lastPrice: Of the last trade.
        volume: Quantity of the base asset.
        quoteVolume: Amount of the quote asset.
        openTime: Where the window begins.
        closeTime: Where it ends.
        firstId: Id of the first trade; -1 without one.
        lastId: Id of the last trade; -1 without one.
        count: Trades.
    """

    symbol: str
    priceChange: str | UnsetType = UNSET
    priceChangePercent: str | UnsetType = UNSET
    weightedAvgPrice: str | UnsetType = UNSET
    openPrice: str = ""
    highPrice: str = ""
    lowPrice: str = ""
    lastPrice: str = ""
    volume: str = ""
    quoteVolume: str = ""
    openTime: int = 0
    closeTime: int = 0
    firstId: int = -1
    lastId: int = -1
    count: int = 0


class DayTicker(Shape):
    """
    Statistics of the last 24 hours, and the best prices now; a short one has what others have of a window.

    Attributes:
        symbol: Whose.
        priceChange: From the first price to the last.
        priceChangePercent: The same in percent.
        weightedAvgPrice: Average price, weighted by quantity.
        prevClosePrice: Of the last trade before.
        lastPrice: Of the last trade.
        lastQty: Quantity of the last trade.
        bidPrice: The best bid.
        bidQty: What rests there.
        askPrice: The best ask.
        askQty: What rests there.
        openPrice: Of the first trade.
        highPrice: The highest.
        lowPrice: The lowest.
        volume: Quantity of the base asset.
        quoteVolume: Amount of the quote asset.
        openTime: 24 hours before the end.
        closeTime: Market time.
        firstId: Id of the first trade; -1 without one.
        lastId: Id of the last trade; -1 without one.
        count: Trades.
    """

    symbol: str
    priceChange: str | UnsetType = UNSET
    priceChangePercent: str | UnsetType = UNSET
    weightedAvgPrice: str | UnsetType = UNSET
    prevClosePrice: str | UnsetType = UNSET
    lastPrice: str = ""
    lastQty: str | UnsetType = UNSET
    bidPrice: str | UnsetType = UNSET
    bidQty: str | UnsetType = UNSET
    askPrice: str | UnsetType = UNSET
    askQty: str | UnsetType = UNSET
    openPrice: str = ""
    highPrice: str = ""
    lowPrice: str = ""
    volume: str = ""
    quoteVolume: str = ""
    openTime: int = 0
    closeTime: int = 0
    firstId: int = -1
    lastId: int = -1
    count: int = 0


Tickers = WindowTicker | DayTicker | list[WindowTicker] | list[DayTicker]


def day_tickers(view: MarketView, fields: Fields, unit: TimeUnit) -> Tickers:
    """Of the last 24 hours: of one symbol, of some, or of all."""
    full = _is_full(fields)
    found = chosen(view, fields)

    def day(symbol: Symbol) -> Statistics:
        return Statistics.of(symbol, view.projections.bars[symbol.index], view.state.now)

    def short(symbol: Symbol) -> WindowTicker:
        it = day(symbol)
        return _window(it, it.day_before, it.end, unit, full=False)

    if full:
        if isinstance(found, Symbol):
            return _day(view, day(found), unit)
        return [_day(view, day(symbol), unit) for symbol in found]
    return short(found) if isinstance(found, Symbol) else [short(symbol) for symbol in found]


def rolling_tickers(view: MarketView, fields: Fields, unit: TimeUnit) -> Tickers:
    """Of the last minutes, hours or days, from the beginning of a minute on."""
    full = _is_full(fields)
    minutes = _minutes(fields)
    found = chosen(view, fields, most=MOST_SYMBOLS, needed=True)

    def window(symbol: Symbol) -> WindowTicker:
        bars, now = view.projections.bars[symbol.index], view.state.now
        if minutes <= DAY:
            it = Statistics.of(symbol, bars, now, minutes)
        else:
            it = _since(symbol, bars, _begin(bars, now - minutes * NS_PER_MINUTE), now)
        return _window(it, it.start, it.end, unit, full=full)

    return window(found) if isinstance(found, Symbol) else [window(symbol) for symbol in found]


def trading_day_tickers(view: MarketView, fields: Fields, unit: TimeUnit) -> Tickers:
    """Of the day so far, which begins at midnight in some time zone."""
    full = _is_full(fields)
    shift = time_zone(fields)
    found = chosen(view, fields, most=MOST_SYMBOLS, needed=True)
    now = view.state.now
    day = INTERVALS["1d"]
    start = day.start(now, shift)
    end = day.end(start, shift)

    def so_far(symbol: Symbol) -> WindowTicker:
        it = _since(symbol, view.projections.bars[symbol.index], start, now)
        return _window(it, start, unit.last_of(end) * unit.value, unit, full=full)

    return so_far(found) if isinstance(found, Symbol) else [so_far(symbol) for symbol in found]


def _since(symbol: Symbol, bars: Bars, start: int, now: int) -> Statistics:
    """Of the trades from ``start`` on."""
    before = bars.before(start)
    return Statistics(
        symbol=symbol,
        start=start,
        end=now,
        bar=bars.total(start, now - now % NS_PER_SECOND + NS_PER_SECOND),
        previous=None if before is None else before.close,
    )


def _begin(bars: Bars, ts: int) -> int:
    """Where the minute begins that a time is in; where minutes are not known any more, what is known."""
    for step in LENGTHS[1:]:
        start = ts - ts % step
        known = bars.known_from(step)
        if known is None or known[1] or known[0] <= start:
            break
    return start


def _is_full(fields: Fields) -> bool:
    return fields.choice("type", TYPES, errors.BAD_TICKER_TYPE) in (None, FULL)


def _minutes(fields: Fields) -> int:
    text = fields.text("windowSize")
    if text is None:
        return _MINUTES["d"]
    found = _WINDOW.fullmatch(text)
    if found is None or int(found[1]) > _MOST[found[2]]:
        raise errors.INVALID.error("windowSize")
    return int(found[1]) * _MINUTES[found[2]]


def _window(it: Statistics, start: int, end: int, unit: TimeUnit, *, full: bool) -> WindowTicker:
    return WindowTicker(
        symbol=it.symbol.name,
        priceChange=it.change if full else UNSET,
        priceChangePercent=it.percent if full else UNSET,
        weightedAvgPrice=it.average if full else UNSET,
        openPrice=it.open,
        highPrice=it.high,
        lowPrice=it.low,
        lastPrice=it.close,
        volume=it.volume,
        quoteVolume=it.value,
        openTime=unit.of(start),
        closeTime=unit.of(end),
        firstId=it.first_id,
        lastId=it.last_id,
        count=it.trades,
    )


def _day(view: MarketView, it: Statistics, unit: TimeUnit) -> DayTicker:
    symbol = it.symbol
    (bid, bid_size), (ask, ask_size) = (view.state.best(symbol.index, side) for side in Side)
    return DayTicker(
        symbol=symbol.name,
        priceChange=it.change,
        priceChangePercent=it.percent,
        weightedAvgPrice=it.average,
        prevClosePrice=it.previous_close,
        lastPrice=it.close,
        lastQty=it.last_size,
        bidPrice=symbol.price_text(bid),
        bidQty=symbol.size_text(bid_size),
        askPrice=symbol.price_text(ask),
        askQty=symbol.size_text(ask_size),
        openPrice=it.open,
        highPrice=it.high,
        lowPrice=it.low,
        volume=it.volume,
        quoteVolume=it.value,
        openTime=unit.of(it.day_before),
        closeTime=unit.of(it.end),
        firstId=it.first_id,
        lastId=it.last_id,
        count=it.trades,
    )


def day_weight(sent: Sent) -> int:
    """By the number of symbols: of one 2, of all 80."""
    fields = dict(sent)
    if fields.get("symbol"):
        return _DAY_WEIGHTS[0][1]
    if not fields.get("symbols"):
        return _ALL_WEIGHT
    number = _named(fields["symbols"])
    return next((weight for most, weight in _DAY_WEIGHTS if number <= most), _ALL_WEIGHT)


def window_weight(sent: Sent) -> int:
    """By the number of symbols: 4 of each, and at most 200."""
    return min(_EACH * _named(dict(sent).get("symbols", "")), _MOST_WEIGHT)


def _named(text: str) -> int:
    """How many symbols a list of them names; 1 for none."""
    return text.count(",") + 1


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    which = (symbol_parameter(listing), symbols_parameter(listing))
    kind = Parameter(
        name="type", meaning="FULL, or MINI for a short one.", default=FULL, most=None, choices=TYPES
    )
    size = Parameter(
        name="windowSize",
        meaning="Length of the window: 1m to 59m, 1h to 23h, or 1d to 7d.",
        default="1d",
        most=None,
        example="15m",
    )
    return (
        Query(
            path="/api/v3/ticker/24hr",
            method="ticker.24hr",
            summary="Statistics of the last 24 hours: of one symbol, of some, or of all",
            answer=day_tickers,
            parameters=(*which, kind, status_parameter()),
            returns=DayTicker | list[DayTicker],
            weight=day_weight,
        ),
        Query(
            path="/api/v3/ticker/tradingDay",
            method="ticker.tradingDay",
            summary="Statistics of the day so far, of one symbol or of some",
            answer=trading_day_tickers,
            parameters=(*which, time_zone_parameter(), kind, status_parameter()),
            returns=WindowTicker | list[WindowTicker],
            weight=window_weight,
        ),
        Query(
            path="/api/v3/ticker",
            method="ticker",
            summary="Statistics of the last minutes, hours or days, of one symbol or of some",
            answer=rolling_tickers,
            parameters=(*which, size, kind, status_parameter()),
            returns=WindowTicker | list[WindowTicker],
            weight=window_weight,
        ),
    )
