"""Best prices and the last trade; what was traded in the last 24 hours and in the last 30 days."""

from __future__ import annotations

from typing import Final

import attrs

from feed.analytics.bars import Bars, empty
from feed.dialects.access import Shape
from feed.dialects.coinbase_exchange.errors import not_found
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.market_data.candles import Candle, prices
from feed.dialects.coinbase_exchange.market_data.parameters import product_parameter
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.queries import Query
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.times import iso_microseconds
from feed.model.durations import NS_PER_DAY, NS_PER_HOUR, NS_PER_SECOND
from feed.model.events import Side
from feed.model.instruments import Listing

DAY: Final = 24 * 60
"""Minutes of the window of statistics."""
_MONTH: Final = 30 * NS_PER_DAY
_NOTHING: Final = "0"


@attrs.frozen(kw_only=True)
class Statistics:
    """
    What was traded of a product; prices in ticks, quantities in lots.

    Attributes:
        open: First price within 24 hours; without a trade the last one.
        high: Highest price, the same.
        low: Lowest price, the same.
        volume: Within 24 hours.
        volume_30_days: Within 30 days, today included.
    """

    open: int
    high: int
    low: int
    volume: int
    volume_30_days: int


class TradeStatistics:
    """
    Tells what was traded of a product, and remembers what does not change within an hour.

    Args:
        bars: The trades.
    """

    def __init__(self, bars: Bars) -> None:
        self._bars: Final = bars
        self._hour = -1
        self._before_hour = 0  # lots, from 30 days ago to the beginning of the hour

    def at(self, now: int) -> Statistics:
        """As they stand at a market time, nanoseconds; not before that of the last trade."""
        last = self._bars.last
        day = self._bars.window(DAY, now) or empty(now, 0 if last is None else last.close)
        hour, end = now - now % NS_PER_HOUR, now - now % NS_PER_SECOND + NS_PER_SECOND
        if hour != self._hour:
            today = now - now % NS_PER_DAY
            self._hour, self._before_hour = hour, self._volume(max(0, today + NS_PER_DAY - _MONTH), hour)
        return Statistics(
            open=day.open,
            high=day.high,
            low=day.low,
            volume=day.volume,
            volume_30_days=self._before_hour + self._volume(hour, end),
        )

    def _volume(self, start: int, end: int) -> int:
        bar = self._bars.total(start, end)
        return 0 if bar is None else bar.volume


class TickerInfo(Shape):
    """
    Best prices, and the last trade.

    Attributes:
        ask: Best ask.
        bid: Best bid.
        volume: Within 24 hours.
        trade_id: Number of the last trade.
        price: Of it.
        size: Of it.
        time: Of it.
        rfq_volume: None: nobody asks for quotes.
        conversions_volume: None.
    """

    ask: str
    bid: str
    volume: str
    trade_id: int
    price: str
    size: str
    time: str
    rfq_volume: str
    conversions_volume: str


class StatisticsInfo(Shape):
    """
    What was traded.

    Attributes:
        open: First price within 24 hours.
        high: Highest price.
        low: Lowest price.
        last: Last price.
        volume: Within 24 hours.
        volume_30day: Within 30 days.
        rfq_volume_24hour: None.
        rfq_volume_30day: None.
        conversions_volume_24hour: None.
        conversions_volume_30day: None.
    """

    open: str
    high: str
    low: str
    last: str
    volume: str
    volume_30day: str
    rfq_volume_24hour: str
    rfq_volume_30day: str
    conversions_volume_24hour: str
    conversions_volume_30day: str


class VolumeSummary(Shape):
    """
    What was traded of a product.

    Attributes:
        id: Of the product.
        base_currency: What is bought and sold.
        display_name: For people.
        market_types: Always spot.
        spot_volume_24hour: Within 24 hours.
        spot_volume_30day: Within 30 days.
        rfq_volume_24hour: None.
        rfq_volume_30day: None.
        conversion_volume_24hour: None.
        conversion_volume_30day: None.
    """

    id: str
    base_currency: str
    display_name: str
    market_types: list[str]
    spot_volume_24hour: str
    spot_volume_30day: str
    rfq_volume_24hour: str
    rfq_volume_30day: str
    conversion_volume_24hour: str
    conversion_volume_30day: str


