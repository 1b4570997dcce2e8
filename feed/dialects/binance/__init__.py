"""Binance Spot: REST, streams and the WebSocket API of the exchange."""
