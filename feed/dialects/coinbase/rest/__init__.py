"""Coinbase Advanced Trade by request: below ``/coinbase``, at the paths of the exchange."""

from __future__ import annotations

from feed.dialects.coinbase.market_data import queries
from feed.dialects.coinbase.rest import elsewhere, second_version
from feed.dialects.coinbase.rest.private import private
from feed.dialects.coinbase.rest.public import public, signed
from feed.dialects.coinbase.rest.table import operations
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
    known = queries(listing)
    return (
        *(public(query) for query in known if query.path),
        *(signed(query) for query in known if query.signed),
        *(private(operation) for operation in operations(listing)),
        *elsewhere.endpoints(),
        *second_version.endpoints(listing),
    )
