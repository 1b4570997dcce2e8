"""A folder of files that a server opens, and gives back."""

import errno
import os

import attrs
import pytest
from memory_disk import MemoryDisk

from feed import Settings
from feed.errors import ConfigError
from feed.server.durable.durable_market import DurableMarket
from feed.server.durable.recovery import recover
from feed.settings import Durability


@pytest.fixture
def settings(tmp_path):
    """Of a server with a folder that is not there yet."""
    return Settings(instruments=2, durability=Durability(directory=tmp_path / "data"))


def test_a_folder_that_was_closed_can_be_opened_again(settings):
    """In the same process too; until then it is in use."""
    first = DurableMarket(settings)
    with pytest.raises(ConfigError, match="another server uses it"):
        DurableMarket(settings)
    first.close()
    DurableMarket(settings).close()


def test_a_folder_that_was_refused_can_be_opened_with_other_settings(settings):
    """The refusal leaves no lock behind."""
    DurableMarket(settings).close()
    with pytest.raises(ConfigError, match=r"--seed: is 7, and .* was written with 1; leave it out"):
        DurableMarket(attrs.evolve(settings, seed=7))
    DurableMarket(settings).close()


def test_what_is_no_folder_is_refused_as_that(settings, tmp_path):
    """A file has its name."""
    (tmp_path / "data").write_text("mine")
    with pytest.raises(ConfigError, match=r"data: is no folder; name another$"):
        DurableMarket(settings)
    assert (tmp_path / "data").read_text() == "mine"


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.ENOSPC, "make room there"), (errno.EROFS, "it must be possible to write to it")],
)
def test_a_folder_that_cannot_be_written_is_refused_with_what_to_do(settings, number, told):
    """A full disk needs room, any other one needs to be writable."""
    disk = MemoryDisk()
    disk.fails["replace"] = number
    with pytest.raises(ConfigError, match=rf"^--data: cannot use .* \({os.strerror(number)}\); {told}$"):
        recover(settings, now=0, disk=disk)
