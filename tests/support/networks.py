"""A server in memory: it accepts lanes instead of sockets."""

import trio
from asking import ADMIN_KEY
from clients import KEY, Client
from transports import pipe

from feed import Settings, serve
from feed.server import bound_listeners as module
from feed.server.listener import Listener


class Network:
    """
    Stands where a bound socket does.

    Attributes:
        listening: Whether anybody would accept a connection.
    """

    def __init__(self):
        self.listening = False
        self._send, self._receive = trio.open_memory_channel(1000)

    async def bind(self, host, port, *, where):
        self.host, self.port = host, port
        return [self]

    def listen(self, backlog):
        assert backlog > 1000

    def dup(self):
        return self

    def close(self):
        pass

    def getsockname(self):
        return self.host, self.port

    async def accept(self, listener, connections):
        self.listening = True
        try:
            async for transport in self._receive:
                connections.start_soon(listener.admit, transport)
        finally:
            self.listening = False

    def connect(self, *, polite=True, capacity=65536):
        transport, stream = pipe(capacity=capacity)
        self._send.send_nowait(transport)
        return Client(stream, polite=polite)

    async def join(self, **options):
        client = self.connect(**options)
        assert (await client.upgrade())[0] == 101
        await client.message()
        return client

    async def subscribed(self, *symbols):
        """A client of the tick server that has read the confirmation, but no tick."""
        client = await self.join()
        await client.send({"type": "auth", "apiKey": KEY})
        await client.send({"type": "subscribe", "symbols": list(symbols)})
        assert [message["type"] for message in await client.messages(2)] == ["auth", "subscribed"]
        return client

    def install(self, monkeypatch):
        """Let every server that starts from now on listen here."""
        monkeypatch.setattr(module, "bind", self.bind)
        monkeypatch.setattr(Listener, "run", lambda _, sock, connections, __: sock.accept(_, connections))
        return self


async def started(nursery, settings=None, **options):
    """Starts a server; its stop event, and an event for when it has returned."""
    stop, done = trio.Event(), trio.Event()
    options = {"admin_key": ADMIN_KEY} | options

    async def run(*, task_status):
        await serve(settings or Settings(), stop=stop, task_status=task_status, **options)
        done.set()

    addresses = await nursery.start(run)
    return addresses, stop, done
