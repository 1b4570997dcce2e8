"""Scenarios and recordings: a market that can be written down, kept, brought in from outside and repeated."""
