"""Do several servers of one market say the same, byte for byte: ``python -m tests.benchmarks.servers``."""
