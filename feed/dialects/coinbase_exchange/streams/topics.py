"""What can be listened to: a channel of a product."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from feed.dialects.coinbase_exchange.products import NAME
from feed.model.topics import Topic

AUCTION: Final = "auctionfeed"
FULL: Final = "full"
HEARTBEAT: Final = "heartbeat"
LEVEL2: Final = "level2"
LEVEL2_50: Final = "level2_50"
LEVEL2_BATCH: Final = "level2_batch"
MATCHES: Final = "matches"
STATUS: Final = "status"
TICKER: Final = "ticker"
TICKER_BATCH: Final = "ticker_batch"
USER: Final = "user"

CHANNELS: Final = (
    AUCTION,
    FULL,
    HEARTBEAT,
    LEVEL2,
    LEVEL2_50,
    LEVEL2_BATCH,
    MATCHES,
    STATUS,
    TICKER,
    TICKER_BATCH,
    USER,
)
"""Those that can be subscribed to."""
WITHOUT_PRODUCTS: Final = frozenset((STATUS,))
"""Those that are of no single product."""
AUTHENTICATED: Final = frozenset((FULL, LEVEL2, USER))
"""Those for which a client must show who it is."""


PART: Final = "part"
ACCOUNT: Final = "account"
# One event may be told by several messages: of each part there is at most one, in this order.
COMES: Final = "1-comes"
CHANGES: Final = "2-changes"
ENDS: Final = "3-ends"
_PARTS: Final = {FULL: (COMES, CHANGES, ENDS), USER: (CHANGES, ENDS)}


@lru_cache(maxsize=8192)  # one object for each topic, which spares whoever compares two of them
def topic(channel: str, instrument: int = 0, *options: tuple[str, str]) -> Topic:
    """
    A topic.

    Args:
        channel: One of the exchange's.
        instrument: Index into the listing; 0 for what is of no single product.
        options: Which part of the channel, and of whom.
    """
    return Topic(NAME, channel, instrument, options)


def topics_of(channel: str, instrument: int, account: int) -> tuple[Topic, ...]:
    """
    All of a channel.

    Args:
        channel: One of the exchange's.
        instrument: See :func:`topic`.
        account: Whose, of a channel that tells of one account.
    """
    parts = _PARTS.get(channel)
    if parts is None:
        return (topic(channel, instrument),)
    whose = ((ACCOUNT, str(account)),) if channel == USER else ()
    return tuple(topic(channel, instrument, *whose, (PART, part)) for part in parts)
