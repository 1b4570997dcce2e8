"""
Market.ai's REST: the same figures as on its channels, by request.

Source of envelope, key, limits and groups: "Market.ai REST API Reference",
https://www.market-ai.dev/docs. Paths, parameters, and what stands in ``data`` where no channel has it,
are ours.
"""

from __future__ import annotations

from feed.dialects.marketai.rest import directory, events, prices, replay, webhooks
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
        *directory.endpoints(web),
        *prices.endpoints(listing, web),
        *events.endpoints(listing, web),
        *replay.endpoints(listing, web),
        *webhooks.endpoints(),
    )
