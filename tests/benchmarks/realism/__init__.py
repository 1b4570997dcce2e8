"""Does it look like a market, and does it answer like one: ``python -m tests.benchmarks.realism``."""
