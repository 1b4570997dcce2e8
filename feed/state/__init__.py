"""The state of a market as a fold of its events, and what encoders are given beside it."""
