"""Scenarios: a market that can be written down in a file, checked and repeated."""
