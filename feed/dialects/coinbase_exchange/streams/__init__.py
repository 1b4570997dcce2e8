"""The WebSocket feed: its channels, the messages that subscribe to them, and what is sent."""
