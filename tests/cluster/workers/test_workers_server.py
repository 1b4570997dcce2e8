"""A server with workers, from its start to its end; the workers run beside it in one loop, over memory."""

from contextlib import asynccontextmanager
from random import Random

import pytest
import structlog
import trio
import trio.testing
from asking import ADMIN_KEY, ask
from networks import Network
from scripts import Script, quote

from feed import Settings
from feed.cluster import sequencer_server
from feed.cluster.sequenced_market import SequencedMarket
from feed.cluster.workers import server as module
from feed.cluster.workers import worker as worker_module
from feed.cluster.workers.server import serve_with_workers
from feed.cluster.workers.setup import WorkerSetup, settings_for
from feed.cluster.workers.worker import serve_worker
from feed.errors import ConfigError
from feed.server.router import ANY_PROTOCOL
from feed.settings import Cluster

TWO = Settings(cluster=Cluster(workers=2))


class Task:
    """Stands for the process of a worker."""

    pid = 1

    def __init__(self, nursery, setup):
        self.name = setup.name
        self.stream, its = trio.testing.memory_stream_pair()
        self._setup, self._its = setup, its
        self._stop, self._over, self._scope = trio.Event(), trio.Event(), trio.CancelScope()
        self.reason = ""
        nursery.start_soon(self._run)

    async def _run(self):
        with self._scope:
            await serve_worker(self._setup, self._its, self._stop, chance=Random(1))
        self.reason = "Killed" if self._scope.cancelled_caught else "exit code 0"
        self._over.set()
        await trio.aclose_forcefully(self._its)

    def stop(self):
        self._stop.set()

    def reload(self):
        pass

    def kill(self):
        self._scope.cancel()

    async def ended(self):
        await self._over.wait()
        return self.reason


@pytest.fixture
def network(monkeypatch):
    """Where the server listens and its workers accept."""
    network = Network().install(monkeypatch)
    monkeypatch.setattr(worker_module, "listeners_of", lambda *_: [(ANY_PROTOCOL, network)])
    monkeypatch.setattr(module, "doors_of", lambda _: ())
    monkeypatch.setattr(sequencer_server, "process_beside", lambda _: None)
    return network


class Server:
    """A server that is running, its workers, and when it was stopped and has ended."""

    def __init__(self, nursery, settings, monkeypatch):
        self.script = Script()
        self.stop, self.done = trio.Event(), trio.Event()
        self.workers, self.contexts, self.reload = [], [], []
        self._nursery, self._settings = nursery, settings
        monkeypatch.setattr(module, "process_starter", self._starter)

    def _starter(self, settings, command, doors, *, certificate, admin_key):
        assert (command, doors, certificate, admin_key) == (["worker"], (), b"", ADMIN_KEY)

        @asynccontextmanager
        async def start(place, name):
            setup = WorkerSetup(
                name=name,
                settings=settings_for(settings, place),
                doors=doors,
                certificate=certificate,
                admin_key=admin_key,
            )
            task = Task(self._nursery, setup)
            self.workers.append(task)
            try:
                yield task
            finally:
                task.kill()

        return start

    async def run(self, *, task_status):
        await serve_with_workers(
            self._settings,
            command=["worker"],
            reloads=self.reload.append,
            source=self.script,
            stop=self.stop,
            tell=self.contexts.append,
            admin_key=ADMIN_KEY,
            chance=Random(1),
            task_status=task_status,
        )
        self.done.set()


@asynccontextmanager
async def serving(monkeypatch, settings=TWO):
    async with trio.open_nursery() as nursery:
        server = Server(nursery, settings, monkeypatch)
        await nursery.start(server.run)
        await trio.sleep(1)
        yield server
        nursery.cancel_scope.cancel()


async def test_workers_serve_and_the_server_itself_accepts_nobody(autojump_clock, network, monkeypatch):
    """A client at each is told the same; there is one process more than has clients."""
    async with serving(monkeypatch) as server:
        clients = [await network.subscribed("EURUSD") for _ in range(6)]
        server.script.play(quote(0, 101, ts=1), quote(0, 102, ts=2))
        told = [(await one.text(), await one.text()) for one in clients]
        assert len(set(told)) == 1
        [parent] = server.contexts
        assert not parent.registry.connections
        assert {one.name for one in server.workers} == {"worker-1.1", "worker-2.1"}


