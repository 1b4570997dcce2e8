"""What ``feed verify`` asks for: tickers and trades."""

from __future__ import annotations

from feed.dialects.greeting import Greeting, requests


def greeting(symbol: str, key: str) -> Greeting:
    """
    How a connection begins.

    Args:
        symbol: Of the instrument to hear of.
        key: API key.
    """
    common = {"op": "subscribe", "symbol": symbol, "apiKey": key}
    wanted = [{**common, "channel": channel} for channel in ("ticker", "trades")]
    return Greeting(query={"ext": "seq"}, messages=requests(wanted))
