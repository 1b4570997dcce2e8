"""What a server computes after a start, and the checkpoints that it makes of it."""

import errno

import pytest
import structlog
import trio
from durable_servers import (
    BEGAN,
    SECOND,
    at_once,
    checkpoints,
    durable_server,
    place,
    settings_of,
    stream,
    undisturbed,
)
from memory_disk import MemoryDisk
from service_requests import ALERTS, WEBHOOKS, Receiver, request

from feed import Settings
from feed.checkpoint.container import read_checkpoint
from feed.checkpoint.object_graph import dump
from feed.durability.data_folder import checkpoint_name, checkpoint_seqs, history_spans, read_records
from feed.model.events import TRADE
from feed.server.durable.published import Published
from feed.server.durable.service_state import ServiceState
from feed.stream.fanout import Fanout

SYMBOL, MARKET = "BTC-USD", Settings(instruments=5)  # whose fifth it is
EVERY = 3.0  # seconds of the market between two checkpoints


async def starts(disk, settings, count, *, apart):
    """The market seconds that each of some servers computes, which are killed as soon as they are ready."""
    computed = []
    for _ in range(count):
        await trio.sleep(apart)
        with structlog.testing.capture_logs() as logs:
            async with durable_server(disk, settings, stopped=False):
                pass
        computed += [line["computed_seconds"] for line in logs if "computed_seconds" in line]
    return computed


async def test_a_server_killed_again_and_again_never_has_more_to_compute(autojump_clock):
    """Nor keeps more files, or tells those who resume anything else than the market that never stopped."""
    disk, settings = MemoryDisk(), settings_of(checkpoint_seconds=EVERY, checkpoints=2)
    async with durable_server(disk, settings, stopped=False) as server:
        place(server, 1)
        await trio.sleep(0.5)
        before = stream(server)
    computed = await starts(disk, settings, 12, apart=1.25)
    assert len(computed) == 12
    assert max(computed) < EVERY + 1.25 + 0.1
    assert len(checkpoint_seqs(disk.names())) == 2
    async with durable_server(disk, settings) as server:
        after = stream(server)
    assert after[: len(before)] == before
    assert server.market_time >= BEGAN + 15 * SECOND


async def test_a_start_that_has_little_to_compute_makes_no_checkpoint(autojump_clock):
    """That is left to the process beside, which takes no time from the server."""
    disk, settings = MemoryDisk(), settings_of(checkpoint_seconds=EVERY)
    async with durable_server(disk, settings, stopped=False):
        pass
    await starts(disk, settings, 1, apart=EVERY - 0.3)
    assert checkpoint_seqs(disk.names()) == []
    await starts(disk, settings, 1, apart=0.4)
    assert len(checkpoint_seqs(disk.names())) == 1


async def test_the_servers_checkpoint_is_that_of_the_process_beside(autojump_clock):
    """The market, what is told of it, alerts and webhooks with what waits for them, to the last byte."""
    disk, settings = MemoryDisk(), settings_of(MARKET, checkpoint_seconds=60.0)
    async with durable_server(disk, settings, stopped=False) as server:
        server.context.webhooks._client = Receiver()
        place(server, 1)
        await request(server, "POST", WEBHOOKS, body={"url": "https://example.com/a", "channels": ["alerts"]})
        for threshold in ("0.001", "50", "1000000"):
            body = {"condition": "volume", "symbol": SYMBOL, "threshold": threshold, "window": 60}
            await request(server, "POST", ALERTS, body=body)
        await trio.sleep(0.2)
    await trio.sleep(300)
    async with durable_server(disk, settings, stopped=False) as server:
        assert server.durable.commits._queue == []  # what waited for webhooks stands in the log
        rows = stream(server)
        history = server.context.fanout.hub.history
    assert any(row[0] == TRADE and row[1] == 4 for row in rows)
    [seq] = checkpoint_seqs(disk.names())
    assert history_spans(disk.names()) == [(0, seq)]
    name = checkpoint_name(seq)
    theirs = disk.files[name]
    disk.remove(name)
    [proof] = history.after(seq - 1)[1][:1]
    header, roots = read_checkpoint(theirs, engine=server.durable._recovered.folder.engine)
    report = Published(market_time=rows[seq - 1][2], seq=seq, proof=proof, record=header.record)
    async with checkpoints(disk, settings) as beside:
        progress = await beside.follow(report)
    assert progress.checkpoint == seq
    again, computed_along = read_checkpoint(disk.files[name], engine=header.engine)
    later = header.market_time + SECOND  # the server's stands where it has come to, theirs at its last event
    assert roots["run"].advance(later) == computed_along["run"].advance(later)
    assert dump(roots) == dump(computed_along)
    assert (again.seq, again.proof, again.record) == (header.seq, header.proof, header.record)
    services = roots["services"]
    assert (len(services.webhooks), len(services.alerts)) == (1, 3)


