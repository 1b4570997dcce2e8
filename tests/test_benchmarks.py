"""The benchmarks reach into the server, and nothing else runs them from day to day."""

from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "name",
    ["abuse.server", "abuse.attacks", "abuse.__main__", "fanout.ours", "deflate", "market_streams"],
)
def test_a_benchmark_finds_what_it_needs(name):
    """Whoever moves or renames something learns of it here."""
    import_module(f"tests.benchmarks.{name}")
