"""Market.ai: what a market looks like over all its venues, and what is worth knowing about it."""