def ticker(view: MarketView, fields: Fields) -> TickerInfo:
    """Of the product in the path; not found before its first trade."""
    product = fields.product(view.products)
    state = view.state
    last = state.trade(product.index)
    if last is None:
        raise not_found()
    bid, ask = (state.best(product.index, side)[0] for side in Side)
    return TickerInfo(
        ask=product.price_text(ask),
        bid=product.price_text(bid),
        volume=product.size_text(_statistics(view, product).volume),
        trade_id=last.trade,
        price=product.price_text(last.price),
        size=product.size_text(last.size),
        time=iso_microseconds(last.ts),
        rfq_volume=_NOTHING,
        conversions_volume=_NOTHING,
    )


def stats(view: MarketView, fields: Fields) -> StatisticsInfo:
    """Of the product in the path."""
    product = fields.product(view.products)
    found, last = _statistics(view, product), view.state.trade(product.index)
    return StatisticsInfo(
        open=product.price_text(found.open),
        high=product.price_text(found.high),
        low=product.price_text(found.low),
        last=product.price_text(0 if last is None else last.price),
        volume=product.size_text(found.volume),
        volume_30day=product.size_text(found.volume_30_days),
        rfq_volume_24hour=_NOTHING,
        rfq_volume_30day=_NOTHING,
        conversions_volume_24hour=_NOTHING,
        conversions_volume_30day=_NOTHING,
    )


def spark_lines(view: MarketView, fields: Fields) -> dict[str, list[Candle]]:
    """Candles of an hour without quantities, of the last 24, the newest first; of products that have any."""
    del fields
    end = view.state.now // NS_PER_HOUR * NS_PER_HOUR + NS_PER_HOUR
    start = max(0, end - NS_PER_DAY)
    lines = {
        product.id: [
            [(bar.start - bar.start % NS_PER_HOUR) // NS_PER_SECOND, *prices(product, bar)]
            for bar in reversed(view.projections.bars[product.index].series(NS_PER_HOUR, start, end))
        ]
        for product in view.products
    }
    return {name: line for name, line in lines.items() if line}


def volume_summary(view: MarketView, fields: Fields) -> list[VolumeSummary]:
    """Of all products."""
    del fields
    return [_volumes(product, _statistics(view, product)) for product in view.products]


def _volumes(product: Product, found: Statistics) -> VolumeSummary:
    return VolumeSummary(
        id=product.id,
        base_currency=product.base.id,
        display_name=f"{product.base.id}/{product.quote.id}",
        market_types=["spot"],
        spot_volume_24hour=product.size_text(found.volume),
        spot_volume_30day=product.size_text(found.volume_30_days),
        rfq_volume_24hour=_NOTHING,
        rfq_volume_30day=_NOTHING,
        conversion_volume_24hour=_NOTHING,
        conversion_volume_30day=_NOTHING,
    )


def _statistics(view: MarketView, product: Product) -> Statistics:
    return TradeStatistics(view.projections.bars[product.index]).at(view.state.now)


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    product = (product_parameter(listing),)
    return (
        Query(
            path="/products/spark-lines",
            summary="The course of prices in the last 24 hours",
            answer=spark_lines,
            returns=dict[str, list[Candle]],
        ),
        Query(
            path="/products/volume-summary",
            summary="What was traded of each product",
            answer=volume_summary,
            returns=list[VolumeSummary],
        ),
        Query(
            path="/products/{product_id}/ticker",
            summary="Best prices, and the last trade",
            answer=ticker,
            parameters=product,
            returns=TickerInfo,
        ),
        Query(
            path="/products/{product_id}/stats",
            summary="What was traded in the last 24 hours and 30 days",
            answer=stats,
            parameters=product,
            returns=StatisticsInfo,
        ),
    )
