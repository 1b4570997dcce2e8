"""A worker serves what its parent has, and ends with it."""

from random import Random

import pytest
import trio
import trio.testing
from blocks import block_of, blocks_after, local_log, market_snapshot
from links import Reader
from networks import Network

from feed import Settings
from feed.cluster.messages import Beat, Report
from feed.cluster.workers import worker as module
from feed.cluster.workers.setup import WorkerSetup, settings_for
from feed.cluster.workers.worker import serve_worker
from feed.server.router import ANY_PROTOCOL


@pytest.fixture
def network(monkeypatch):
    """Where every worker of the test accepts."""
    network = Network().install(monkeypatch)
    network.host, network.port = "127.0.0.1", 8080
    monkeypatch.setattr(module, "listeners_of", lambda *_: [(ANY_PROTOCOL, network)])
    return network


SETUP = WorkerSetup(
    name="worker-1.1",
    settings=settings_for(Settings(), 1),
    doors=(),
    certificate=b"",
    admin_key="ak_live_0123456789abcdef",
)


class Parent:
    """The log of a parent, and a link from it to a worker."""

    def __init__(self, nursery):
        self.first = market_snapshot()
        self.log = local_log(first=self.first)
        self.ours, its = trio.testing.memory_stream_pair()
        nursery.start_soon(lambda: self.log.serve_link(its, worker=True))
        self.stop, self.done, self.contexts = trio.Event(), trio.Event(), []

    async def worker(self):
        await serve_worker(SETUP, self.ours, self.stop, tell=self.contexts.append, chance=Random(1))
        self.done.set()


async def test_it_serves_what_its_parent_has(autojump_clock, nursery, network):
    """It tells its name and what it does, and whether it has more than its share of the connections."""
    parent = Parent(nursery)
    nursery.start_soon(parent.worker)
    await trio.sleep(1)
    await network.join()
    for block in blocks_after(parent.first.position, 3):
        await parent.log.append(block)
    await trio.sleep(1)
    [context] = parent.contexts
    assert context.fanout.hub.seq == parent.first.position.seq + 6
    [found] = parent.log.followers()
    assert (found.name, found.behind, found.report.connections) == ("worker-1.1", 0, 1)
    assert found.report.cpu_seconds > 0
    assert not parent.done.is_set()
    nursery.cancel_scope.cancel()


async def test_it_ends_with_its_parent(autojump_clock, nursery, network):
    """Its clients are closed with 1012: they are to come again, and will find somebody."""
    parent = Parent(nursery)
    nursery.start_soon(parent.worker)
    await trio.sleep(1)
    client = await network.join()
    await parent.ours.aclose()
    assert (await client.rest())[1:] == (1012, "Service restart")
    with trio.fail_after(10):
        await parent.done.wait()


async def test_it_ends_with_its_parent_also_when_the_market_has_ended(autojump_clock, nursery, network):
    """It must not keep the ports for good; who was told that the market is over is told nothing else."""
    parent = Parent(nursery)
    nursery.start_soon(parent.worker)
    await trio.sleep(1)
    client = await network.join()
    await parent.log.append(block_of([], parent.first.position, ended=True))
    await trio.sleep(0.1)
    await parent.ours.aclose()
    assert (await client.rest())[1:] == (1001, "The market has ended")
    with trio.fail_after(30):
        await parent.done.wait()


async def test_it_is_stopped_as_every_server(autojump_clock, nursery, network):
    """With 1001."""
    parent = Parent(nursery)
    nursery.start_soon(parent.worker)
    await trio.sleep(1)
    client = await network.join()
    parent.stop.set()
    assert (await client.rest())[1] == 1001
    with trio.fail_after(10):
        await parent.done.wait()


async def test_without_a_parent_it_serves_nobody(autojump_clock, nursery, network):
    """One that ends while its worker loads."""
    parent = Parent(nursery)
    await parent.ours.aclose()
    with trio.fail_after(10):
        await parent.worker()
    assert not network.listening


async def test_a_worker_need_not_be_quick_to_say_who_it_is(autojump_clock, nursery):
    """How long it takes to load depends on the machine; its parent knows when it ends."""
    log = local_log()
    reader = Reader(nursery, log, worker=True)
    await trio.sleep(120)
    await reader.joined()
    assert len(log.followers()) == 1
    nursery.cancel_scope.cancel()


async def test_workers_are_told_how_many_connections_the_others_have(autojump_clock, nursery):
    """Not those of servers that only follow, which accept nobody here."""
    log = local_log()
    readers = [await Reader(nursery, log, worker=True).joined() for _ in range(3)]
    edge = await Reader(nursery, log).joined()
    for reader, count in zip([*readers[:2], edge], (10, 40, 1000), strict=True):
        await reader.say(Report(seq=1, listening=0, connections=count))
    await trio.sleep(1)
    await readers[2].read_all()
    beats = [one.mean_connections for one in readers[2].messages if isinstance(one, Beat)]
    assert beats[-1] == 25.0
    nursery.cancel_scope.cancel()
