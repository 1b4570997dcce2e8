"""What ``feed verify`` asks for: quotes, books, trades and klines."""

from __future__ import annotations

from feed.dialects.handshake import Handshake, requests


def handshake(symbol: str, key: str) -> Handshake:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    kinds = ("quotes", "book", "trades", "klines")
    wanted = [{"type": kind, "symbols": [symbol]} for kind in kinds]
    return Handshake(
        query={"ext": "seq"},
        messages=requests([{"action": "auth", "key": key}, {"action": "subscribe", "channels": wanted}]),
    )
