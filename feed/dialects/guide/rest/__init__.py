"""What the guide's feed serves by request: what is covered; alerts and webhooks of a key."""

from __future__ import annotations

from feed.dialects.guide.rest import alerts, coverage, webhooks
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
    del listing, web
    return (*coverage.endpoints(), *alerts.endpoints(), *webhooks.endpoints())
