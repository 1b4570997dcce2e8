"""Market data by request: snapshots that say at which sequence number they stand."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from feed.dialects.times import iso
from feed.model.events import Side, Status, Trade
from feed.model.instruments import Contract, Instrument
from feed.model.symbols import LONGEST_SYMBOL
from feed.server.http.access import API_KEY, API_KEY_OR_NONE, OPEN
from feed.server.http.endpoint import Endpoint, Parameter, Shape
from feed.server.http.site import Call, Problem, Site
from feed.settings import Web

# Price and size, in plain decimals.
PriceLevel = Annotated[list[str], msgspec.Meta(min_length=2, max_length=2)]
MarketStatus = Literal["active", "halted", "delisted"]
OrderStatus = Literal["active", "readOnly", "halted", "delisted"]


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


class MarketInfo(Shape):
    """
    One instrument.

    Attributes:
        market: Its symbol.
        baseAsset: What is bought and sold.
        quoteAsset: What it is paid in.
        tickSize: Smallest price step, in plain decimals.
        minQuantity: Smallest size step, in plain decimals.
        status: Whether orders can be sent: ``readOnly`` where clients cannot, while others trade.
    """

    market: str
    baseAsset: str  # noqa: N815 - as published
    quoteAsset: str  # noqa: N815
    tickSize: str  # noqa: N815
    minQuantity: str  # noqa: N815
    status: OrderStatus


STATUS: Final[dict[Status, MarketStatus]] = {
    Status.TRADING: "active",
    Status.HALTED: "halted",
    Status.DELISTED: "delisted",
}


def ticker(site: Site, call: Call) -> Ticker:
    """The price of the last ticker; trades where there was no quote yet, so that there was no ticker."""
    index, instrument = site.instrument(call.text("symbol"))
    told, trade = site.latest.ticker(index), site.latest.trade(index)
    if told is not None:
        price, ts = told.price, told.ts if told.traded is None else told.traded
    elif trade is not None:
        price, ts = trade.price, trade.ts
    else:
        raise Problem(404, "not_found", f"{instrument.symbol} has no price yet")
    return Ticker(symbol=instrument.symbol, price=instrument.price_text(price), ts=iso(ts))


def book(site: Site, call: Call) -> Book:
    """Price levels as they stand."""
    index, instrument = site.instrument(call.text("symbol"))
    depth = call.number("depth")

    def side(of: Side) -> list[PriceLevel]:
        levels = site.latest.levels(index, of, depth)
        return [[instrument.price_text(price), instrument.size_text(size)] for price, size in levels]

    return Book(
        symbol=instrument.symbol,
        seq=site.seq,
        ts=iso(site.latest.now),
        bids=side(Side.BUY),
        asks=side(Side.SELL),
    )


def trades(site: Site, call: Call) -> Trades:
    """The last trades that are kept."""
    index, instrument = site.instrument(call.text("symbol"))
    last = site.tape.trades(index, call.number("limit"))
    return Trades(
        symbol=instrument.symbol, seq=site.seq, trades=[_public(instrument, trade) for trade in last]
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


def markets(site: Site, call: Call) -> list[MarketInfo]:
    """Every instrument, in the market's order."""
    del call

    def status(index: int) -> OrderStatus:
        found = STATUS[site.latest.status(index)]
        spot = site.listing[index].contract is Contract.SPOT
        return "readOnly" if found == "active" and not (spot and site.takes_orders) else found

    return [
        MarketInfo(
            market=instrument.symbol,
            baseAsset=instrument.base,
            quoteAsset=instrument.quote,
            tickSize=f"{instrument.tick_size:f}",
            minQuantity=f"{instrument.lot_size:f}",
            status=status(index),
        )
        for index, instrument in enumerate(site.listing)
    ]


def symbol_parameter(example: str) -> Parameter:
    """Which instrument."""
    meaning = "Symbol of an instrument, in any usual spelling: with any separator or none."
    return Parameter(name="symbol", meaning=meaning, most=LONGEST_SYMBOL, example=example)


def endpoints(web: Web, example: str) -> tuple[Endpoint, ...]:
    """
    Those of this module.

    Args:
        web: Bounds on what can be asked for.
        example: A symbol for the documents.
    """
    symbol = symbol_parameter(example)
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
        Endpoint(
            path="/api/v1/markets",
            summary="Every instrument",
            handle=markets,
            access=OPEN,
            returns=list[MarketInfo],
            group="Snapshots",
        ),
    )
