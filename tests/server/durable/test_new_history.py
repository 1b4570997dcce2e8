"""What ``--new-history`` moves away, and what it leaves alone."""

import attrs
import pytest
import structlog
from durable_servers import BEGAN, settings_of, slow
from memory_disk import MemoryDisk

from feed import Settings
from feed.durability.data_folder import DataFolder, read_manifest
from feed.errors import ConfigError
from feed.server.durable.durable_market import DurableMarket

LATER = BEGAN + 10**9


def market(disk, settings=None, *, new_history=False, wall=BEGAN):
    settings = settings_of(settings or Settings(instruments=2, seed=9), new_history=new_history)
    durable = DurableMarket(settings, disk=disk, wall=lambda: wall, offload=slow(0))
    durable.close()
    return durable


@pytest.fixture
def disk():
    made = MemoryDisk()
    market(made)
    return made


def test_a_history_that_can_go_on_goes_on(disk):
    """Whoever leaves the option where a server is started from loses no market by it."""
    with structlog.testing.capture_logs() as logs:
        durable = market(disk, new_history=True, wall=LATER)
    assert durable.settings.start == BEGAN
    assert (logs, [name for name in disk.names() if name.startswith("old")]) == ([], [])


def test_with_other_options_another_market_begins(disk):
    """And it is said why."""
    other = Settings(instruments=2, seed=10)
    with pytest.raises(ConfigError, match=r"^--seed: is 10"):
        market(disk, other)
    with structlog.testing.capture_logs() as logs:
        market(disk, other, new_history=True, wall=LATER)
    header = read_manifest(disk).header
    assert (header.seed, header.start) == (10, LATER)
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("a history that cannot go on was moved away", "warning")
    ]
    assert logs[0]["reason"].startswith("--seed: is 10")
    assert market(disk, other, new_history=True).settings.start == LATER


def test_after_another_engine_another_market_begins(disk, monkeypatch):
    """With the positions of clients of another history, which are refused by their proof."""
    monkeypatch.setattr("feed.server.durable.recovery.engine_of", lambda _: "0123")
    with pytest.raises(ConfigError, match="another version of the market"):
        market(disk)
    market(disk, new_history=True, wall=LATER)
    assert DataFolder.stored_header(disk)[1] == "0123"


@pytest.mark.parametrize("name", ["manifest", "horizon", "log-00000001.feed"])
def test_what_is_damaged_is_moved_away(disk, name):
    """Whole, for whoever wants to look at it."""
    disk.files[name][20] ^= 1
    if name == "horizon":
        disk.files[name] = bytearray(8192)
    damaged = bytes(disk.files[name])
    with pytest.raises(ConfigError, match=name):
        market(disk)
    market(disk, new_history=True, wall=LATER)
    assert read_manifest(disk).header.start == LATER
    assert bytes(disk.files[f"old-001-{name}"]) == damaged


def test_nothing_is_moved_for_a_market_that_nobody_knows(disk):
    """The options are looked at first."""
    before = {name: bytes(data) for name, data in disk.files.items()}
    unknown = attrs.evolve(Settings(), scenario="nowhere")
    with pytest.raises(ConfigError, match="nowhere"):
        market(disk, unknown, new_history=True)
    assert {name: bytes(data) for name, data in disk.files.items()} == before


def test_a_folder_of_something_else_is_no_history():
    """It is refused all the same, and left alone."""
    disk = MemoryDisk({"thesis.tex": b"x"})
    with pytest.raises(ConfigError, match="is no data folder, and not empty"):
        market(disk, new_history=True)
    assert disk.names() == ["thesis.tex"]
