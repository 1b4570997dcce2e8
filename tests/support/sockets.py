"""Servers in memory for the client: each connection plays a script, on whatever loop and clock."""

from contextlib import asynccontextmanager

import anyio

from feed.client.socket import SocketClosed

HANG = object()  # nothing comes any more
CLOSED = object()  # at the beginning of a script: the server has said all of it and closed already


class ScriptedSocket:
    """Gives what a script says: texts, seconds to wait, marks as above, or the exception that ends it."""

    def __init__(self, script):
        self.sent = []
        self._closed = script[:1] == [CLOSED]
        self._script = iter(script[1:] if self._closed else script)

    async def send(self, text):
        await anyio.lowlevel.checkpoint()
        if self._closed:
            raise SocketClosed(1008, "it has closed")
        self.sent.append(text)

    async def receive(self):
        await anyio.lowlevel.checkpoint()
        for step in self._script:
            if step is HANG:
                self._script = iter([HANG])  # whoever gives up waiting and comes back waits again
                await anyio.sleep_forever()
            elif isinstance(step, Exception):
                raise step
            elif isinstance(step, int | float):
                await anyio.sleep(step)
            else:
                return [step]
        raise SocketClosed(1006, "the script is over")


class ScriptedServer:
    """
    Plays one script a connection, and refuses what comes after the last.

    Attributes:
        urls: What was asked for, one each attempt.
        times: When.
        sockets: The connections that were made.
    """

    def __init__(self, *scripts):
        self.urls = []
        self.offered = []
        self.times = []
        self.sockets = []
        self._scripts = list(scripts)

    @asynccontextmanager
    async def open(self, url, subprotocols=()):
        self.offered.append(subprotocols)
        self.urls.append(url)
        self.times.append(anyio.current_time())
        script = self._scripts.pop(0) if self._scripts else OSError("nobody is there")
        if isinstance(script, SocketClosed):
            raise script
        if isinstance(script, OSError):
            raise SocketClosed(0, str(script))
        self.sockets.append(ScriptedSocket(script))
        yield self.sockets[-1]
