"""What ``feed verify`` asks for: quotes, books, trades and klines."""

from __future__ import annotations

from feed.dialects.greeting import Greeting, requests


def greeting(symbol: str, key: str) -> Greeting:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    kinds = ("quotes", "book", "trades", "klines")
    wanted = [{"type": kind, "symbols": [symbol]} for kind in kinds]
    return Greeting(
        query={"ext": "seq"},
        messages=requests([{"action": "auth", "key": key}, {"action": "subscribe", "channels": wanted}]),
    )
