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


@pytest.mark.protocols("tradyn", "binance", "kraken", "coinbase")
def test_streams_of_several_protocols_are_measured_beside_each_other(capsys):
    """A line for each, with how often it spoke; so briefly the figures themselves say nothing."""
    benchmark = import_module("tests.benchmarks.market_streams")
    benchmark.main(["--quick"])
    lines = capsys.readouterr().out.splitlines()[2:]
    names = [name for name, *_ in benchmark.STREAMS]
    assert [line[:18].rstrip() for line in lines] == names
    assert int(lines[0][18:28]) > 0
