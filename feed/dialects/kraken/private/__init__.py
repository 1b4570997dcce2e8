"""What the second WebSocket API has for the holder of a token: an account's own channels, and its orders."""
