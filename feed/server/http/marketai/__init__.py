"""
Market.ai's REST: the same figures as on its channels, by request.

Source of envelope, key, limits and groups: "Market.ai REST API Reference",
https://www.market-ai.dev/docs. Paths, parameters, and what stands in ``data`` where no channel has it,
are ours.
"""

from __future__ import annotations

from feed.model.instruments import Listing
from feed.server.http.endpoint import Endpoint
from feed.server.http.marketai import directory, happenings, prices
from feed.settings import Web


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint, ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    return (
        *directory.endpoints(web),
        *prices.endpoints(listing, web),
        *happenings.endpoints(listing, web),
    )
