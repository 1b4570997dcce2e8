"""The client of a general guide to market data, and the feed that it would like to find."""