@pytest.mark.parametrize("fails", ["", "append", "replace"])
async def test_what_waits_for_webhooks_is_kept_with_the_market(autojump_clock, fails):
    """
    Every alert is sent once, though the server is killed as soon as it has computed what sets it off.

    Where the disk takes no checkpoint, the server starts without, and says so.
    """
    disk, settings = MemoryDisk(), settings_of(MARKET, checkpoint_seconds=EVERY)
    receiver = Receiver()
    async with durable_server(disk, settings, stopped=False) as server:
        server.context.webhooks._client = receiver
        await request(server, "POST", WEBHOOKS, body={"url": "https://example.com/a", "channels": ["alerts"]})
        for threshold in ("0.001", "0.1", "0.5", "1"):
            body = {"condition": "volume", "symbol": SYMBOL, "threshold": threshold, "window": 60}
            await request(server, "POST", ALERTS, body=body)
        await trio.sleep(0.1)
    await trio.sleep(60)

    broken = {fails: errno.ENOSPC}

    async def failing(job):
        disk.fails = broken
        return await at_once(job)

    with structlog.testing.capture_logs() as logs:
        async with durable_server(disk, settings, stopped=False, offload=failing):
            broken.clear()
    told = [line["reason"] for line in logs if "no checkpoint is made" in line["event"]]
    assert len(told) == (1 if fails else 0)
    assert len(checkpoint_seqs(disk.names())) == (0 if fails else 1)
    async with durable_server(disk, settings, stopped=False) as server:
        server.context.webhooks._client = receiver
        server.runner.control.pause()
        while (await request(server, "GET", WEBHOOKS))[0]["waiting"]:  # noqa: ASYNC110
            await trio.sleep(1)
        rows = stream(server)
    assert rows == undisturbed(settings, len(rows))
    state = ServiceState()
    for _, entry in read_records(disk, 0):
        state.apply(entry)
    state.published(0, rows)
    fired = [seq for seq in range(1, len(rows) + 1) if state.alerts.fired("demo", 4, seq)]
    assert len(fired) > 1
    assert [message["seq"] for _, message in receiver.taken] == fired


async def test_long_computing_is_kept_though_little_time_has_passed(autojump_clock, monkeypatch):
    """On a machine that is busy, seconds of the market take as many: they are not computed again."""
    disk, settings = MemoryDisk(), settings_of(checkpoint_seconds=60.0)
    async with durable_server(disk, settings, stopped=False):
        pass
    whole = Fanout.step

    async def slowly(self, rows, links=None, *, made=None):
        await trio.sleep(1.1)
        await whole(self, rows, links, made=made)

    monkeypatch.setattr(Fanout, "step", slowly)
    [computed] = await starts(disk, settings, 1, apart=0.5)
    assert computed < 60
    assert len(checkpoint_seqs(disk.names())) == 1


async def test_what_was_asked_of_a_market_that_stood_still_is_there_after_a_checkpoint_of_it(autojump_clock):
    """A checkpoint of that moment has some of the requests that act in it: the others are computed again."""
    disk, settings = MemoryDisk(), settings_of(checkpoint_seconds=60.0)
    async with durable_server(disk, settings) as server:
        await trio.sleep(0.5)
        server.runner.control.pause()
        place(server, 1)
        await trio.sleep(0.5)
        report = server.durable.commits.published
        place(server, 2)
        await trio.sleep(0.5)
        stood, rows = server.market_time, stream(server)
    assert rows[report.seq :]
    assert {row[2] for row in rows[report.seq - 1 :]} == {stood}
    async with checkpoints(disk, settings_of(checkpoint_seconds=0.1)) as beside:
        assert (await beside.follow(report)).checkpoint == report.seq
    async with durable_server(disk, settings) as server:
        assert server.durable.seq == report.seq
        assert stream(server) == rows
