"""What anybody may ask of the market by request."""

from __future__ import annotations

from functools import lru_cache

from feed.dialects.kraken.market_data import books, candles, general, tickers, trades
from feed.dialects.kraken.queries import Query
from feed.model.instruments import Listing


@lru_cache(maxsize=8)  # a server has one listing
def queries(listing: Listing) -> tuple[Query, ...]:
    """
    All questions.

    Args:
        listing: The instruments of the market, for the documents.
    """
    modules = (general, tickers, candles, books, trades)
    return tuple(query for module in modules for query in module.queries(listing))
