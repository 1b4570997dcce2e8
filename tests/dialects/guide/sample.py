"""What the contract tests need to know of this dialect."""

from feed.dialects.contract import Opening

OPENING = Opening(path="/ws")
AUTHENTICATE = []
SUBSCRIBE = [
    '{"type": "subscribe", "channels": ["ticker_btcusd", "trades_btcusd", "book_eurusd"]}',
    '{"type": "subscribe", "channels": ["book3_eurusd", "candles_1m_xauusd"]}',
]
