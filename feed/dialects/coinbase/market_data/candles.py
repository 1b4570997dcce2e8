"""Candles. Source: "Get Product Candles"."""

from __future__ import annotations

from typing import Final

from feed.analytics.bars import Bar, merged
from feed.dialects.access import Shape
from feed.dialects.coinbase.errors import invalid
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.market_data.parameters import count_parameter, product_parameter, text_parameter
from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.queries import Query
from feed.dialects.coinbase.views import MarketView
from feed.model.durations import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND
from feed.model.instruments import Listing

GRANULARITIES: Final = {
    "ONE_MINUTE": NS_PER_MINUTE,
    "FIVE_MINUTE": 5 * NS_PER_MINUTE,
    "FIFTEEN_MINUTE": 15 * NS_PER_MINUTE,
    "THIRTY_MINUTE": 30 * NS_PER_MINUTE,
    "ONE_HOUR": NS_PER_HOUR,
    "TWO_HOUR": 2 * NS_PER_HOUR,
    "FOUR_HOUR": 4 * NS_PER_HOUR,
    "SIX_HOUR": 6 * NS_PER_HOUR,
    "ONE_DAY": NS_PER_DAY,
}
"""Lengths of candles, nanoseconds: they begin on multiples since the Unix epoch."""
MOST_CANDLES: Final = 350
"""In an answer."""


class Candle(Shape):
    """
    The trades of an interval.

    Attributes:
        start: When it begins, seconds since the Unix epoch.
        low: Lowest price.
        high: Highest price.
        open: Price of the first trade.
        close: Price of the last.
        volume: Quantity traded.
    """

    start: str
    low: str
    high: str
    open: str
    close: str
    volume: str


class Candles(Shape):
    """
    Candles, newest first; an interval without trades has none.

    Attributes:
        candles: They.
    """

    candles: list[Candle]


def candles(view: MarketView, fields: Fields) -> Candles:
    """Those that begin within a stretch of time; the newest where none is named."""
    product = view.product(fields.part("product_id"))
    name = fields.text("granularity")
    if name is None or name not in GRANULARITIES:
        raise invalid(f"granularity must be one of {', '.join(GRANULARITIES)}")
    step = GRANULARITIES[name]
    limit = fields.whole("limit", MOST_CANDLES, MOST_CANDLES)
    start, end = _stretch(view, fields.seconds("start"), fields.seconds("end"), step, limit)
    if (end - start) // step > MOST_CANDLES:
        raise invalid(f"number of candles requested should be less than {MOST_CANDLES}")
    found = series(view, product, step, start, end)
    return Candles([candle(product, bar) for bar in reversed(found[-limit:])])


def series(view: MarketView, product: Product, step: int, start: int, end: int) -> list[Bar]:
    """
    What was traded by intervals, oldest first; an interval without trades is left out.

    Args:
        view: The market.
        product: Whose trades.
        step: Length of an interval, nanoseconds; one of :data:`GRANULARITIES`.
        start: Nanoseconds; the first interval begins then, or next.
        end: The last interval begins then, or before.
    """
    first, last = -(-start // step) * step, end // step * step
    bars = view.projections.bars[product.index]
    joined: dict[int, Bar] = {}
    for bar in bars.series(step, first, min(last, view.now) + step - (min(last, view.now) % step)):
        begin = bar.start - bar.start % step
        known = joined.get(begin)
        joined[begin] = (bar if known is None else merged(known, bar))._replace(start=begin)
    return list(joined.values())


def candle(product: Product, bar: Bar) -> Candle:
    """The trades of an interval, told."""
    price = product.price_text
    return Candle(
        start=str(bar.start // NS_PER_SECOND),
        low=price(bar.low),
        high=price(bar.high),
        open=price(bar.open),
        close=price(bar.close),
        volume=product.size_text(bar.volume),
    )


def _stretch(view: MarketView, start: int | None, end: int | None, step: int, limit: int) -> tuple[int, int]:
    """
    The stretch of market time that is meant.

    A client names times by its own clock: where market time is another, they are those since the market's
    present, or before it.
    """
    end = view.now if end is None else end
    start = max(end - limit * step, 0) if start is None else start
    if start > end:
        raise invalid("start must not be after end")
    behind = view.behind(end)
    return max(start - behind, 0), max(end - behind, 0)


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            path="/market/products/{product_id}/candles",
            signed="/products/{product_id}/candles",
            summary="Candles of a product",
            answer=candles,
            parameters=(
                product_parameter(listing, in_path=True),
                text_parameter("start", "The first begins then, seconds since the Unix epoch."),
                text_parameter("end", "The last begins then at the latest."),
                text_parameter(
                    "granularity",
                    "Length of a candle.",
                    choices=tuple(GRANULARITIES),
                    example="ONE_MINUTE",
                ),
                count_parameter("Candles", MOST_CANDLES, MOST_CANDLES),
            ),
            returns=Candles,
        ),
    )
