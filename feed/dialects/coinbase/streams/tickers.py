"""
The last price, best prices, and statistics of 24 hours and 52 weeks: with every trade, or every five seconds.

Source: "Ticker Channel" and "Ticker Batch Channel".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.analytics.bars import Bar, Bars
from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.encoder import UPDATE, ProductEncoder
from feed.model.durations import NS_PER_DAY, NS_PER_SECOND
from feed.model.events import QUOTE, TRADE, Event, Row, Side
from feed.model.instruments import decimal_text
from feed.state.encoder import SUMMARY, RowEncoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

BATCH_PERIOD: Final = 5 * NS_PER_SECOND
_DAY: Final = 24 * 60  # minutes
_YEAR: Final = 52 * 7 * NS_PER_DAY
_PERCENT_DECIMALS: Final = 8


class Tickers(ProductEncoder):
    """
    What both channels tell.

    Args:
        product: Whose.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.
    """

    def __init__(self, product: Product, market_state: MarketState, projections: Projections) -> None:
        super().__init__(product, market_state)
        self._bars: Final[Bars] = projections.bars[product.index]
        self._year: tuple[int, Bar | None] = (-1, None)  # the day before which it ends, and its trades

    def present(self) -> str:
        """As it stands."""
        return self._tickers(self._market_state.now)

    def told(self, now: int) -> str:
        """The message at a market time."""
        return self.said(UPDATE, self._tickers(now), now)

    def _tickers(self, now: int) -> str:
        product, state = self._product, self._market_state
        price, size = product.price_text, product.size_text
        (bid, bid_size), (ask, ask_size) = (state.best(product.index, side) for side in Side)
        bar, last = self._bars.window(_DAY, now), self._bars.last
        close = 0 if last is None else last.close
        first, low, high, volume = (
            (close, close, close, 0) if bar is None else (bar.open, bar.low, bar.high, bar.volume)
        )
        year_low, year_high = self._extremes(now, low, high)
        return (
            f'"tickers":[{{"type":"ticker","product_id":{self._id},"price":"{price(close)}",'
            f'"volume_24_h":"{size(volume)}","low_24_h":"{price(low)}","high_24_h":"{price(high)}",'
            f'"low_52_w":"{price(year_low)}","high_52_w":"{price(year_high)}",'
            f'"price_percent_chg_24_h":"{_percent(close - first, first)}",'
            f'"best_bid":"{price(bid)}","best_bid_quantity":"{size(bid_size)}",'
            f'"best_ask":"{price(ask)}","best_ask_quantity":"{size(ask_size)}"}}]'
        )

    def _extremes(self, now: int, low: int, high: int) -> tuple[int, int]:
        """Lowest and highest price of 52 weeks: of whole days, looked up once a day, and of 24 hours."""
        today = now - now % NS_PER_DAY
        if self._year[0] != today:
            self._year = today, self._bars.total(today - _YEAR, today)
        bar = self._year[1]
        return (low, high) if bar is None else (min(bar.low, low), max(bar.high, high))


class TickerEncoder(Tickers, RowEncoder):
    """After what one order took, once the best prices that follow are known."""

    kinds: Sequence[int] = (TRADE, QUOTE)
    rank = SUMMARY
    channel = topics.TICKER

    def __init__(self, product: Product, market_state: MarketState, projections: Projections) -> None:
        super().__init__(product, market_state, projections)
        self._taking = market_state.taking(product.index)

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """A ticker, or None where there is nothing new, or more may follow."""
        del seq, proof
        taking, self._taking = self._taking, self._market_state.taking(self._product.index)
        told = taking if row[0] == QUOTE else not self._taking
        return self.told(row[2]) if told else None


class TickerBatchEncoder(Tickers):
    """Every five seconds of market time."""

    period = BATCH_PERIOD
    channel = topics.TICKER_BATCH

    def encode(self, item: Event) -> None:
        """No message for any event."""

    def on_timer(self, seq: int, now: int) -> str:
        """The ticker as it stands."""
        del seq
        return self.told(now)


def _percent(change: int, first: int) -> str:
    scale = 100 * 10**_PERCENT_DECIMALS
    return decimal_text((2 * scale * change + first) // (2 * first) if first else 0, _PERCENT_DECIMALS)
