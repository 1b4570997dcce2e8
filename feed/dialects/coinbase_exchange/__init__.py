"""Coinbase Exchange: REST and the WebSocket feed, as the exchange's clients speak them."""
