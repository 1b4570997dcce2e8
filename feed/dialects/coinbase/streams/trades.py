"""Trades. Source: "Market Trades Channel"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from feed.dialects.coinbase.products import NAME, Product
from feed.dialects.messages import message, quoted
from feed.dialects.times import iso_microseconds
from feed.model.events import TRADE, Event, Side, Trade
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState

CHANNEL: Final = "market_trades"
SNAPSHOT: Final = 50
"""Trades that a new subscriber is told of."""


def topic(index: int) -> Topic:
    """The trades of an instrument of the listing."""
    return Topic(NAME, CHANNEL, index)


def enveloped(channel: str, now: int, events: str) -> str:
    """
    A message.

    Args:
        channel: What it belongs to.
        now: Market time, nanoseconds.
        events: What it tells, objects joined by commas.
    """
    head = message(channel=channel, client_id="", timestamp=iso_microseconds(now))
    return f'{head[:-1]},"events":[{events}]}}'


class TradesEncoder(Encoder):
    """
    Each trade by itself; the side is that of the order that rested.

    Args:
        product: Whose.
    """

    kinds: Sequence[int] = (TRADE,)

    def __init__(self, product: Product) -> None:
        self._product: Final = product
        self._id: Final = quoted(product.id)

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """None of before."""
        del instrument
        return [enveloped(CHANNEL, market_state.now, '{"type":"snapshot","trades":[]}')]

    def encode(self, item: Event) -> str:
        """One trade."""
        trade = cast("Trade", item)
        side = "BUY" if trade.aggressor is Side.SELL else "SELL"
        told = (
            f'{{"trade_id":"{trade.trade}","product_id":{self._id},'
            f'"price":"{self._product.price_text(trade.price)}",'
            f'"size":"{self._product.size_text(trade.size)}","side":"{side}",'
            f'"time":"{iso_microseconds(trade.ts)}"}}'
        )
        return enveloped(CHANNEL, trade.ts, f'{{"type":"update","trades":[{told}]}}')
