"""Rails by request: market data, access tokens for keys, and accounts."""

from __future__ import annotations

from feed.dialects.rails.rest import account, market_data, orders, token
from feed.dialects.rest import Endpoint, RestContext
from feed.model.instruments import Listing
from feed.settings import Web


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    return (
        *market_data.endpoints(listing),
        *token.endpoints(),
        *account.endpoints(listing, web.most_rows),
        *orders.endpoints(listing),
    )
