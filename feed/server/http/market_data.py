"""Rails' market data: the figures of every market, each in a row of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from feed.dialects.ticker import last_price
from feed.dialects.times import milliseconds
from feed.server.http.access import OPEN
from feed.server.http.endpoint import Endpoint, Parameter, Shape
from feed.server.http.site import LONGEST_SYMBOL, Call, Site

ALL: Final = "ALL"  # every market, as in the address of its streams
Figure = Literal["INDEX", "ASK", "BID", "24H_VOLUME", "24H_COUNT"]


class MarketDatum(Shape):
    """
    One figure of a market. These are spot markets: there is no FUNDING, NEXT_FUNDING or OPEN_INTEREST.

    Attributes:
        market: Its symbol.
        type: INDEX is the middle of the quote, rounded down to a tick; ASK and BID are the best
            prices, as they last were when there were both; 24H_VOLUME, in the base asset, and
            24H_COUNT are of the trades of the last 24 hours of market time, by the minute.
        index: Place of the row among those of its market, from 0.
        value: In plain decimals.
        updatedAt: Market time at which this was so, milliseconds since the Unix epoch: of the quote,
            or of the newest event for what was counted over 24 hours.
    """

    market: str
    type: Figure
    index: int
    value: str
    updatedAt: int  # noqa: N815 - as published


def market_data(site: Site, call: Call) -> list[MarketDatum]:
    """The rows of one market, or of all in the market's order."""
    name = call.text("market")
    indices = range(len(site.listing)) if name == ALL else [site.instrument(name)[0]]
    return [
        MarketDatum(
            market=site.listing[index].symbol,
            type=figure,
            index=place,
            value=value,
            updatedAt=milliseconds(ts),
        )
        for index in indices
        for place, (figure, value, ts) in enumerate(_figures(site, index))
    ]


def _figures(site: Site, index: int) -> Iterator[tuple[Figure, str, int]]:
    """Each with its value and its market time; before the first quote, or event, there is none of it."""
    instrument, latest = site.listing[index], site.latest
    quote = latest.quote(index)
    if quote is not None:
        yield "INDEX", instrument.price_text(last_price(quote, None)), quote.ts
        yield "ASK", instrument.price_text(quote.ask), quote.ts
        yield "BID", instrument.price_text(quote.bid), quote.ts
    if latest.seq:
        volume, trades = latest.days[index].totals(latest.now)
        yield "24H_VOLUME", instrument.size_text(volume), latest.now
        yield "24H_COUNT", str(trades), latest.now


def endpoints(example: str) -> tuple[Endpoint, ...]:
    """
    Those of this module.

    Args:
        example: A symbol for the documents.
    """
    market = Parameter(
        name="market",
        meaning=f"Symbol of an instrument, or {ALL}.",
        default=ALL,
        most=LONGEST_SYMBOL,
        example=example,
    )
    return (
        Endpoint(
            path="/api/v1/market-data",
            summary="Index, best prices, and what was traded in 24 hours, of one market or of all",
            handle=market_data,
            access=OPEN,
            parameters=(market,),
            returns=list[MarketDatum],
            refusals={404: "No such market."},
            group="Rails",
        ),
    )
