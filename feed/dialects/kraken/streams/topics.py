"""What can be listened to: a channel of a pair, with what the exchange lets a client choose of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from feed.dialects.kraken.names import NAME
from feed.model.topics import Topic

HEARTBEAT: Final = "heartbeat"
TICKER: Final = "ticker"
TRADE: Final = "trade"
BOOK: Final = "book"
LEVEL3: Final = "level3"
OHLC: Final = "ohlc"
INSTRUMENT: Final = "instrument"

CHANNELS: Final = (TICKER, TRADE, BOOK, LEVEL3, OHLC, INSTRUMENT)
"""Those that can be subscribed to."""
DEPTHS: Final = (10, 25, 100, 500, 1000)
"""Levels of a side that a book may have."""
LEVEL3_DEPTHS: Final = (10, 100, 1000)
"""Levels of a side whose orders may be told of."""
TRIGGERS: Final = ("trades", "bbo")
"""What a ticker is told after: trades, or changes of the best prices."""

DEPTH: Final = "depth"
TRIGGER: Final = "event_trigger"
INTERVAL: Final = "interval"
WITHOUT_SNAPSHOT: Final = ("snapshot", "false")


@lru_cache(maxsize=8192)  # one object for each topic, which spares whoever compares two of them
def topic(
    channel: str, instrument: int = 0, option: tuple[str, str] | None = None, *, bare: bool = False
) -> Topic:
    """
    A topic.

    Args:
        channel: One of the exchange's.
        instrument: Index into the listing; 0 for what is of none.
        option: What was chosen of it.
        bare: Whether it begins without a snapshot.
    """
    options = (*((option,) if option else ()), *((WITHOUT_SNAPSHOT,) if bare else ()))
    return Topic(NAME, channel, instrument, options)
