"""What an answer is made of: the market between two steps."""

from __future__ import annotations

import attrs

from feed.dialects.coinbase_exchange.policy import CoinbaseExchangePolicy
from feed.dialects.coinbase_exchange.products import Product, Products, products
from feed.dialects.rest import RestContext
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
    """

    products: Products
    state: MarketState
    projections: Projections
    policy: CoinbaseExchangePolicy

    @classmethod
    def of_request(cls, context: RestContext) -> MarketView:
        """As a request by HTTP sees it."""
        return cls(
            products=products(context.listing),
            state=context.market_state,
            projections=context.projections,
            policy=context.settings.policies.coinbase_exchange,
        )

    def status(self, product: Product) -> Status:
        """Whether a product can be traded."""
        return self.state.status(product.index)
