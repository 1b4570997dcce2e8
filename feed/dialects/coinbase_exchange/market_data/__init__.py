"""What anybody may ask of the market by request."""

from __future__ import annotations

from functools import lru_cache

from feed.dialects.coinbase_exchange.market_data import books, candles, general, statistics, trades
from feed.dialects.coinbase_exchange.queries import Query
from feed.model.instruments import Listing


@lru_cache(maxsize=8)  # a server has one listing
def queries(listing: Listing) -> tuple[Query, ...]:
    """
    All questions; those of a path without parts come before one with parts that it would fit.

    Args:
        listing: The instruments of the market, for the documents.
    """
    modules = (statistics, general, books, trades, candles)
    return tuple(query for module in modules for query in module.queries(listing))
