"""What ``feed verify`` asks for: all streams of a market."""

from __future__ import annotations

from feed.dialects.greeting import Greeting


def greeting(symbol: str, key: str) -> Greeting:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    del key  # the handshake carries a token
    streams = "orders,trades,publicTrades,publicOrderBook"
    return Greeting(query={"market": symbol, "subscriptions": streams, "ext": "seq,crc"})
