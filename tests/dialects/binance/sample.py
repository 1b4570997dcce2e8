"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest

OF_SYMBOL = (
    *("trade", "aggTrade", "bookTicker", "ticker", "miniTicker", "avgPrice", "ticker_1h"),
    *("depth", "depth@100ms", "depth5", "depth20@100ms"),
    *("kline_1s", "kline_1m", "kline_1M", "kline_1d@+08:00"),
)
OF_ALL = ("!ticker@arr", "!miniTicker@arr", "!ticker_4h@arr")

OPENING = UpgradeRequest(path="/ws")
AUTHENTICATE = []
SUBSCRIBE = [
    json.dumps({"method": "SUBSCRIBE", "params": [f"{symbol}@{name}" for name in OF_SYMBOL], "id": symbol})
    for symbol in ("xauusd", "btcusd")
] + [json.dumps({"method": "SUBSCRIBE", "params": OF_ALL, "id": 3})]
