"""A server on a data folder: what a crash and a restart leave of its market."""

import errno
from pathlib import Path

import attrs
import pytest
import trio
from durable_servers import (
    BEGAN,
    SECOND,
    durable_server,
    place,
    settings_of,
    slow,
    stream,
    undisturbed,
)
from memory_disk import MemoryDisk

from feed import Settings
from feed.durability.data_folder import checkpoint_seqs
from feed.errors import ConfigError
from feed.model.events import ORDER, event
from feed.model.trading import packed
from feed.recording.reader import RecordedBlocks
from feed.server.durable.durable_market import DurableMarket
from feed.settings import Recording
from feed.stream.fanout import Fanout


@pytest.mark.parametrize("stopped", [True, False])
async def test_the_market_goes_on_where_it_was(autojump_clock, stopped):
    """After a stop or a crash, with the same events under the same numbers, up to the clock and beyond."""
    disk, settings = MemoryDisk(), settings_of()
    async with durable_server(disk, settings, stopped=stopped) as server:
        await trio.sleep(2)
        before = stream(server)
    await trio.sleep(3)
    async with durable_server(disk, settings) as server:
        assert server.market_time >= BEGAN + 4.9 * SECOND
        await trio.sleep(1)
        after = stream(server)
    assert after[: len(before)] == before
    assert after == undisturbed(settings, len(after))


async def test_skipping_goes_on_from_where_it_was_seen(autojump_clock):
    """A stopped market stands where it stood; one that crashed, as far as its clients may have seen it."""
    disk, settings = MemoryDisk(), settings_of(downtime="skip", horizon_seconds=0.5)
    async with durable_server(disk, settings) as server:
        await trio.sleep(1)
        stood = server.market_time
    await trio.sleep(100)
    async with durable_server(disk, settings, stopped=False) as server:
        assert server.market_time == stood
        await trio.sleep(1)
        horizon = server.durable.commits.horizon
    await trio.sleep(100)
    async with durable_server(disk, settings) as server:
        assert server.market_time == horizon
        assert horizon <= BEGAN + 2.6 * SECOND


async def test_an_order_that_was_answered_has_acted_once(autojump_clock):
    """And stands in the market at the same place after a crash."""
    disk = MemoryDisk()
    async with durable_server(disk, stopped=False, offload=slow(0.01)) as server:
        told = []
        for number in range(1, 20):
            place(server, number, told)
            await trio.sleep(0.03)
        await trio.sleep(0.1)
        before = stream(server)
    assert [number for _, number in told] == list(range(1, 20))
    async with durable_server(disk) as server:
        assert stream(server)[: len(before)] == before


async def test_an_order_that_nobody_was_told_of_acts_or_does_not(autojump_clock):
    """Never later than the next one: what was written acts before anything new."""
    disk = MemoryDisk()
    told = []

    async def answers_late(job):
        done = job()
        await trio.sleep(0.05)
        return done

    async with durable_server(disk, stopped=False, offload=answers_late) as server:
        await trio.sleep(0.5)
        place(server, 1, told)
        await trio.sleep(0.03)  # it is written, and the market waits at its place
        assert told == []
    # A clock that was set back: nothing but the log says how far the market must be computed.
    async with durable_server(disk, settings_of(downtime="skip")) as server:
        place(server, 2, told)
        await trio.sleep(0.2)
        rows = stream(server)
    assert [number for _, number in told] == [2]
    asked = list(dict.fromkeys(event(1, row, 0).request for row in rows if row[0] == ORDER))
    assert asked == [packed("order 1"), packed("order 2")]
    async with durable_server(disk, settings_of(downtime="skip")) as server:
        assert stream(server)[: len(rows)] == rows


async def test_a_pause_and_a_speed_outlive_a_restart(autojump_clock):
    """Market time stands still where it stood, and runs on as fast as it was told to."""
    disk = MemoryDisk()
    async with durable_server(disk) as server:
        await trio.sleep(1)
        server.runner.control.set_speed(10.0)
        await trio.sleep(1)
        server.runner.control.pause()
        await trio.sleep(1)
        stood = server.market_time
    await trio.sleep(50)
    async with durable_server(disk) as server:
        await trio.sleep(1)
        assert server.market_time == stood
        status = server.runner.control.status()
        assert (status.state.value, status.speed) == ("paused", 10.0)
        server.runner.control.resume()
        await trio.sleep(1)
    await trio.sleep(1)
    async with durable_server(disk) as server:
        assert server.market_time - stood == pytest.approx(20 * SECOND, abs=SECOND)


async def test_a_full_disk_costs_orders_and_not_the_market(autojump_clock):
    """They are refused, it goes on; and they act again as soon as there is room."""
    disk = MemoryDisk()
    async with durable_server(disk) as server:
        await trio.sleep(1)
        disk.fails["append"] = errno.ENOSPC
        told = place(server, 1)
        await trio.sleep(5)
        assert told == [("refused", 1)]
        assert server.context.fanout.hub.market_state.now > BEGAN + 5.9 * SECOND
        assert "No space left" in server.durable.problems()[0]
        del disk.fails["append"]
        told = place(server, 2)
        await trio.sleep(1)
        assert [number for _, number in told] == [2]
        assert server.durable.problems() == []


