"""Best prices, the last trade, and what was traded. Source: "Ticker Channel" and "Ticker Batch Channel"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects.coinbase_exchange.market_data.statistics import TradeStatistics
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.streams.encoder import ProductEncoder
from feed.dialects.times import iso_microseconds
from feed.model.durations import NS_PER_SECOND
from feed.model.events import QUOTE, TRADE, Event, Row, Side
from feed.state.encoder import SUMMARY, RowEncoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

BATCH_SECONDS: Final = 5


class _Tickers(ProductEncoder):
    """
    What both channels tell.

    Args:
        product: Of which.
        market_state: The market's state, now and from now on.
        projections: What is computed beside it.
    """

    rank = SUMMARY

    def __init__(self, product: Product, market_state: MarketState, projections: Projections) -> None:
        super().__init__(product, market_state)
        self._statistics: Final = TradeStatistics(projections.bars[product.index])

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """As it stands, once there was a trade."""
        del market_state, instrument
        text = self.text()
        return () if text is None else [text]

    def text(self) -> str | None:
        """The message; None before the first trade."""
        product, state = self._product, self._market_state
        last = state.trade(product.index)
        if last is None:
            return None
        price, size = product.price_text, product.size_text
        (bid, bid_size), (ask, ask_size) = (state.best(product.index, side) for side in Side)
        found = self._statistics.at(state.now)
        return (
            f'{{"type":"ticker","sequence":{self.sequence},"product_id":{self._id},'
            f'"price":"{price(last.price)}","open_24h":"{price(found.open)}",'
            f'"volume_24h":"{size(found.volume)}","low_24h":"{price(found.low)}",'
            f'"high_24h":"{price(found.high)}","volume_30d":"{size(found.volume_30_days)}",'
            f'"best_bid":"{price(bid)}","best_bid_size":"{size(bid_size)}",'
            f'"best_ask":"{price(ask)}","best_ask_size":"{size(ask_size)}",'
            f'"side":"{"sell" if last.aggressor is Side.SELL else "buy"}",'
            f'"time":"{iso_microseconds(last.ts)}","trade_id":{last.trade},'
            f'"last_size":"{size(last.size)}"}}'
        )


class TickerEncoder(_Tickers, RowEncoder):
    """After what one order took, once the best prices that follow are known."""

    kinds: Sequence[int] = (TRADE, QUOTE)

    def __init__(self, product: Product, market_state: MarketState, projections: Projections) -> None:
        super().__init__(product, market_state, projections)
        self._taking = market_state.taking(product.index)

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """A ticker, or None where there is nothing new, or more may follow."""
        del seq, proof
        taking, self._taking = self._taking, self._market_state.taking(self._product.index)
        told = taking if row[0] == QUOTE else not self._taking
        return self.text() if told else None


class TickerBatchEncoder(_Tickers):
    """At the end of every five seconds in which there was a trade."""

    period = BATCH_SECONDS * NS_PER_SECOND

    def encode(self, item: Event) -> None:
        """No message for any event."""

    def on_timer(self, seq: int, now: int) -> str | None:
        """The ticker, if there was a trade."""
        del seq
        last = self._market_state.trade(self._product.index)
        return None if last is None or last.ts < now - self.period else self.text()
