"""The clock of the machine is set back, or jumps ahead: what a market in a data folder makes of it."""

import durable_servers
import pytest
import trio
from durable_servers import BEGAN, durable_server, settings_of
from memory_disk import MemoryDisk

SECOND = 10**9
HOUR = 3600 * SECOND


@pytest.fixture
def jump(monkeypatch):
    """Sets the clock, by so many nanoseconds from where the test began."""
    return lambda by: monkeypatch.setattr(durable_servers, "BEGAN", BEGAN + by)


@pytest.mark.parametrize("by", [-HOUR, HOUR])
async def test_a_market_that_runs_does_not_look_at_the_clock(autojump_clock, jump, by):
    """A second of it takes a second, whatever the time of day."""
    async with durable_server(MemoryDisk()) as server:
        await trio.sleep(2)
        jump(by)
        await trio.sleep(3)
        assert server.market_time == pytest.approx(BEGAN + 5 * SECOND, abs=SECOND // 2)


async def test_a_clock_that_was_set_back_takes_nothing_away(autojump_clock, jump):
    """The market goes on from where it stood, as if no time had passed, and runs on."""
    disk = MemoryDisk()
    async with durable_server(disk) as server:
        await trio.sleep(3)
        stood = server.market_time
    jump(-HOUR)
    async with durable_server(disk) as server:
        assert server.market_time == stood
        await trio.sleep(2)
        assert server.market_time == pytest.approx(stood + 2 * SECOND, abs=SECOND // 2)
    jump(10 * SECOND - HOUR)
    async with durable_server(disk) as server:  # it counts from the last start, not from before the jump
        assert server.market_time == pytest.approx(stood + 12 * SECOND, abs=SECOND)


async def test_a_clock_that_jumps_far_ahead_need_not_be_followed(autojump_clock, jump):
    """Years would be computed; who does not want to wait for them skips them."""
    disk = MemoryDisk()
    async with durable_server(disk) as server:
        await trio.sleep(1)
        stood = server.market_time
    jump(30 * 365 * 24 * HOUR)
    async with durable_server(disk, settings_of(downtime="skip")) as server:
        assert server.market_time == stood
