"""Trades, those of a quarter of a second together, the newest first. Source: "Market Trades Channel"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.encoder import UPDATE, ProductEncoder
from feed.dialects.times import iso_microseconds
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import TRADE, Event, Side, Trade
from feed.state.market_state import MarketState
from feed.state.projections import Projections

PERIOD: Final = 250 * NS_PER_MILLISECOND
LAST: Final = 50
"""Trades that a new subscriber is told of."""


class TradesEncoder(ProductEncoder):
    """
    The side is that of the order that rested; a taker whose side is not known is taken for the buyer.

    Args:
        product: Whose.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.
    """

    kinds: Sequence[int] = (TRADE,)
    period = PERIOD
    channel = topics.MARKET_TRADES

    def __init__(self, product: Product, market_state: MarketState, projections: Projections) -> None:
        super().__init__(product, market_state)
        self._trades: Final = projections.trades
        self._begun = market_state.now - market_state.now % PERIOD  # the interval of those that wait
        self._waiting: list[str] = []  # oldest first
        for row in self._trades.rows(product.index):
            if row[2] >= self._begun:
                self._waiting.append(self._text(Trade.from_row(0, row, 0)))

    def present(self) -> str:
        """The last trades, but for those that the next message tells of."""
        kept = self._trades.newest(self._product.index, LAST + len(self._waiting))
        return self._told([self._text(trade) for trade in kept[len(self._waiting) :]])

    def encode(self, item: Event) -> None:
        """Nothing yet: it waits for the end of the interval."""
        self._waiting.append(self._text(cast("Trade", item)))

    def on_timer(self, seq: int, now: int) -> str | None:
        """The trades of the interval that ends, if there are any."""
        del seq
        if not self._waiting:
            return None
        told, self._waiting = self._told(self._waiting[::-1]), []
        return self.said(UPDATE, told, now)

    def _told(self, trades: Sequence[str]) -> str:
        return f'"trades":[{",".join(trades)}]'

    def _text(self, trade: Trade) -> str:
        side = "BUY" if trade.aggressor is Side.SELL else "SELL"
        return (
            f'{{"product_id":{self._id},"trade_id":"{trade.trade}",'
            f'"price":"{self._product.price_text(trade.price)}",'
            f'"size":"{self._product.size_text(trade.size)}","time":"{iso_microseconds(trade.ts)}",'
            f'"side":"{side}"}}'
        )
