"""What every client does: come back, remember what it was told, and settle what it asked for."""

import json

import trio
from clients import Closed

from tests.simulation.world import Difference, leaves

LOST = (Closed, trio.BrokenResourceError, trio.ClosedResourceError, ConnectionRefusedError)


class ResumeRefused(Exception):
    """The server does not go on where a client was: what it said."""


class Heard:
    """
    The messages of a stream over all connections, and the position from which the next one resumes.

    Args:
        origin: Position before the first message; None to begin with the present.
    Attributes:
        fresh: Whether it began with the present, whose snapshot is its first message.
        begin: Position that it began with; None until that is told.
        messages: Number and text of each.
    """

    def __init__(self, origin=None):
        self.fresh = origin is None
        self.begin = origin
        self.messages = []
        self._positions = []

    @property
    def since(self):
        """Position to resume after; None for the present."""
        return self._positions[-1] if self._positions else self.begin

    def take(self, text):
        """The next message; one without a number is no part of the stream. Gives it, from JSON."""
        message = json.loads(text)
        if '"since=' in text:
            raise ResumeRefused(text)
        if self.begin is None and "pos" in message:
            self.begin = message["pos"]
        # A heartbeat is no event: it is told at an interval, to some who resume once more.
        if "seq" in message and message.get("type") != "heartbeat":
            self.messages.append((message["seq"], text))
            self._positions.append(message["pos"])
        return message

    def interrupted(self):
        """The connection is gone: what its last event told may be a part of what there is to tell of it."""
        if self.messages:
            last = self.messages[-1][0]
            while self.messages and self.messages[-1][0] == last:
                self.messages.pop()
                self._positions.pop()
        if self.fresh and not self.messages:
            self.begin = None


class Peer:
    """
    A client that comes back.

    Attributes:
        name: For people, and for the seed.
        settled: Whether nothing that it asked for is open.
        gone: Whether it has left for good, as the past that it missed was lost with its file.
    """

    settled = True
    gone = False

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.chance = world.random(name)
        self.client = None

    async def run(self):
        """Converse, again and again."""
        while not self.gone:
            try:
                self.client = self.world.connect()
                await self.converse()
            except* LOST:
                pass
            except* ResumeRefused as problems:
                text = str(leaves(problems)[0])
                if not ("is too old" in text and self.world.history_hurt):
                    raise Difference(f"{self.name} could not resume: {text}") from None
                self.gone = True
            finally:
                if self.client is not None:
                    self.world.leave(self.client)
                    self.client = None
            self.interrupted()
            await trio.sleep(self.chance.choice([0.001, 0.02, 0.2]))

    async def converse(self):
        """Speak on one connection, until it ends."""
        raise NotImplementedError

    def interrupted(self):
        """The connection is gone."""

    async def impatience(self):
        """Hang up after a while, for no reason."""
        await trio.sleep(self.chance.expovariate(0.6))
        raise Closed(0)
