"""Binance Spot by request: below ``/binance``, at the paths of the exchange."""

from __future__ import annotations

from feed.dialects.binance.market_data import queries
from feed.dialects.binance.rest import other_apis
from feed.dialects.binance.rest.endpoints import public
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
    return (*(public(query) for query in queries(listing)), *other_apis.endpoints())
