"""What the contract tests need to know of this dialect."""

from feed.dialects.contract import UpgradeRequest

OPENING = UpgradeRequest(path="/tradyn")
AUTHENTICATE = ['{"type": "auth", "apiKey": "good key"}']
SUBSCRIBE = ['{"type": "subscribe", "symbols": ["XAUUSD", "EURUSD", "BTC-USD"]}']
