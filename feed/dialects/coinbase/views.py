"""What an answer is made of: the market between two steps."""

from __future__ import annotations

from typing import Final

import attrs

from feed.dialects.clocks import Clocks
from feed.dialects.coinbase.errors import unknown_product
from feed.dialects.coinbase.policy import CoinbasePolicy
from feed.dialects.coinbase.products import NAME, Product, Products, products
from feed.dialects.contract import SessionContext
from feed.dialects.market_view import SpotMarketView, session_projections
from feed.dialects.rest import Call, RestContext
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side

_AGREES: Final = 60 * NS_PER_SECOND
"""What two clocks that agree may differ by."""
RESTED: Final = {Side.BUY: "SELL", Side.SELL: "BUY"}
"""The side of a trade as the exchange tells it, of the order that rested, by that of the one that took."""


@attrs.frozen(kw_only=True, slots=False)
class MarketView(SpotMarketView[CoinbasePolicy]):
    """
    The market at one sequence number.

    Attributes:
        products: What is traded.
        clocks: The times that clients may go by.
    """

    products: Products
    clocks: Clocks

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
        return cls(
            products=products(context.listing),
            state=context.market_state(),
            projections=session_projections(context),
            policy=context.policies.coinbase,
            clocks=context.clocks,
            clock_skew=context.disruption().clock_skew,
        )

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
        """Whether orders for a product are accepted now, be it that they wait for an auction."""
        return self.state.status(product.index).takes_orders

    def best(self, product: Product, side: Side) -> tuple[int, int]:
        """Best price of a side in ticks and the lots there; zeros where there is nothing."""
        return self.state.best(product.index, side)

    def last_price(self, product: Product) -> int:
        """Of the last trade, ticks; 0 before the first."""
        last = self.projections.bars[product.index].last
        return 0 if last is None else last.close
