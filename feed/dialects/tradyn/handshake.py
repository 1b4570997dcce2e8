"""What ``feed verify`` asks for: ticks."""

from __future__ import annotations

from feed.dialects.handshake import Handshake, requests


def handshake(symbol: str, key: str) -> Handshake:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    wanted = [{"type": "auth", "apiKey": key}, {"type": "subscribe", "symbol": symbol}]
    return Handshake(query={"ext": "seq"}, messages=requests(wanted))
