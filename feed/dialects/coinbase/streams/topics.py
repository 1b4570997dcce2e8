"""What can be listened to: a channel of a product."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from feed.dialects.coinbase.products import NAME
from feed.model.topics import Topic

TICKER: Final = "ticker"
TICKER_BATCH: Final = "ticker_batch"
LEVEL2: Final = "level2"
MARKET_TRADES: Final = "market_trades"
CANDLES: Final = "candles"
STATUS: Final = "status"
HEARTBEATS: Final = "heartbeats"
USER: Final = "user"
"""An account's orders, for who holds its key."""

OF_PRODUCTS: Final = (TICKER, TICKER_BATCH, LEVEL2, MARKET_TRADES, CANDLES)
"""Those that need products to be named."""
CHANNELS: Final = (*OF_PRODUCTS, STATUS, HEARTBEATS)
"""All that anybody may listen to."""


@lru_cache(maxsize=8192)  # one object for each topic, which spares whoever compares two of them
def topic(channel: str, instrument: int = 0) -> Topic:
    """
    A topic.

    Args:
        channel: One of the exchange's.
        instrument: Index into the listing; 0 for what is of none.
    """
    return Topic(NAME, channel, instrument)
