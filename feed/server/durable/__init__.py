"""What keeps a market over restarts: checkpoints made beside the server, and the way back from them."""
