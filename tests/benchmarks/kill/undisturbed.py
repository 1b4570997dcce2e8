"""
The server that was never killed: the same market, the same requests at the same places, the same readers.

Its requests come from the log of inputs, as they stand there. Were one of them lost, or at another place than
the one at which it acted, what was published would differ, and that is compared: byte for byte.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

import attrs
import trio

from feed.durability.data_folder import read_records
from feed.durability.disk import FolderDisk
from feed.durability.entries import requests_of
from feed.model.kinds import ANSWER, ORDER
from feed.model.requests import JournalEntry
from feed.model.trading import OrderState, Reason, RequestKind, unpacked
from feed.server.playout import ClientBarrier
from feed.server.run_spec import program_for
from feed.server.serve import serve
from feed.sim.clients import open_to_accounts
from feed.sim.runner import MarketRunner
from feed.sim.simulation import StopCondition
from tests.benchmarks.kill import http


def requests_in(folder):
    """All requests of a data folder's log, in the order in which they acted."""
    return [
        JournalEntry(at=entry.at, request=request)
        for _, entry in read_records(FolderDisk(folder), after=0)
        if entry.kind == "requests"
        for request in requests_of(entry)
    ]


class Undisturbed:
    """
    A source of events that plays the requests, and waits for its readers.

    Attributes:
        listing: Of the market.
        acted: How often each order was accepted, by account and the client's own id.
        over: Set once the market has ended, and everybody has all of it.
    """

    def __init__(self, settings, entries, until, readers):
        program = program_for(settings, now=settings.start)
        run = open_to_accounts(program.run, settings.trading, entries)
        self._runner = MarketRunner(run, flow=settings.flow, until=StopCondition(time=until))
        self._readers = readers
        self.listing = self._runner.listing
        self.acted = Counter()
        self.over = trio.Event()
        self._seq = 0

    def follow(self, context):
        """Of the server that is to publish this."""
        self._fanout = context.fanout
        self._barrier = ClientBarrier(context.fanout)
        context.fanout.hub.watch(self._runner.look_at_hold)

    def opening(self):
        """Where the stream begins."""
        rows = self._runner.opening()
        self._seq = len(rows)
        return rows

    async def run(self, channel):
        """Once everybody listens, play to the end; nobody is left behind."""
        send, receive = trio.open_memory_channel(1)
        async with trio.open_nursery() as nursery, channel:
            nursery.start_soon(partial(self._runner.run, send, held=self._held))
            async for batch in receive:
                self._count(batch.rows)
                self._seq += len(batch.rows)
                await channel.send(batch)
                await self._barrier.caught_up(self._seq)
        self.over.set()

    def _held(self):
        return self._fanout.hub.listening < self._readers

    def _count(self, rows):
        for row in rows:
            if row[0] == ORDER:
                _, _, _, account, request, verb, state, *_ = row
                accepted = state == OrderState.PENDING
            elif row[0] == ANSWER:
                _, _, _, account, verb, request, reason, *_ = row
                accepted = reason == Reason.NONE
            else:
                continue
            if accepted and verb == RequestKind.CREATE and request:
                self.acted[account, unpacked(request)] += 1


async def listen(settings, entries, until, readers):
    """Let readers hear all of it from the beginning; how often each order was accepted."""
    source, stop = Undisturbed(settings, entries, until, len(readers)), trio.Event()
    settings = attrs.evolve(settings, port=0, at_end="hold")

    async def read(reader, port):
        shown = await http.token(port, reader.account) if reader.subscription.by_token else None
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await reader.read(stream, shown)

    async with trio.open_nursery() as nursery:
        start = partial(serve, settings, source=source, tell=source.follow, stop=stop)
        [address] = await nursery.start(start)
        for reader in readers:
            nursery.start_soon(read, reader, address.port)
        await source.over.wait()
        stop.set()  # each connection is closed behind its last message
    return source.acted
