"""Signal detectors: one module for each source (trades, books, funding)."""
