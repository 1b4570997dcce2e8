"""What computes a market: this version, and the code of its agents."""

import sys
from pathlib import Path

import pytest
from durable_servers import BEGAN, settings_of, slow
from memory_disk import MemoryDisk

from feed import Settings
from feed.checkpoint.engine import engine_digest
from feed.durability.data_folder import read_manifest
from feed.errors import ConfigError
from feed.server.durable.durable_market import DurableMarket
from feed.server.durable.market_engine import is_ours

AGENT = """
from feed.agents import Agent


class Quiet(Agent):
    pass
"""
SCENARIO = """
format = 1
name = "with-an-agent"
start = 2024-03-06T16:00:00Z
duration = "1m"

[market]
base = "default"

[[market.instruments]]
symbol = "EURUSD"

[[market.agents]]
participant = "own_quiet_agent:Quiet"
"""


@pytest.fixture
def agent(tmp_path, monkeypatch):
    """The file of an agent, beside a scenario."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    Path("one.toml").write_text(SCENARIO, encoding="utf-8")
    path = Path("own_quiet_agent.py")
    path.write_text(AGENT, encoding="utf-8")
    yield path
    sys.modules.pop(path.stem, None)


def opened(disk, settings=None):
    durable = DurableMarket(settings_of(settings), disk=disk, wall=lambda: BEGAN, offload=slow(0))
    durable.close()


def test_a_folder_is_not_gone_on_with_where_an_agent_is_another(agent):
    """It would ask for other things than it did; while it is the same, the same options go on with it."""
    disk, settings = MemoryDisk(), Settings(scenario="one.toml")
    opened(disk, settings)
    opened(disk, settings)
    assert is_ours(read_manifest(disk).engine)
    agent.write_text(AGENT.replace("pass", "held = 1"), encoding="utf-8")
    with pytest.raises(ConfigError, match="is of another version of the market or of its agents"):
        opened(disk, settings)


def test_a_market_without_agents_has_the_engine_of_this_version():
    """And nothing behind it."""
    disk = MemoryDisk()
    opened(disk)
    assert read_manifest(disk).engine == engine_digest()
    assert is_ours(engine_digest())
    assert not is_ours("0123")
