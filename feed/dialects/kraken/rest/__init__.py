"""Kraken Spot by request: below ``/kraken``, at the paths of the exchange."""

from __future__ import annotations

from feed.dialects.kraken.account.table import operations
from feed.dialects.kraken.market_data import queries
from feed.dialects.kraken.rest.endpoints import public
from feed.dialects.kraken.rest.private import private, token
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
        token(),
    )
