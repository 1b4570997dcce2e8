"""What ``feed verify`` asks for: tickers, trades and the book."""

from __future__ import annotations

from feed.dialects.handshake import Handshake, requests
from feed.model.symbols import plain


def handshake(symbol: str, key: str) -> Handshake:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    del key  # everybody may listen
    name = plain(symbol)
    channels = [f"{kind}_{name}" for kind in ("ticker", "trades", "book")]
    return Handshake(messages=requests([{"type": "subscribe", "channels": channels}]))
