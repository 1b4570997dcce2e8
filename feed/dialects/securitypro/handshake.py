"""What ``feed verify`` asks for: tickers and trades."""

from __future__ import annotations

from feed.dialects.handshake import Handshake, requests


def handshake(symbol: str, key: str) -> Handshake:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    common = {"op": "subscribe", "symbol": symbol, "apiKey": key}
    wanted = [{**common, "channel": channel} for channel in ("ticker", "trades")]
    return Handshake(query={"ext": "seq"}, messages=requests(wanted))
