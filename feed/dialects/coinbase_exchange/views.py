"""What an answer is made of: the market between two steps."""

from __future__ import annotations

import attrs

from feed.dialects.coinbase_exchange.policy import CoinbaseExchangePolicy
from feed.dialects.coinbase_exchange.products import NAME, Product, Products, products
from feed.dialects.market_view import SpotMarketView
from feed.dialects.rest import Call, RestContext
from feed.model.events import Status


@attrs.frozen(kw_only=True, slots=False)
class MarketView(SpotMarketView[CoinbaseExchangePolicy]):
    """
    The market at one sequence number.

    Attributes:
        products: What is traded.
    """

    products: Products

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
