"""What ``feed verify`` asks for: all streams of a market."""

from __future__ import annotations

from feed.dialects.handshake import Handshake


def handshake(symbol: str, key: str) -> Handshake:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    del key  # the handshake carries a token
    streams = "orders,trades,publicTrades,publicOrderBook"
    return Handshake(query={"market": symbol, "subscriptions": streams, "ext": "seq,crc"})
