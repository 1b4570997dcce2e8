"""Binance Spot by request: below ``/binance``, at the paths of the exchange."""

from __future__ import annotations

from feed.dialects.binance.rest import general
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
    return tuple(public(query) for query in general.queries(listing))
