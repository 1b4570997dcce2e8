"""Tradyn's tick server: one JSON object a message, authenticate within thirty seconds, bid and ask."""
