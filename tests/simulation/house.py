"""One server with a data folder, but for its sockets."""

from contextlib import asynccontextmanager
from functools import partial

import trio

from feed.durability.data_folder import MANIFEST, DataFolder, read_manifest
from feed.durability.entries import REQUESTS, requests_of
from feed.durability.horizon import HorizonFile
from feed.durability.record_framing import HEADER_BYTES
from feed.durability.segments import read_header, read_segment, segment_name, segment_numbers
from feed.model.requests import JournalEntry
from feed.server import close_reason
from feed.server.closing import close_connections
from feed.server.durable.checkpoint_maker import CheckpointMaker
from feed.server.durable.checkpointing import InProcess
from feed.server.durable.durable_market import DurableMarket
from feed.server.durable.follower import Diverged
from feed.server.journalled import program_of
from feed.server.listener import Listener
from feed.server.playout import Playout
from feed.server.router import ANY_PROTOCOL
from feed.server.server_context import ServerContext
from tests.simulation.keys import ENTRIES, SIGNING_KEY, key_store


class House:
    """A server that lets clients in."""

    def __init__(self, context, playout, nursery, settings):
        self.context = context
        self._playout = playout
        self._nursery = nursery
        self._listener = Listener(context.router, settings.limits)

    @property
    def position(self):
        """Sequence number and proof of what was published last."""
        position = self.context.fanout.hub.position
        return position.seq, position.proof

    @property
    def market_time(self):
        """The present of the market, nanoseconds."""
        return self._playout.market_time

    def admit(self, transport):
        """Let a connection in."""
        self._nursery.start_soon(self._listener.admit, transport, ANY_PROTOCOL)


def acted(settings, disk):
    """The requests in the log of a folder, in their order."""
    header, engine = DataFolder.stored_header(disk)
    folder = DataFolder.open(disk, header, engine, settings.durability)
    return [
        JournalEntry(at=entry.at, request=request)
        for _, entry in folder.log.after(0)
        if entry.kind == REQUESTS
        for request in requests_of(entry)
    ]


def noticed(disk, name):
    """
    How many bytes of a file nothing can happen to unnoticed.

    All but the last records of the log, which look like the torn end of a write until something says that
    they were there: the next ones, or the horizon.
    """
    numbers = segment_numbers(disk.names())
    if not numbers or name != segment_name(numbers[-1]) or MANIFEST not in disk.names():
        return len(disk.read(name))
    header = read_header(disk, numbers[-1], read_manifest(disk).history)
    known = HorizonFile.open(disk).record
    frames = read_segment(disk, header, None).frames
    return max((one.end for one in frames if one.first + one.count - 1 <= known), default=HEADER_BYTES)


@asynccontextmanager
async def _computing_along(world, disk):
    """What makes checkpoints, in this process; its visits to the disk take time too."""
    manifest = read_manifest(disk)
    maker = CheckpointMaker(
        disk,
        lambda: program_of(manifest.header, "data", option="--data"),
        world.settings,
        engine=manifest.engine,
        clock=trio.current_time,
        wall=world.wall_ns,
    )
    yield _Comparing(maker, world.offload)


class _Comparing(InProcess):
    """Whatever the disk does, what is computed from the log is what was published."""

    async def follow(self, published):
        try:
            return await super().follow(published)
        except Diverged as problem:
            raise AssertionError(str(problem)) from problem


@asynccontextmanager
async def house(world, disk):
    """A server that has come to the present, until the block ends; then it is stopped."""
    durable = DurableMarket(
        world.settings,
        disk=disk,
        wall=world.wall_ns,
        offload=world.offload,
        start_checkpoints=partial(_computing_along, world, disk),
    )
    try:
        settings = durable.settings
        playout = Playout(settings, durable=durable)
        context = ServerContext(
            settings,
            playout.source,
            key_store(world.wall),
            playout.plan,
            signing_key=SIGNING_KEY,
            storage=playout.storage,
            fixed=ENTRIES,
            clock=world.wall,
            stream_state=durable.stream_state,
            entry_log=durable.commits,
        )
        context.services.restore(durable.services)
        await playout.open(context.fanout)
        context.services.restored()
        send, receive = trio.open_memory_channel(settings.flow.channel_batches)
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as services:
                services.start_soon(context.services.run)
                services.start_soon(context.registry.turns.run)
                services.start_soon(context.fanout.run, receive)
                services.start_soon(context.fanout.replay)
                services.start_soon(playout.run, send, context.fanout)
                yield House(context, playout, connections, settings)
                services.cancel_scope.cancel()
            playout.storage.end(context.fanout.hub.seq)
            connections.cancel_scope.deadline = trio.current_time() + settings.limits.shutdown_seconds
            await context.web.stop()
            context.registry.stopping.set()
            await close_connections(
                context.registry,
                close_reason.SHUTDOWN,
                seconds=settings.limits.shutdown_seconds,
                chance=world.random("closing"),
            )
        playout.storage.close()
    finally:
        durable.close()
