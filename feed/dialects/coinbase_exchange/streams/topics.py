"""What can be listened to: a channel of a product."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from feed.dialects.coinbase_exchange.products import NAME
from feed.model.topics import Topic

HEARTBEAT: Final = "heartbeat"
LEVEL2: Final = "level2"
LEVEL2_50: Final = "level2_50"
LEVEL2_BATCH: Final = "level2_batch"
MATCHES: Final = "matches"
STATUS: Final = "status"
TICKER: Final = "ticker"
TICKER_BATCH: Final = "ticker_batch"

CHANNELS: Final = (
    HEARTBEAT,
    LEVEL2,
    LEVEL2_50,
    LEVEL2_BATCH,
    MATCHES,
    STATUS,
    TICKER,
    TICKER_BATCH,
)
"""Those that can be subscribed to."""
WITHOUT_PRODUCTS: Final = frozenset((STATUS,))
"""Those that are of no single product."""
AUTHENTICATED: Final = frozenset((LEVEL2,))
"""Those for which a client must show who it is."""


@lru_cache(maxsize=8192)  # one object for each topic, which spares whoever compares two of them
def topic(channel: str, instrument: int = 0) -> Topic:
    """
    A topic.

    Args:
        channel: One of the exchange's.
        instrument: Index into the listing; 0 for what is of no single product.
    """
    return Topic(NAME, channel, instrument)