async def test_after_a_failed_sync_the_order_acts_once_it_is_written_again(autojump_clock):
    """The market waits at its place meanwhile, since nobody knows what the disk has."""
    disk = MemoryDisk()
    async with durable_server(disk, stopped=False) as server:
        await trio.sleep(1)
        disk.fails |= {"sync": errno.EIO, "replace": errno.EIO}
        told = place(server, 1)
        await trio.sleep(5)
        assert told == []
        assert server.market_time < BEGAN + 1.5 * SECOND
        disk.fails.clear()
        await trio.sleep(3)
        assert [number for _, number in told] == [1]
        before = stream(server)
    async with durable_server(disk) as server:
        assert stream(server)[: len(before)] == before


async def test_a_checkpoint_shortens_the_way_back(autojump_clock):
    """The market begins there, with the numbers and the history that it had."""
    disk, settings = MemoryDisk(), settings_of(checkpoint_seconds=2.0)
    async with durable_server(disk, settings, stopped=False) as server:
        place(server, 1)
        await trio.sleep(7)
        before = stream(server)
    durable = DurableMarket(settings, disk=disk, wall=lambda: BEGAN, offload=slow(0))
    assert durable.seq > 100
    durable.close()
    async with durable_server(disk, settings) as server:
        assert stream(server)[: len(before)] == before
        await trio.sleep(5)


async def test_checkpoints_are_made_among_orders(autojump_clock):
    """However many there are, and with some of them always on their way to the disk."""
    disk, settings = MemoryDisk(), settings_of(Settings(instruments=1), checkpoint_seconds=0.9)
    async with durable_server(disk, settings, offload=slow(0.004), stopped=False) as server:
        for number in range(1, 250):
            place(server, number)
            await trio.sleep(0.01)
        before = stream(server)
        assert server.durable.problems() == []
    newest, *_ = checkpoint_seqs(disk.names())
    async with durable_server(disk, settings, stopped=False) as server:
        assert server.durable.seq == newest
        assert stream(server)[: len(before)] == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seed": 7}, "--seed: is 7, and data was written with 1"),
        ({"instruments": 4}, "--instruments: is 4, and data was written with 3"),
        ({"scenario": "burst", "instruments": None}, "--scenario: is burst, and data has the default market"),
        ({"until": "9s"}, "--until: does not go with --data"),
        ({"at_end": "loop"}, "--at-end loop: does not go with --data"),
        ({"journal": Path("j")}, "--journal: does not go with --data"),
    ],
)
async def test_another_market_is_refused(autojump_clock, change, says):
    """In one line that says which option."""
    disk = MemoryDisk()
    async with durable_server(disk):
        pass
    with pytest.raises(ConfigError, match=f"^{says}"):
        DurableMarket(attrs.evolve(settings_of(), **change), disk=disk, wall=lambda: BEGAN, offload=slow(0))


async def test_what_a_folder_says_of_its_market_need_not_be_said_again(autojump_clock):
    """Seed, start, number of instruments and accounts are those of the folder."""
    disk = MemoryDisk()
    async with durable_server(disk, settings_of(Settings(instruments=2, seed=9))):
        pass
    durable = DurableMarket(settings_of(Settings()), disk=disk, wall=lambda: BEGAN + SECOND, offload=slow(0))
    settings = durable.settings
    assert (settings.seed, settings.start, settings.instruments) == (9, BEGAN, 2)
    durable.close()


async def test_what_was_computed_for_long_is_kept_meanwhile(autojump_clock, monkeypatch):
    """Who is stopped in the middle of catching up does not begin again where it began before."""
    disk, settings = MemoryDisk(), settings_of(checkpoint_seconds=1.0)
    async with durable_server(disk, settings, stopped=False):
        await trio.sleep(0.5)
    await trio.sleep(60)
    whole = Fanout.step

    async def slowly(self, rows, links=None, *, made=None):
        await trio.sleep(9)
        await whole(self, rows, links, made=made)

    monkeypatch.setattr(Fanout, "step", slowly)
    with trio.move_on_after(30):
        async with durable_server(disk, settings, stopped=False):
            raise AssertionError("it has caught up already")
    [newest, *_] = checkpoint_seqs(disk.names())
    monkeypatch.undo()
    async with durable_server(disk, settings) as server:
        assert server.durable.seq == newest
        rows = stream(server)
    assert rows == undisturbed(settings, len(rows))


async def test_a_recording_begun_after_a_restart_begins_with_the_books(autojump_clock, tmp_path):
    """And goes on with what is published from then on, as it is published."""
    disk, path = MemoryDisk(), tmp_path / "x.feed.zst"
    async with durable_server(disk, settings_of(checkpoint_seconds=1.0)):
        await trio.sleep(5)
    settings = settings_of(Settings(instruments=3, record=path, recording=Recording(stall_seconds=1e6)))
    async with durable_server(disk, settings) as server:
        assert server.durable.opened
        before = server.context.fanout.hub.seq
        books = server.runner.control.snapshot()
        await trio.sleep(2)
        rows = stream(server, before)
    recorded = [row for block in RecordedBlocks(path)() for row in block]
    assert recorded[: len(books) + len(rows)] == books + rows
