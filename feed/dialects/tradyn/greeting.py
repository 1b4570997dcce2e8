"""What ``feed verify`` asks for: ticks."""

from __future__ import annotations

from feed.dialects.greeting import Greeting, requests


def greeting(symbol: str, key: str) -> Greeting:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    wanted = [{"type": "auth", "apiKey": key}, {"type": "subscribe", "symbol": symbol}]
    return Greeting(query={"ext": "seq"}, messages=requests(wanted))
