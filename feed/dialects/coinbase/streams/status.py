"""
The products, and whether they are traded: all that were asked for, then each that changes.

Source: "Status Channel".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.encoder import SNAPSHOT, UPDATE, ProductEncoder, enveloped
from feed.dialects.messages import message
from feed.model.events import STATUS, Event, Status
from feed.state.market_state import MarketState

STATUSES: Final = {
    Status.TRADING: "online",
    Status.HALTED: "offline",
    Status.DELISTED: "delisted",
    Status.AUCTION: "online",
    Status.CLOSED: "offline",
}
_MESSAGES: Final = {
    Status.HALTED: "Trading is halted.",
    Status.AUCTION: "Orders are collected for an auction.",
    Status.CLOSED: "Trading is closed.",
}


class StatusEncoder(ProductEncoder):
    """Changes of one product; a new subscriber is told of all by :func:`all_of`."""

    kinds: Sequence[int] = (STATUS,)
    channel = topics.STATUS

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """Nothing: it is told of many products at once."""
        del market_state, instrument
        return ()

    def encode(self, item: Event) -> str:
        """The product."""
        return self.said(UPDATE, _products([self._product], self._market_state), item.ts)


def all_of(products: Iterable[Product], market_state: MarketState) -> str:
    """
    The message that tells of several products.

    Args:
        products: Which.
        market_state: The market's state.
    """
    told = _products(products, market_state)
    return enveloped(topics.STATUS, market_state.now, f'{{"type":"{SNAPSHOT}",{told}}}')


def _products(products: Iterable[Product], market_state: MarketState) -> str:
    told = ",".join([_product(product, market_state.status(product.index)) for product in products])
    return f'"products":[{told}]'


def _product(product: Product, status: Status) -> str:
    return message(
        product_type="SPOT",
        id=product.id,
        base_currency=product.base,
        quote_currency=product.quote,
        base_increment=product.size_step,
        quote_increment=product.price_step,
        display_name=f"{product.base}/{product.quote}",
        status=STATUSES[status],
        status_message=_MESSAGES.get(status, ""),
        min_market_funds="1",
    )