async def test_stopped_its_workers_end_first(autojump_clock, network, monkeypatch):
    """Their clients hear 1001, and are told what happens up to then; none has a successor."""
    async with serving(monkeypatch) as server:
        clients = [await network.subscribed("EURUSD") for _ in range(4)]
        server.stop.set()
        ends = [await one.rest() for one in clients]
        assert {code for _, code, _ in ends} == {1001}
        with trio.fail_after(10):
            await server.done.wait()
        assert [one.reason for one in server.workers] == ["exit code 0"] * 2


async def test_stopped_before_a_worker_follows_it_ends(autojump_clock, network, monkeypatch):
    """And leaves none behind."""
    async with trio.open_nursery() as nursery:
        server = Server(nursery, TWO, monkeypatch)
        await nursery.start(server.run)
        server.stop.set()
        with trio.fail_after(10):
            await server.done.wait()


async def test_stopped_before_its_market_is_there_it_ends(autojump_clock, network, monkeypatch):
    """As while it computes what has happened since its data folder was left: at once, and nobody served."""

    async def compute(*_):
        await trio.sleep(3_600)

    monkeypatch.setattr(SequencedMarket, "open", compute)
    async with trio.open_nursery() as nursery:
        server = Server(nursery, TWO, monkeypatch)
        addresses = []

        async def run():
            addresses.append(await nursery.start(server.run))

        nursery.start_soon(run)
        await trio.sleep(1)
        server.stop.set()
        with trio.fail_after(10):
            await server.done.wait()
    assert addresses == [[]]
    assert server.workers == []


@pytest.mark.parametrize("at_end", ["exit", "close"])
async def test_a_market_that_is_over_is_over_at_each_worker(autojump_clock, network, monkeypatch, at_end):
    """Each does what is to be done then; the server ends after its workers, if it is to end."""
    settings = Settings(cluster=Cluster(workers=2), at_end=at_end)
    async with serving(monkeypatch, settings) as server:
        clients = [await network.subscribed("EURUSD") for _ in range(4)]
        server.script.play(quote(0, 101, ts=1))
        server.script.end()
        ends = [await one.rest() for one in clients]
        assert {(code, reason) for _, code, reason in ends} == {(1001, "The market has ended")}
        await trio.sleep(20)
        assert server.done.is_set() == (at_end == "exit")
        assert {one.reason for one in server.workers} == {"exit code 0" if at_end == "exit" else ""}


async def test_one_that_dies_has_a_successor_with_the_market_as_it_stands(
    autojump_clock, network, monkeypatch
):
    """Those who come afterwards are told by whoever takes them."""
    async with serving(monkeypatch) as server:
        server.script.play(quote(0, 101, ts=1))
        with structlog.testing.capture_logs() as logged:
            [first] = [one for one in server.workers if one.name == "worker-1.1"]
            first.kill()
            await trio.sleep(5)
        assert [one["reason"] for one in logged if one["log_level"] == "warning"] == ["Killed"]
        assert {one.name for one in server.workers} == {"worker-1.1", "worker-2.1", "worker-1.2"}
        clients = [await network.subscribed("EURUSD") for _ in range(6)]
        server.script.play(quote(0, 102, ts=2))
        assert len({await one.text() for one in clients}) == 1


async def test_figures_of_each_worker_are_those_of_the_server(autojump_clock, network, monkeypatch):
    """Whichever is asked: one port cannot say whose they are."""
    async with serving(monkeypatch) as server:
        await network.subscribed("EURUSD")
        await trio.sleep(1)
        del server
        for _ in range(4):
            status, _, body = await ask(network.connect(), "/metrics")
            assert status == 200
            found = [line.split() for line in body.decode().splitlines()]
            open_at = [value for name, value, *_ in found if name.startswith("feed_edge_connections{")]
            assert sorted(open_at) == ["0.0", "1.0"]


async def test_what_waits_for_its_own_clients_alone_does_not_go_with_workers():
    """In one line, before anything is begun."""
    settings = Settings(cluster=Cluster(workers=2), lockstep=True)
    with pytest.raises(ConfigError, match="--workers does not go with --lockstep; leave one of them out"):
        await serve_with_workers(settings, command=[], reloads=print)
