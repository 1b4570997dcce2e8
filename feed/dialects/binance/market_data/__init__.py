"""What anybody may ask of the market, by REST and by the WebSocket API."""

from __future__ import annotations

from functools import lru_cache

from feed.dialects.binance.market_data import books, general, klines, tickers, trades
from feed.dialects.binance.queries import Query
from feed.model.instruments import Listing


@lru_cache(maxsize=8)  # a server has one listing, and a session for each client
def queries(listing: Listing) -> tuple[Query, ...]:
    """
    All questions, in the order of the exchange's document.

    Args:
        listing: The instruments of the market, for the documents.
    """
    modules = (general, books, trades, klines, tickers)
    return tuple(query for module in modules for query in module.queries(listing))
