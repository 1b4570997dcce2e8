"""A whole server but for its sockets, on whatever clock the test runs."""

import time
from contextlib import asynccontextmanager

import trio
from asking import ADMIN_KEY
from clients import KEY, Client
from scripts import Script
from transports import LANE_BYTES, pipe

from feed import Settings
from feed.server.keyfile import read_entries
from feed.server.keys import KeyStore, admin_entry, demo_entries
from feed.server.listener import Listener
from feed.server.router import ANY_PROTOCOL
from feed.server.server_context import ServerContext


class RunningServer:
    """
    A house with its source running.

    Attributes:
        script: Where its events come from.
        server: The house.
    """

    def __init__(self, server, script, nursery, limits, settings=None):
        self.context = server
        self.script = script
        self.settings = settings or Settings()
        self.nursery = nursery
        self.listener = Listener(server.router, limits)

    @property
    def ended(self):
        """How many connections ended, by reason."""
        return self.context.registry.close_counts.statistics().ended

    @property
    def left(self):
        """What connections have left behind: conversations, groups and topics still open."""
        hub = self.context.fanout.hub
        return len(self.context.registry.connections), len(hub._groups), len(hub._topics)

    def connect(
        self,
        *,
        capacity=LANE_BYTES,
        peer="127.0.0.1",
        local="127.0.0.1",
        polite=True,
        config=ANY_PROTOCOL,
        wrap=None,
    ):
        """A new connection; nothing has been said on it yet. ``wrap`` puts a stream on the client's."""
        transport, stream = pipe(capacity=capacity, peer=peer, local=local)
        self.nursery.start_soon(self.listener.admit, transport, config)
        return Client(wrap(stream) if wrap else stream, polite=polite)

    async def upgraded(self, path="/", **options):
        """A client after the handshake; the welcome is still to be read."""
        client = self.connect(**options)
        status, _ = await client.upgrade(path)
        assert status == 101
        return client

    async def authenticated(self, **options):
        """A client of the tick server with the demo key, which has read what it was told so far."""
        client = await self.upgraded(**options)
        await client.send({"type": "auth", "apiKey": KEY})
        welcome, auth = await client.messages(2)
        assert (welcome["type"], auth["type"]) == ("welcome", "auth")
        return client

    async def subscribed(self, *symbols, **options):
        """An authenticated client that has read the confirmation of ``symbols``, but no tick."""
        client = await self.authenticated(**options)
        await client.send({"type": "subscribe", "symbols": list(symbols)})
        assert (await client.message())["symbols"] == list(symbols)
        return client


def filed(settings):
    """The keys of the settings' file."""
    return read_entries(settings.keys) if settings.keys else ()


@asynccontextmanager
async def open_server(settings=None, script=None, plan=None, wall=time.time, *, state=None, again=(), **more):
    """A house that lets clients in, until the block ends; with a state one that goes on after a restart."""
    settings = settings or Settings()
    script = script or Script()
    keys = (*demo_entries(), admin_entry(ADMIN_KEY))
    key_store = KeyStore((*filed(settings), *keys), clock=wall)
    server = ServerContext(settings, script, key_store, plan, fixed=keys, clock=wall, **more)
    send, receive = trio.open_memory_channel(settings.flow.channel_batches)
    async with server.keeping_messages(), trio.open_nursery() as nursery:
        if state is not None:
            server.services.restore(state)
        await server.fanout.step([*script.opening(), *again])
        if state is not None:
            server.services.restored()
        nursery.start_soon(server.services.run)
        nursery.start_soon(server.registry.turns.run)
        nursery.start_soon(server.fanout.run, receive)
        nursery.start_soon(server.key_watch.run)
        nursery.start_soon(server.webhooks.run)
        nursery.start_soon(server.run_time_faults.run, server.fanout.at_rest)
        nursery.start_soon(server.fanout.replay)
        nursery.start_soon(script.run, send)
        yield RunningServer(server, script, nursery, settings.limits, settings)
        nursery.cancel_scope.cancel()
