"""What anybody may ask of the market by request."""

from __future__ import annotations

from functools import lru_cache

from feed.dialects.coinbase.market_data import books, candles, clock, listing, trades
from feed.dialects.coinbase.queries import Query
from feed.model.instruments import Listing


@lru_cache(maxsize=8)  # a server has one listing
def queries(instruments: Listing) -> tuple[Query, ...]:
    """
    All questions.

    Args:
        instruments: Those of the market, for the documents.
    """
    modules = (clock, listing, books, candles, trades)
    return tuple(query for module in modules for query in module.queries(instruments))
