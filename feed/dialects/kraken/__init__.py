"""Kraken Spot: REST 0 and WebSocket 2, as the exchange's clients speak them."""
