"""Best prices, and what was traded today and in the last 24 hours."""

from __future__ import annotations

from typing import Final

from feed.analytics.bars import Bar, Bars
from feed.dialects.access import Shape
from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.market_data.parameters import pairs_parameter
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.queries import Query
from feed.dialects.kraken.views import MarketView
from feed.model.durations import NS_PER_DAY, NS_PER_SECOND
from feed.model.events import Side
from feed.model.instruments import Listing
from feed.state.market_state import MarketState

DAY: Final = 24 * 60
"""Minutes of the window of a ticker."""


class TickerInfo(Shape):
    """
    Of one pair; of two values in a list the first is since midnight UTC, the second of the last 24 hours.

    Attributes:
        a: Best ask: price, quantity without its decimals, quantity.
        b: Best bid: the same.
        c: Last trade: price, quantity.
        v: Volume.
        p: Average price, weighted by quantity.
        t: Number of trades.
        l: Lowest price.
        h: Highest price.
        o: First price since midnight UTC.
    """

    a: list[str]
    b: list[str]
    c: list[str]
    v: list[str]
    p: list[str]
    t: list[int]
    l: list[str]  # noqa: E741 - as published
    h: list[str]
    o: str


def ticker(view: MarketView, fields: Fields) -> dict[str, TickerInfo]:
    """Of those that are named, or of all."""
    named = fields.pairs(view.pairs)
    found = [(pair.name, pair) for pair in view.pairs] if named is None else named
    state, bars = view.state, view.projections.bars
    return {name: ticker_of(pair, state, bars[pair.index], state.now) for name, pair in found}


def ticker_of(pair: Pair, state: MarketState, bars: Bars, now: int) -> TickerInfo:
    """
    Of one pair.

    Args:
        pair: Which.
        state: The market's state.
        bars: The pair's trades.
        now: Market time, nanoseconds; not before that of the last trade.
    """
    midnight = now - now % NS_PER_DAY
    today = bars.total(midnight, now - now % NS_PER_SECOND + NS_PER_SECOND)
    windows = (today, bars.window(DAY, now))
    last = bars.last
    price, size = pair.price_text, pair.size_text
    close = 0 if last is None else last.close
    return TickerInfo(
        a=_best(pair, state, Side.SELL),
        b=_best(pair, state, Side.BUY),
        c=[price(close), size(0 if last is None else last.last_size)],
        v=[size(0 if bar is None else bar.volume) for bar in windows],
        p=[pair.average_text(*_weighed(bar)) for bar in windows],
        t=[0 if bar is None else bar.trades for bar in windows],
        l=[price(close if bar is None else bar.low) for bar in windows],
        h=[price(close if bar is None else bar.high) for bar in windows],
        o=price(close if today is None else today.open),
    )


def _best(pair: Pair, state: MarketState, side: Side) -> list[str]:
    price, size = state.best(pair.index, side)
    return [pair.price_text(price), pair.whole_lots(size), pair.size_text(size)]


def _weighed(bar: Bar | None) -> tuple[int, int]:
    return (0, 0) if bar is None else (bar.value, bar.volume)


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            name="Ticker",
            summary="Best prices, and what was traded today and in the last 24 hours",
            answer=ticker,
            parameters=(pairs_parameter(listing),),
            result=dict[str, TickerInfo],
        ),
    )
