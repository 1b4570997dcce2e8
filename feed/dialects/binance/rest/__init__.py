"""Binance Spot by request: below ``/binance``, at the paths of the exchange."""

from __future__ import annotations

from feed.dialects.binance.account.table import operations
from feed.dialects.binance.market_data import queries
from feed.dialects.binance.rest import listen_keys, other_apis
from feed.dialects.binance.rest.endpoints import public
from feed.dialects.binance.rest.private import private
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
    del web  # the exchange has its own
    return (
        *(public(query) for query in queries(listing)),
        *(private(operation) for operation in operations(listing)),
        *listen_keys.endpoints(),
        *other_apis.endpoints(),
    )
