"""Market data by request: snapshots that say at which sequence number they stand."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from feed.dialects.access import Access, Problem, Shape
from feed.dialects.parameters import Parameter, symbol_parameter
from feed.dialects.rest import Call, Endpoint, PriceLevel, RestContext, example_symbol
from feed.dialects.times import iso
from feed.model.events import Side, Trade
from feed.model.instruments import Instrument, Listing
from feed.settings import Web

API_KEY: Final = Access(name="apiKey", header="X-API-Key", dialect="securitypro", needed=True)
API_KEY_OR_NONE: Final = attrs.evolve(API_KEY, needed=False)


class Ticker(Shape):
    """
    The price of an instrument.

    Attributes:
        symbol: Its name.
        price: Of the last trade, in plain decimals; the middle of the quote as long as there was none.
        ts: When that was, ISO-8601 in UTC, milliseconds.
    """

    symbol: str
    price: str
    ts: str


class Book(Shape):
    """
    The price levels of an instrument: every later event applies to them, and none earlier does.

    Attributes:
        symbol: Its name.
        seq: Sequence number of the last event in it.
        ts: Market time, ISO-8601 in UTC, milliseconds.
        bids: Price and size of each level, best first, in plain decimals.
        asks: As bids.
    """

    symbol: str
    seq: int
    ts: str
    bids: list[PriceLevel]
    asks: list[PriceLevel]


class PublicTrade(Shape):
    """
    One trade.

    Attributes:
        id: Counts the trades of its instrument.
        price: In plain decimals.
        size: In plain decimals.
        side: Of the taker; null when the source does not say.
        ts: Market time, ISO-8601 in UTC, milliseconds.
        seq: Sequence number of its event.
    """

    id: int
    price: str
    size: str
    side: Literal["buy", "sell"] | None
    ts: str
    seq: int


class Trades(Shape):
    """
    The last trades of an instrument.

    Attributes:
        symbol: Its name.
        seq: Sequence number at which this was true.
        trades: Newest first.
    """

    symbol: str
    seq: int
    trades: list[PublicTrade]


def ticker(context: RestContext, call: Call) -> Ticker:
    """The price of the last ticker; trades where there was no quote yet, so that there was no ticker."""
    index, instrument = context.instrument(call.text("symbol"))
    told, trade = context.market_state.ticker(index), context.market_state.trade(index)
    if told is not None:
        price, ts = told.price, told.ts if told.traded is None else told.traded
    elif trade is not None:
        price, ts = trade.price, trade.ts
    else:
        raise Problem(404, "not_found", f"{instrument.symbol} has no price yet")
    return Ticker(symbol=instrument.symbol, price=instrument.price_text(price), ts=iso(ts))


def book(context: RestContext, call: Call) -> Book:
    """Price levels as they stand."""
    index, instrument = context.instrument(call.text("symbol"))
    depth = call.number("depth")

    def side(of: Side) -> list[PriceLevel]:
        levels = context.market_state.levels(index, of, depth)
        return [[instrument.price_text(price), instrument.size_text(size)] for price, size in levels]

    return Book(
        symbol=instrument.symbol,
        seq=context.seq,
        ts=iso(context.market_state.now),
        bids=side(Side.BUY),
        asks=side(Side.SELL),
    )


def trades(context: RestContext, call: Call) -> Trades:
    """The last trades that are kept."""
    index, instrument = context.instrument(call.text("symbol"))
    last = context.trades(index, call.number("limit"))
    return Trades(
        symbol=instrument.symbol, seq=context.seq, trades=[_public(instrument, trade) for trade in last]
    )


def _public(instrument: Instrument, trade: Trade) -> PublicTrade:
    sides: dict[Side | None, Literal["buy", "sell"] | None] = {Side.BUY: "buy", Side.SELL: "sell"}
    return PublicTrade(
        id=trade.trade,
        price=instrument.price_text(trade.price),
        size=instrument.size_text(trade.size),
        side=sides.get(trade.aggressor),
        ts=iso(trade.ts),
        seq=trade.seq,
    )


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    symbol = symbol_parameter(example_symbol(listing))
    unknown = {404: "No such symbol."}

    def rows(name: str, meaning: str) -> Parameter:
        return Parameter(
            name=name, meaning=meaning, default=min(web.rows, web.most_rows), least=1, most=web.most_rows
        )

    return (
        Endpoint(
            path="/v1/market/ticker",
            summary="The last price of an instrument",
            handle=ticker,
            access=API_KEY,
            parameters=(symbol,),
            returns=Ticker,
            refusals={404: "No such symbol, or it has no price yet."},
            group="SecurityPro",
        ),
        Endpoint(
            path="/v1/market/book",
            summary="The price levels of an instrument, to reconcile a stream with",
            handle=book,
            access=API_KEY_OR_NONE,
            parameters=(symbol, rows("depth", "Price levels of each side.")),
            returns=Book,
            refusals=unknown,
            group="Snapshots",
        ),
        Endpoint(
            path="/v1/market/trades",
            summary="The last trades of an instrument, to reconcile a stream with",
            handle=trades,
            access=API_KEY_OR_NONE,
            parameters=(symbol, rows("limit", "How many trades.")),
            returns=Trades,
            refusals=unknown,
            group="Snapshots",
        ),
    )
