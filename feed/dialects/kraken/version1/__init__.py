"""WebSocket 1, the older revision: its channels, the messages that subscribe to them, and what is sent."""
