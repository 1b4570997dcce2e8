"""The WebSocket of Coinbase Advanced Trade."""
