"""What outlives the process of a server: recorded changes, checkpoints, and the way back from them."""
