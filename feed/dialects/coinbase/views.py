"""What an answer is made of: the market between two steps."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import attrs

from feed.dialects.clocks import Clocks
from feed.dialects.coinbase.errors import unknown_product
from feed.dialects.coinbase.policy import CoinbasePolicy
from feed.dialects.coinbase.products import NAME, Product, Products, products
from feed.dialects.contract import SessionContext
from feed.dialects.rest import Call, RestContext
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side, Status
from feed.state.market_state import MarketState
from feed.state.projections import Projections

_AGREES: Final = 60 * NS_PER_SECOND
"""What two clocks that agree may differ by."""
RESTED: Final = {Side.BUY: "SELL", Side.SELL: "BUY"}
"""The side of a trade as the exchange tells it, of the order that rested, by that of the one that took."""


@attrs.frozen(kw_only=True, slots=False)
class MarketView:
    """
    The market at one sequence number.

    Attributes:
        products: What is traded.
        state: Books, quotes, last trades.
        projections: What is computed beside it.
        policy: What the operator decides.
        clocks: The times that clients may go by.
        clock_skew: How far the clock by which it tells the time is ahead on purpose, nanoseconds.
    """

    products: Products
    state: MarketState
    projections: Projections
    policy: CoinbasePolicy
    clocks: Clocks
    clock_skew: int = 0

    @classmethod
    def of_request(cls, context: RestContext, call: Call) -> MarketView:
        """As a request by HTTP sees it."""
        return cls(
            products=products(context.listing),
            state=context.market_state,
            projections=context.projections,
            policy=context.settings.policies.coinbase,
            clocks=context.clocks,
            clock_skew=context.disruption(NAME, call).clock_skew,
        )

    @classmethod
    def of_session(cls, context: SessionContext) -> MarketView:
        """As a session sees it."""
        if context.projections is None:
            raise ValueError("a session of this protocol needs projections")
        return cls(
            products=products(context.listing),
            state=context.market_state(),
            projections=context.projections,
            policy=context.policies.coinbase,
            clocks=context.clocks,
            clock_skew=context.disruption().clock_skew,
        )

    @cached_property
    def now(self) -> int:
        """Market time, nanoseconds since the Unix epoch."""
        return self.state.now

    @property
    def server_time(self) -> int:
        """By which clients set their clocks: market time, nanoseconds, or what a fault makes of it."""
        return self.state.now + self.clock_skew

    def behind(self, at: int) -> int:
        """
        By how much the market's clock is behind that by which a client has named a time, nanoseconds.

        It is 0 where that is the market's own, or the two agree: clients name times of their clock, and go by
        the market's where they have read it.

        Args:
            at: The time that was named, nanoseconds since the Unix epoch.
        """
        (wall, _), *_ = self.clocks.good()
        if abs(wall - self.now) <= _AGREES or abs(at - self.now) <= abs(at - wall):
            return 0
        return wall - self.now

    def product(self, product_id: str) -> Product:
        """
        The product of an id.

        Raises:
            CoinbaseError: There is none.
        """
        found = self.products.named(product_id)
        if found is None:
            raise unknown_product(product_id)
        return found

    def trades(self, product: Product) -> bool:
        """Whether a product can be traded now."""
        return self.state.status(product.index) is Status.TRADING

    def best(self, product: Product, side: Side) -> tuple[int, int]:
        """Best price of a side in ticks and the lots there; zeros where there is nothing."""
        return self.state.best(product.index, side)

    def last_price(self, product: Product) -> int:
        """Of the last trade, ticks; 0 before the first."""
        last = self.projections.bars[product.index].last
        return 0 if last is None else last.close
