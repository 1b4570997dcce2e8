"""Candles of five minutes: the last ones, then the open one every second. Source: "Candles Channel"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.analytics.bars import Bar, Bars
from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.encoder import UPDATE, ProductEncoder
from feed.model.durations import NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import Event
from feed.state.market_state import MarketState
from feed.state.projections import Projections

LENGTH: Final = 5 * NS_PER_MINUTE
LAST: Final = 100
"""Candles that a new subscriber is told of, those without a trade counted."""


class CandlesEncoder(ProductEncoder):
    """
    The candles of one product.

    Args:
        product: Whose.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.
    """

    period = NS_PER_SECOND
    channel = topics.CANDLES

    def __init__(self, product: Product, market_state: MarketState, projections: Projections) -> None:
        super().__init__(product, market_state)
        self._bars: Final[Bars] = projections.bars[product.index]

    def present(self) -> str:
        """The last candles with trades in them, the newest first."""
        now = self._market_state.now
        end = now - now % LENGTH + LENGTH
        found = self._bars.series(LENGTH, end - LAST * LENGTH, end)
        return self._told([bar._replace(start=bar.start - bar.start % LENGTH) for bar in reversed(found)])

    def encode(self, item: Event) -> None:
        """No message for any event."""

    def on_timer(self, seq: int, now: int) -> str | None:
        """The candle of the second that ends, once there was a trade in it."""
        del seq
        last = now - 1
        start = last - last % LENGTH
        bar = self._bars.total(start, start + LENGTH)
        return None if bar is None else self.said(UPDATE, self._told([bar._replace(start=start)]), now)

    def _told(self, bars: Sequence[Bar]) -> str:
        return f'"candles":[{",".join([self._text(bar) for bar in bars])}]'

    def _text(self, bar: Bar) -> str:
        price = self._product.price_text
        return (
            f'{{"start":"{bar.start // NS_PER_SECOND}","high":"{price(bar.high)}","low":"{price(bar.low)}",'
            f'"open":"{price(bar.open)}","close":"{price(bar.close)}",'
            f'"volume":"{self._product.size_text(bar.volume)}","product_id":{self._id}}}'
        )
