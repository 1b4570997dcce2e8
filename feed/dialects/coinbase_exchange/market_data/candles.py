"""Candles, in the exchange's words historic rates."""

from __future__ import annotations

from typing import Final

from feed.analytics.bars import Bar
from feed.dialects.coinbase_exchange.errors import bad
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.market_data.parameters import product_parameter, text_parameter
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.queries import Query
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.numbers import Number, exact
from feed.dialects.parameters import Parameter
from feed.model.durations import NS_PER_SECOND
from feed.model.instruments import Listing

GRANULARITIES: Final = (60, 300, 900, 3600, 21_600, 86_400)
"""Lengths of candles, seconds: they begin on multiples since the Unix epoch."""
ROWS: Final = 300
"""The most in an answer."""
_TOO_MANY: Final = (
    "granularity too small for the requested time range. Count of aggregations requested exceeds 300"
)

Candle = list[Number | int]
"""When it begins, seconds since the Unix epoch; lowest, highest, first and last price; quantity."""


def candles(view: MarketView, fields: Fields) -> list[Candle]:
    """The newest first; an interval without trades has none."""
    product = fields.product(view.products)
    text = fields.text("granularity") or str(GRANULARITIES[0])
    if text not in map(str, GRANULARITIES):
        raise bad("Unsupported granularity")
    step = int(text) * NS_PER_SECOND
    start, end = fields.time("start"), fields.time("end")
    if start is None or end is None:
        end = view.state.now
        start = end - (ROWS - 1) * step
    if end < start:
        raise bad("end must be after start")
    if end // step - -(-start // step) >= ROWS:
        raise bad(_TOO_MANY)
    first = max(start + -start % step, 0)
    last = min(end, view.state.now) // step * step + step
    bars = view.projections.bars[product.index].series(step, first, last)
    return [_candle(product, bar, step) for bar in reversed(bars)]


def prices(product: Product, bar: Bar) -> Candle:
    """Lowest, highest, first and last."""
    return [exact(product.price_text(price)) for price in (bar.low, bar.high, bar.open, bar.close)]


def _candle(product: Product, bar: Bar, step: int) -> Candle:
    start = (bar.start - bar.start % step) // NS_PER_SECOND
    return [start, *prices(product, bar), exact(product.size_text(bar.volume))]


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            path="/products/{product_id}/candles",
            summary="Candles of a product",
            answer=candles,
            parameters=(
                product_parameter(listing),
                Parameter(
                    name="granularity",
                    meaning="Length of a candle, seconds.",
                    default=str(GRANULARITIES[0]),
                    most=None,
                    choices=tuple(map(str, GRANULARITIES)),
                ),
                text_parameter("start", "Those that begin from it on, ISO 8601 or seconds; with end."),
                text_parameter("end", "Those that begin up to it; with start."),
            ),
            returns=list[Candle],
        ),
    )
