"""What clients of bad manners cost a well-behaved one: ``python -m tests.benchmarks.abuse``."""
