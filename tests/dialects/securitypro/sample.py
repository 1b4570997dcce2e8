"""What the contract tests need to know of this dialect."""

from feed.dialects.contract import Opening

OPENING = Opening(path="/securitypro")
AUTHENTICATE = []
SUBSCRIBE = [
    '{"op": "subscribe", "channel": "trades", "symbol": "BTC-USD", "apiKey": "good key"}',
    '{"op": "subscribe", "channel": "ticker", "symbol": "EURUSD"}',
]
