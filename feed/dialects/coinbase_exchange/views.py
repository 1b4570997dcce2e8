"""What an answer is made of: the market between two steps."""

from __future__ import annotations

import attrs

from feed.dialects.coinbase_exchange.policy import CoinbaseExchangePolicy
from feed.dialects.coinbase_exchange.products import NAME, Product, Products, products
from feed.dialects.rest import Call, RestContext
from feed.model.events import Status
from feed.state.market_state import MarketState
from feed.state.projections import Projections


@attrs.frozen(kw_only=True)
class MarketView:
    """
    The market at one sequence number.

    Attributes:
        products: What is traded.
        state: Books, quotes, last trades.
        projections: What is computed beside it.
        policy: What the operator decides.
        clock_skew: How far the clock by which it tells the time is ahead on purpose, nanoseconds.
    """

    products: Products
    state: MarketState
    projections: Projections
    policy: CoinbaseExchangePolicy
    clock_skew: int = 0

    @classmethod
    def of_request(cls, context: RestContext, call: Call) -> MarketView:
        """As a request by HTTP sees it."""
        return cls(
            products=products(context.listing),
            state=context.market_state,
            projections=context.projections,
            policy=context.settings.policies.coinbase_exchange,
            clock_skew=context.disruption(NAME, call).clock_skew,
        )

    def status(self, product: Product) -> Status:
        """Whether a product can be traded."""
        return self.state.status(product.index)
