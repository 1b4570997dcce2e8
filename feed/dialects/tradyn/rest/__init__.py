"""
Tradyn's REST: market data, and the account of a key.

Its document prints the base URL ``/v1`` and paths that begin with ``/api``; both are served.
"""

from __future__ import annotations

from typing import Final

import attrs

from feed.dialects.rest import Endpoint, RestContext
from feed.dialects.tradyn.rest import account, market, trade
from feed.model.instruments import Listing
from feed.settings import Web

_PREFIXES: Final = ("", "/v1")


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    table = (*market.endpoints(listing), *account.endpoints(web.most_rows), *trade.endpoints())
    return tuple(attrs.evolve(item, path=prefix + item.path) for item in table for prefix in _PREFIXES)
