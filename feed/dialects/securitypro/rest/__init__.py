"""SecurityPro by request: snapshots of the market, and the same requests for Postman."""

from __future__ import annotations

from feed.dialects.rest import Endpoint, RestContext
from feed.dialects.securitypro.rest import market, postman
from feed.model.instruments import Listing
from feed.settings import Web


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    return (*market.endpoints(listing, web), *postman.endpoints())
