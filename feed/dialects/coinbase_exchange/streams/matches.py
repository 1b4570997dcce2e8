"""Trades, one by one. Source: "Match Channel"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from feed.dialects.coinbase_exchange.market_data.trades import maker_side
from feed.dialects.coinbase_exchange.streams.encoder import ProductEncoder
from feed.dialects.times import iso_microseconds
from feed.dialects.uuids import trade_order_uuids
from feed.model.events import TRADE, Event, Trade
from feed.state.market_state import MarketState


class MatchesEncoder(ProductEncoder):
    """Each trade by itself; the side is that of the order that rested."""

    kinds: Sequence[int] = (TRADE,)

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The last trade: the next one has the number after it."""
        last = market_state.trade(instrument)
        return () if last is None else [self.text(last, "last_match")]

    def encode(self, item: Event) -> str:
        """One trade."""
        return self.text(cast("Trade", item), "match")

    def text(self, trade: Trade, kind: str) -> str:
        """
        The message.

        Args:
            trade: Of which trade.
            kind: Its ``type``.
        """
        product = self._product
        maker, taker = trade_order_uuids(product.index, trade.trade, trade.maker, trade.taker)
        return (
            f'{{"type":"{kind}","trade_id":{trade.trade},"maker_order_id":"{maker}",'
            f'"taker_order_id":"{taker}","side":"{maker_side(trade.aggressor)}",'
            f'"size":"{product.size_text(trade.size)}","price":"{product.price_text(trade.price)}",'
            f'"product_id":{self._id},"sequence":{self._market_state.match_step(product.index)},"time":"{iso_microseconds(trade.ts)}"}}'
        )
