"""Those who follow a log in memory: by hand, and by a link."""

from contextlib import aclosing

import trio
import trio.testing

from feed.cluster.block import BEFORE_ALL
from feed.cluster.framing import Frames, frame
from feed.cluster.local_link import LocalLink
from feed.cluster.messages import EDGE, Hello, Placed, SnapshotPart, decode
from feed.settings import Cluster

JOINS = Hello(name="edge", role=EDGE, position=None, place=BEFORE_ALL)


class Reader:
    """One who follows by hand: reads so much at a time as the test says."""

    def __init__(self, nursery, log, hello=JOINS, **more):
        self.stream, its = trio.testing.lockstep_stream_pair()
        self.frames = Frames()
        self.messages = []
        nursery.start_soon(lambda: log.serve_link(its, **more))
        self.hello = hello

    async def say(self, *messages):
        for one in messages:
            await self.stream.send_all(frame(one))

    async def read(self, size=1 << 16):
        """What comes next; False at the end."""
        data = await self.stream.receive_some(size)
        self.messages += [decode(one) for one in self.frames.feed(data)]
        return bool(data)

    async def joined(self):
        await self.say(self.hello)
        while not any(isinstance(one, SnapshotPart) for one in self.messages):
            assert await self.read()
        return self

    async def read_all(self):
        with trio.move_on_after(0.001):
            while await self.read():
                pass

    @property
    def places(self):
        return [one.place for one in self.messages if isinstance(one, Placed)]


def link_to(log, nursery, **settings):
    async def connect():
        ours, its = trio.testing.memory_stream_pair()
        nursery.start_soon(log.serve_link, its)
        return ours

    return LocalLink("unix:/x", connect, name="edge", settings=Cluster(**settings), random=lambda: 0.0)


async def taken(link, after, position, count):
    """The next blocks of a link."""
    async with aclosing(link.blocks(after, position)) as blocks:
        return [await anext(blocks) for _ in range(count)]
