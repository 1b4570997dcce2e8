"""All products and currencies, again and again. Source: "Status Channel"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from feed.dialects.coinbase_exchange.market_data.general import currency_infos, product_info
from feed.dialects.coinbase_exchange.products import Products
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Event
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState

STATUS_SECONDS: Final = 5


class StatusEncoder(Encoder):
    """
    Every five seconds.

    Args:
        known: All products.
        market_state: The market's state, now and from now on.
    """

    period = STATUS_SECONDS * NS_PER_SECOND

    def __init__(self, known: Products, market_state: MarketState) -> None:
        self._products: Final = known
        self._market_state: Final = market_state

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """As it stands."""
        del market_state, instrument
        return [self.text()]

    def encode(self, item: Event) -> None:
        """No message for any event."""

    def on_timer(self, seq: int, now: int) -> str:
        """As it stands."""
        del seq, now
        return self.text()

    def text(self) -> str:
        """The message."""
        told = {
            "type": "status",
            "currencies": currency_infos(self._products),
            "products": [
                product_info(product, self._market_state.status(product.index)) for product in self._products
            ],
        }
        return msgspec.json.encode(told).decode()
