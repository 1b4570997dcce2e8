"""Rails' market data: the figures of every market, each in a row of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from feed.dialects.access import OPEN, Shape
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext, example_symbol
from feed.dialects.times import milliseconds
from feed.model.derivatives import RATE_DECIMALS
from feed.model.instruments import Listing, decimal_text
from feed.model.symbols import LONGEST_SYMBOL

ALL: Final = "ALL"  # every market, as in the address of its streams
Figure = Literal["INDEX", "ASK", "BID", "FUNDING", "NEXT_FUNDING", "OPEN_INTEREST", "24H_VOLUME", "24H_COUNT"]
_MOST_MARKETS: Final = 16  # in one list

RAILS: Final = "RAILS"
"""Source of what is so on the market itself."""
INDEX_SOURCE: Final = "FEED"
"""Source of the index price."""


class MarketDatum(Shape):
    """
    One figure of a market.

    Attributes:
        market: Its symbol.
        type: INDEX is the index price of a perpetual future, and of anything else the middle of its
            quote, rounded down to a tick. ASK and BID are the best prices, as they last were when
            there were both. A perpetual future alone has FUNDING, the rate that is paid next,
            NEXT_FUNDING, an estimate of the one after it, and OPEN_INTEREST, in the base asset.
            24H_VOLUME, in the base asset, and 24H_COUNT are of the trades of the last 24 hours of
            market time, by the minute.
        index: Where the value comes from: RAILS, the market itself, or FEED, the index price.
        value: In plain decimals.
        updatedAt: Market time at which this was so, milliseconds since the Unix epoch; that of the
            newest event for what was counted over 24 hours.
    """

    market: str
    type: Figure
    index: Literal["FEED", "RAILS"]
    value: str
    updatedAt: int  # noqa: N815 - as published


def market_data(context: RestContext, call: Call) -> list[MarketDatum]:
    """The rows of the markets that are named, in that order, or of all in the market's order."""
    names = call.text("markets")
    if names == ALL:
        indices = list(range(len(context.listing)))
    else:
        # Named twice is shown once.
        indices = list(dict.fromkeys(context.instrument(name)[0] for name in names.split(",")))
    return [
        MarketDatum(
            market=context.listing[index].symbol,
            type=figure,
            index=INDEX_SOURCE if figure == "INDEX" else RAILS,
            value=value,
            updatedAt=milliseconds(ts),
        )
        for index in indices
        for figure, value, ts in _figures(context, index)
    ]


def _figures(context: RestContext, index: int) -> Iterator[tuple[Figure, str, int]]:
    """Each with its value and its market time; what no quote or event has told yet there is not."""
    instrument, market_state = context.listing[index], context.market_state
    quote, mark, funding = market_state.quote(index), market_state.mark(index), market_state.funding(index)
    if mark is not None:
        yield "INDEX", instrument.price_text(mark.index), mark.ts
    elif quote is not None:
        yield "INDEX", instrument.price_text((quote.bid + quote.ask) // 2), quote.ts
    if quote is not None:
        yield "ASK", instrument.price_text(quote.ask), quote.ts
        yield "BID", instrument.price_text(quote.bid), quote.ts
    if funding is not None:
        yield "FUNDING", decimal_text(funding.rate, RATE_DECIMALS), funding.ts
        yield "NEXT_FUNDING", decimal_text(funding.predicted, RATE_DECIMALS), funding.ts
    if mark is not None:
        yield "OPEN_INTEREST", instrument.size_text(mark.open_interest), mark.ts
    if market_state.seq:
        volume, trades = context.volumes[index].totals(market_state.now)
        yield "24H_VOLUME", instrument.size_text(volume), market_state.now
        yield "24H_COUNT", str(trades), market_state.now


def endpoints(listing: Listing) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    markets = Parameter(
        name="markets",
        meaning=f"Symbols of instruments, separated by commas, or {ALL}.",
        default=ALL,
        most=_MOST_MARKETS * LONGEST_SYMBOL,
        example=example_symbol(listing),
    )
    return (
        Endpoint(
            path="/api/v1/market-data",
            summary="Index, best prices, funding, and what was traded in 24 hours, of some markets or of all",
            handle=market_data,
            access=OPEN,
            parameters=(markets,),
            returns=list[MarketDatum],
            refusals={404: "No such market."},
            group="Rails",
        ),
    )
