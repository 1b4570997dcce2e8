"""Clients never get the last file descriptors, and a full server still says that it is alive."""

import socket

import pytest
import structlog
import trio
from asking import ask

from feed import Limits, Settings
from feed.server import descriptors
from feed.server.listener import Listener, bind, listen


@pytest.mark.parametrize(
    ("soft", "used", "expected"),
    [(1024, 20, 876), (20_000, 20, 19_852), (100, 20, 1)],
)
def test_some_are_kept(soft, used, expected):
    """Whatever the system allows; one connection there always is."""
    assert descriptors.affordable(soft, used, Limits(descriptors_kept=128)) == expected


def test_the_limit_is_raised_as_far_as_allowed(monkeypatch):
    """To the hard limit; a system that does not grant what it names is no error."""
    told = []
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr(descriptors.resource, "setrlimit", lambda *args: told.append(args))
    descriptors.raise_limit()
    assert told == [(descriptors.resource.RLIMIT_NOFILE, (4096, 4096))]
    monkeypatch.setattr(descriptors.resource, "setrlimit", lambda *_: _raise())
    descriptors.raise_limit()


def _raise():
    raise ValueError("current limit exceeds maximum limit")


def test_fewer_connections_than_wished_for_are_told_of(monkeypatch):
    """Once, at the start."""
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _: (1024, 1024))
    monkeypatch.setattr(descriptors, "_in_use", lambda: 24)
    with structlog.testing.capture_logs() as logs:
        assert descriptors.connections(Limits()) == 1000 - Limits().descriptors_kept
        assert descriptors.connections(Limits(connections=5)) == 5
    assert [line["event"] for line in logs] == ["file descriptors bound the connections"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_a_full_server_says_that_it_is_alive(open_server, path):
    """To whoever asks for just that; everything else gets 503."""
    async with open_server(Settings(limits=Limits(connections=1))) as server:
        await server.upgraded(peer="10.0.0.1")
        assert (await ask(server.connect(), path))[0] == 200
        assert (await server.connect(peer="10.0.0.3").upgrade("/"))[0] == 503
        assert (await ask(server.connect(), "/docs"))[0] == 503


async def test_who_is_sent_away_and_stays_makes_room_for_the_next(open_server):
    """Silent ones are dropped, longest first, as soon as too many are there; nobody waits for them."""
    async with open_server(Settings(limits=Limits(connections=1, descriptors_kept=32))) as server:
        await server.upgraded(peer="10.0.0.1")
        began = trio.current_time()
        silent = [server.connect() for _ in range(20)]
        await trio.sleep(0.01)
        assert (await ask(server.connect(), "/healthz"))[0] == 200
        assert trio.current_time() - began < 0.1
        assert len(server.listener._refused) <= 8
        dropped = 0
        for client in silent:
            try:
                await client.send_bytes(b"GET")
            except trio.BrokenResourceError:
                dropped += 1
        assert dropped == 13


async def test_no_more_are_accepted_than_there_are_descriptors_for(autojump_clock):
    """The others wait in the kernel until one has gone."""

    class Router:
        def __init__(self):
            self.inside = []

        async def admit(self, transport, _):
            self.inside.append(transport)
            await trio.sleep(100)
            transport.close()

        async def refuse_for_room(self, transport, *_):
            await self.admit(transport, None)

    router = Router()
    [sock] = await bind("127.0.0.1", 0)
    listen(sock)
    limits = Limits(connections=4, connections_per_address=100, descriptors_kept=32)
    clients = [socket.create_connection(sock.getsockname()) for _ in range(30)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Listener(router, limits).run, sock, nursery)
        await trio.sleep(50)
        assert len(router.inside) == 4 + 16
        await trio.sleep(60)
        assert len(router.inside) == 30
        nursery.cancel_scope.cancel()
    for one in [*clients, *router.inside]:
        one.close()
