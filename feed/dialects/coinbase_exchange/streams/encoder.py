"""What the encoders of all channels have in common, and the heartbeat."""

from __future__ import annotations

from typing import Final

from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.sequence import sequence
from feed.dialects.messages import quoted
from feed.dialects.times import iso_microseconds
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Event
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState


class ProductEncoder(Encoder):
    """
    Of a channel of one product.

    Args:
        product: Which.
        market_state: The market's state, now and from now on.
    """

    def __init__(self, product: Product, market_state: MarketState) -> None:
        self._product: Final = product
        self._id: Final = quoted(product.id)
        self._market_state: Final = market_state

    @property
    def sequence(self) -> int:
        """Number of the last message about the product."""
        return sequence(self._market_state, self._product.index)


class HeartbeatEncoder(ProductEncoder):
    """
    Every second, with the numbers of the last message and the last trade.

    Source: "Heartbeat Channel".
    """

    heartbeat = True
    period = NS_PER_SECOND

    def encode(self, item: Event) -> None:
        """No message for any event."""

    def on_timer(self, seq: int, now: int) -> str:
        """The heartbeat."""
        del seq
        trade = self._market_state.trade(self._product.index)
        return (
            f'{{"type":"heartbeat","last_trade_id":{0 if trade is None else trade.trade},'
            f'"product_id":{self._id},"sequence":{self.sequence},"time":"{iso_microseconds(now)}"}}'
        )
