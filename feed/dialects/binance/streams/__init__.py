"""Market streams: their names, the messages that subscribe to them, and what is sent."""
