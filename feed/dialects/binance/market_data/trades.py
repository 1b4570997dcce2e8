# ruff: noqa: N815 - fields as published
"""Trades, one by one and aggregated, and the prices that come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from feed.dialects.access import Shape
from feed.dialects.binance import errors
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.market_data.books import chosen, light_or
from feed.dialects.binance.market_data.parameters import (
    limit_parameter,
    number_parameter,
    status_parameter,
    symbol_parameter,
    symbols_parameter,
)
from feed.dialects.binance.queries import Query, weighs
from feed.dialects.binance.symbols import Symbol
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.model.aggregates import AggregateTrade
from feed.model.durations import NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import Row, Side
from feed.model.instruments import Listing

ROWS: Final = 500
"""In an answer, where nobody says how many."""
MOST_ROWS: Final = 1000
AVERAGE_MINUTES: Final = 5

T = TypeVar("T")


class TradeInfo(Shape):
    """
    One trade.

    Attributes:
        id: Counted from 1 in each symbol.
        price: Of the trade.
        qty: Quantity of the base asset.
        quoteQty: Amount of the quote asset.
        time: Market time.
        isBuyerMaker: Whether the order that rested was the buyer's.
        isBestMatch: Whether it was at the best price; always.
    """

    id: int
    price: str
    qty: str
    quoteQty: str
    time: int
    isBuyerMaker: bool
    isBestMatch: bool


class AggregateTradeInfo(Shape):
    """
    What one order took at one price.

    Attributes:
        a: Id, counted from 1 in each symbol.
        p: Price.
        q: Quantity.
        f: Id of the first trade.
        l: Id of the last trade.
        T: Market time.
        m: Whether the order that rested was the buyer's.
        M: Whether it was at the best price; always.
    """

    a: int
    p: str
    q: str
    f: int
    l: int  # noqa: E741 - as published
    T: int
    m: bool
    M: bool


class AveragePrice(Shape):
    """
    The average price of the last minutes.

    Attributes:
        mins: How many.
        price: Weighted by quantity; where there was no trade, that of the last.
        closeTime: Market time of the last trade.
    """

    mins: int
    price: str
    closeTime: int


class PriceTicker(Shape):
    """
    The last price.

    Attributes:
        symbol: Whose.
        price: Of the last trade; 0 before the first.
    """

    symbol: str
    price: str


def recent(view: MarketView, fields: Fields, unit: TimeUnit) -> list[TradeInfo]:
    """The newest trades, oldest first."""
    symbol = fields.symbol(view.symbols)
    limit = fields.limit(ROWS, MOST_ROWS)
    rows = list(view.projections.trades.rows(symbol.index))
    return [_trade(symbol, row, unit) for row in rows[-limit:]]


def historical(view: MarketView, fields: Fields, unit: TimeUnit) -> list[TradeInfo]:
    """Trades from an id on, as far back as they are kept; the newest where none is named."""
    symbol = fields.symbol(view.symbols)
    limit = fields.limit(ROWS, MOST_ROWS)
    first = fields.whole("fromId")
    rows = list(view.projections.trades.rows(symbol.index))
    rows = rows[-limit:] if first is None else [row for row in rows if row[3] >= first][:limit]
    return [_trade(symbol, row, unit) for row in rows]


def aggregates(view: MarketView, fields: Fields, unit: TimeUnit) -> list[AggregateTradeInfo]:
    """Aggregate trades from an id or a time on, as far back as they are kept; else the newest."""
    symbol = fields.symbol(view.symbols)
    limit = fields.limit(ROWS, MOST_ROWS)
    first = fields.whole("fromId")
    start, end = fields.period()
    kept = view.projections.aggregates[symbol.index].oldest_first()
    if first is None:
        found = between(kept, _time_of, start, end, limit)
    elif start is not None or end is not None:
        raise errors.BAD_COMBINATION.error()
    else:
        found = [it for it in kept if it.number >= first][:limit]
    return [_aggregate(symbol, it, unit) for it in found]


def between(
    items: Iterable[T], time_of: Callable[[T], int], start: int | None, end: int | None, limit: int
) -> list[T]:
    """
    Of items in the order of time: the oldest from ``start`` on, or else the newest up to ``end``.

    Args:
        items: Oldest first.
        time_of: Gives the time of one, nanoseconds.
        start: The first time that is asked for; None for any.
        end: The last; what is told to be of that very moment is among them. None for any.
        limit: The most of them.
    """
    found = [
        it for it in items if (start is None or time_of(it) >= start) and (end is None or time_of(it) <= end)
    ]
    return found[-limit:] if start is None else found[:limit]


def average_price(view: MarketView, fields: Fields, unit: TimeUnit) -> AveragePrice:
    """Over the last minutes, to the second."""
    symbol = fields.symbol(view.symbols)
    bars, now = view.projections.bars[symbol.index], view.state.now
    last = bars.last
    if last is None:
        return AveragePrice(mins=AVERAGE_MINUTES, price=symbol.price_text(0), closeTime=unit.of(now))
    end = now - now % NS_PER_SECOND + NS_PER_SECOND
    bar = bars.total(end - AVERAGE_MINUTES * NS_PER_MINUTE, end)
    price = symbol.price_text(last.close) if bar is None else symbol.average_text(bar.value, bar.volume)
    return AveragePrice(mins=AVERAGE_MINUTES, price=price, closeTime=unit.of(last.ts))


def price_tickers(view: MarketView, fields: Fields, unit: TimeUnit) -> PriceTicker | list[PriceTicker]:
    """Of one symbol, of some, or of all."""
    del unit
    found = chosen(view, fields)
    if isinstance(found, Symbol):
        return _price_ticker(view, found)
    return [_price_ticker(view, symbol) for symbol in found]


def _price_ticker(view: MarketView, symbol: Symbol) -> PriceTicker:
    last = view.projections.bars[symbol.index].last
    return PriceTicker(symbol=symbol.name, price=symbol.price_text(0 if last is None else last.close))


def _trade(symbol: Symbol, row: Row, unit: TimeUnit) -> TradeInfo:
    _, _, ts, trade, aggressor, price, size, *_ = row
    return TradeInfo(
        id=trade,
        price=symbol.price_text(price),
        qty=symbol.size_text(size),
        quoteQty=symbol.value_text(price * size),
        time=unit.of(ts),
        isBuyerMaker=aggressor == Side.SELL,
        isBestMatch=True,
    )


def _time_of(aggregate: AggregateTrade) -> int:
    return aggregate.ts


def _aggregate(symbol: Symbol, it: AggregateTrade, unit: TimeUnit) -> AggregateTradeInfo:
    return AggregateTradeInfo(
        a=it.number,
        p=symbol.price_text(it.price),
        q=symbol.size_text(it.size),
        f=it.first,
        l=it.last,
        T=unit.of(it.ts),
        m=it.aggressor == Side.SELL,
        M=True,
    )


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    symbol = symbol_parameter(listing, needed=True)
    limit = limit_parameter("Rows", ROWS, MOST_ROWS)
    return (
        Query(
            path="/api/v3/trades",
            method="trades.recent",
            summary="The newest trades of a symbol",
            answer=recent,
            parameters=(symbol, limit),
            returns=list[TradeInfo],
            weight=weighs(25),
        ),
        Query(
            path="/api/v3/historicalTrades",
            method="trades.historical",
            summary="Trades of a symbol from an id on",
            answer=historical,
            parameters=(symbol, limit, number_parameter("fromId", "Id of the first trade.")),
            returns=list[TradeInfo],
            weight=weighs(25),
        ),
        Query(
            path="/api/v3/aggTrades",
            method="trades.aggregate",
            summary="What single orders took at single prices",
            answer=aggregates,
            parameters=(
                symbol,
                number_parameter("fromId", "Id of the first one; without times."),
                number_parameter("startTime", "Of the first, in milliseconds or microseconds."),
                number_parameter("endTime", "Of the last, in milliseconds or microseconds."),
                limit,
            ),
            returns=list[AggregateTradeInfo],
            weight=weighs(4),
        ),
        Query(
            path="/api/v3/avgPrice",
            method="avgPrice",
            summary="The average price of the last minutes",
            answer=average_price,
            parameters=(symbol,),
            returns=AveragePrice,
            weight=weighs(2),
        ),
        Query(
            path="/api/v3/ticker/price",
            method="ticker.price",
            summary="The last price of one symbol, of some, or of all",
            answer=price_tickers,
            parameters=(symbol_parameter(listing), symbols_parameter(listing), status_parameter()),
            returns=PriceTicker | list[PriceTicker],
            weight=light_or(4),
        ),
    )
