"""``feed replay`` and ``feed scenario check`` of a scenario with agents."""

import re
import sys

import pytest

SCENARIO = """\
format = 1
name = "small"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "2s"

[market]
count = 1

[[market.agents]]
participant = "traders_of_a_test:Buys"
parameters = { lots = 1000 }
"""
CODE = """\
from feed.agents import Agent, Side

class Buys(Agent):
    def __init__(self, lots):
        self.lots = lots

    def on_start(self, context):
        context.submit(context.symbols[0], Side.BUY, self.lots)
        context.set_timer(10**9)

    def on_timer(self, context):
        if self.lots == 13:
            raise RuntimeError("unlucky")
"""


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """A scenario file and the code that it names, in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "traders_of_a_test.py").write_text(CODE, encoding="utf-8")
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    yield path
    sys.modules.pop("traders_of_a_test", None)


def test_what_agents_have_done_is_printed(run):
    """The same on every run, behind what happened."""
    code, out, _ = run("replay", "small.toml")
    assert code == 0
    first, second = out.splitlines()
    assert first.startswith("small: ")
    bought = re.fullmatch(
        r"small: agent Buys: 1 orders, 0 rejected, 0 open; EURUSD bought \S+ at \d\.\d{7} on average, "
        r"\d+\.\d\d bp (worse|better) than the arrival price",
        second,
    )
    assert bought is not None
    assert run("replay", "small.toml")[1] == out


def test_an_agent_that_fails_is_told_with_exit_code_1(run, small):
    """When, what and where; the market went on to its end."""
    small.write_text(SCENARIO.replace("1000", "13"), encoding="utf-8")
    code, out, err = run("replay", "small.toml")
    assert code == 1
    assert "events in 2s" in out
    assert (
        "feed: small.toml: agent Buys stopped at 1s1ms: RuntimeError: unlucky (traders_of_a_test.py:13)\n"
        in err
    )


def test_a_check_imports_the_code(run, small):
    """What is wrong is one line."""
    assert run("scenario", "check", "small.toml")[0] == 0
    small.write_text(SCENARIO.replace(":Buys", ":Buyer"), encoding="utf-8")
    code, _, err = run("scenario", "check", "small.toml")
    assert code == 2
    wrong = "traders_of_a_test has no Buyer; did you mean Buys?"
    assert err == f"feed: small.toml:11: market.agents[0].participant: {wrong}\n"


def test_a_list_imports_nothing(run, small):
    """To see what is in a folder runs no code of it."""
    code, out, _ = run("scenario", "list", str(small.parent))
    assert (code, out.split()[:2]) == (0, ["small", "2s"])
    assert "traders_of_a_test" not in sys.modules


def test_its_expectation_holds(run):
    """What a run with agents gives can be written down and compared as any other."""
    assert run("replay", "small.toml", "--update")[1].endswith("small: updated\n")
    code, out, _ = run("replay", "small.toml")
    assert (code, out.endswith("small: as expected\n")) == (0, True)
