# ruff: noqa: N815 - fields as published
"""Order books, and their best prices."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Shape
from feed.dialects.binance import errors
from feed.dialects.binance.fields import Fields, Sent
from feed.dialects.binance.market_data.parameters import (
    STATUSES,
    limit_parameter,
    status_parameter,
    symbol_parameter,
    symbols_parameter,
)
from feed.dialects.binance.queries import Query, Weight
from feed.dialects.binance.symbols import Symbol
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.dialects.rest import PriceLevel
from feed.model.events import Side
from feed.model.instruments import Listing

_DEPTH: Final = 100
"""Levels of a side, where nobody says how many."""
_MOST_DEPTH: Final = 5000
_WEIGHTS: Final = ((100, 5), (500, 25), (1000, 50), (_MOST_DEPTH, 250))
"""What a request counts, by the levels that it asks for at most."""


class OrderBook(Shape):
    """
    An order book.

    Attributes:
        lastUpdateId: Of the last change, as in the streams.
        bids: Price and quantity of each level, best first.
        asks: The same of the other side.
    """

    lastUpdateId: int
    bids: list[PriceLevel]
    asks: list[PriceLevel]


class BookTicker(Shape):
    """
    The best prices; zeros where there is none.

    Attributes:
        symbol: Whose.
        bidPrice: The best bid.
        bidQty: What rests there.
        askPrice: The best ask.
        askQty: What rests there.
    """

    symbol: str
    bidPrice: str
    bidQty: str
    askPrice: str
    askQty: str


def depth(view: MarketView, fields: Fields, unit: TimeUnit) -> OrderBook:
    """The best levels of both sides."""
    del unit
    symbol = fields.symbol(view.symbols)
    limit = fields.limit(_DEPTH, _MOST_DEPTH)
    one_of_status(view, symbol, fields)
    bids, asks = (
        [
            [symbol.price_text(price), symbol.size_text(lots)]
            for price, lots in view.state.levels(symbol.index, side, limit)
        ]
        for side in Side
    )
    return OrderBook(lastUpdateId=view.state.book_seq(symbol.index), bids=bids, asks=asks)


def depth_weight(sent: Sent) -> int:
    """By the number of levels; what is no number counts as none."""
    text = dict(sent).get("limit", "")
    limit = int(text[:9]) if text.isascii() and text.isdigit() else _DEPTH
    return next((weight for most, weight in _WEIGHTS if limit <= most), _WEIGHTS[-1][1])


def book_tickers(view: MarketView, fields: Fields, unit: TimeUnit) -> BookTicker | list[BookTicker]:
    """Of one symbol, of some, or of all."""
    del unit
    found = chosen(view, fields)
    if isinstance(found, Symbol):
        return _book_ticker(view, found)
    return [_book_ticker(view, symbol) for symbol in found]


def _book_ticker(view: MarketView, symbol: Symbol) -> BookTicker:
    (bid, bid_size), (ask, ask_size) = (view.state.best(symbol.index, side) for side in Side)
    return BookTicker(
        symbol=symbol.name,
        bidPrice=symbol.price_text(bid),
        bidQty=symbol.size_text(bid_size),
        askPrice=symbol.price_text(ask),
        askQty=symbol.size_text(ask_size),
    )


def one_of_status(view: MarketView, symbol: Symbol, fields: Fields) -> None:
    """Look whether a symbol has the status that was asked for. Raises BinanceError: it has another."""
    status = fields.choice("symbolStatus", STATUSES, errors.BAD_SYMBOL_STATUS)
    if status is not None and status != view.status(symbol):
        raise errors.OTHER_STATUS.error()


def chosen(
    view: MarketView, fields: Fields, *, most: int | None = None, needed: bool = False
) -> Symbol | list[Symbol]:
    """
    The symbols that a ticker is asked for: one alone, or several, or all where none is named.

    Args:
        view: The market.
        fields: Of the request.
        most: How many may be named; None for any number.
        needed: Whether one must be named.

    Raises:
        BinanceError: There is no such symbol, or it has another status.
    """
    named = fields.symbols(view.symbols, most=most)
    if isinstance(named, Symbol):
        one_of_status(view, named, fields)
        return named
    if named is None and needed:
        raise errors.MISSING_BOTH.error("symbol", "symbols")
    status = fields.choice("symbolStatus", STATUSES, errors.BAD_SYMBOL_STATUS)
    return [
        symbol
        for symbol in (view.symbols if named is None else named)
        if status in (None, view.status(symbol))
    ]


def light_or(heavy: int) -> Weight:
    """The weight of a ticker: 2 of one symbol, else ``heavy``."""
    return lambda sent: 2 if dict(sent).get("symbol") else heavy


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            path="/api/v3/depth",
            method="depth",
            summary="An order book",
            answer=depth,
            parameters=(
                symbol_parameter(listing, needed=True),
                limit_parameter("Levels of a side", _DEPTH, _MOST_DEPTH),
                status_parameter(),
            ),
            returns=OrderBook,
            weight=depth_weight,
        ),
        Query(
            path="/api/v3/ticker/bookTicker",
            method="ticker.book",
            summary="The best prices of one symbol, of some, or of all",
            answer=book_tickers,
            parameters=(symbol_parameter(listing), symbols_parameter(listing), status_parameter()),
            returns=BookTicker | list[BookTicker],
            weight=light_or(4),
        ),
    )
