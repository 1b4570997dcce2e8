"""Is nothing lost, and nothing done twice, when the server is killed: ``python -m tests.benchmarks.kill``."""
