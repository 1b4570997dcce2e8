"""Tradyn's market data by request: quotes and symbols."""

from __future__ import annotations

from typing import Literal

from feed.dialects.access import Problem, Shape
from feed.dialects.numbers import Number, exact
from feed.dialects.parameters import symbol_parameter
from feed.dialects.rest import Call, Endpoint, RestContext, example_symbol
from feed.dialects.times import milliseconds
from feed.dialects.tradyn.rest.access import BEARER, GROUP
from feed.model.instruments import Listing


class Tick(Shape):
    """
    The best bid and ask of an instrument.

    Attributes:
        symbol: Its name.
        bid: Best bid.
        ask: Best ask.
        time: Market time of the quote, milliseconds since the Unix epoch.
    """

    symbol: str
    bid: Number
    ask: Number
    time: int


class TickData(Shape):
    """
    A tick that was asked for.

    Attributes:
        success: Always.
        data: The tick.
    """

    success: Literal[True]
    data: Tick


class Symbol(Shape):
    """
    One instrument.

    Attributes:
        symbol: Its name.
        digits: After the point of a price.
        volumeStep: Smallest step of a volume, and the smallest volume.
    """

    symbol: str
    digits: int
    volumeStep: Number  # noqa: N815 - in the document's style


class SymbolsData(Shape):
    """
    Every instrument.

    Attributes:
        success: Always.
        data: In the market's order.
    """

    success: Literal[True]
    data: list[Symbol]


def tick(context: RestContext, call: Call) -> TickData:
    """The quote as it stands."""
    index, instrument = context.instrument(call.text("symbol"))
    quote = context.market_state.quote(index)
    if quote is None:
        raise Problem(404, "not_found", f"{instrument.symbol} has no quote yet")
    return TickData(
        success=True,
        data=Tick(
            symbol=instrument.symbol,
            bid=exact(instrument.price_text(quote.bid)),
            ask=exact(instrument.price_text(quote.ask)),
            time=milliseconds(quote.ts),
        ),
    )


def symbols(context: RestContext, call: Call) -> SymbolsData:
    """Every instrument, in the market's order."""
    del call
    data = [
        Symbol(symbol=item.symbol, digits=item.price_decimals, volumeStep=exact(item.size_text(1)))
        for item in context.listing
    ]
    return SymbolsData(success=True, data=data)


def endpoints(listing: Listing) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Endpoint(
            path="/api/tick",
            summary="The best bid and ask of an instrument",
            handle=tick,
            access=BEARER,
            parameters=(symbol_parameter(example_symbol(listing)),),
            returns=TickData,
            refusals={404: "No such symbol, or it has no quote yet."},
            group=GROUP,
        ),
        Endpoint(
            path="/api/symbols",
            summary="Every instrument",
            handle=symbols,
            access=BEARER,
            returns=SymbolsData,
            group=GROUP,
        ),
    )
