"""A log of blocks in memory, and servers that write and follow it."""

import time
from contextlib import asynccontextmanager
from itertools import count
from random import Random
from typing import ClassVar

import msgspec
import trio
from asking import ADMIN_KEY
from scripts import Script
from servers import RunningServer

from feed import Settings
from feed.checkpoint.engine import engine_digest
from feed.cluster.block import Missing, decode_block, encode_block
from feed.cluster.edge_market import EdgeMarket
from feed.cluster.log_header import LogHeader
from feed.cluster.messages import Call, decode, decode_request, encode, encode_request
from feed.cluster.ports import LinkState, NotConnected
from feed.cluster.sequence import BlockBuilder
from feed.cluster.snapshot import write_snapshot
from feed.durability.entries import LogEntry
from feed.faults.contract import FaultPlan
from feed.server.keys import KeyStore, admin_entry, demo_entries
from feed.server.server_context import ServerContext
from feed.sim.run_status import RunState
from feed.stream.source import Batch

SIGNING_KEY = bytes(range(32))
WALL = 1_700_000_000.0
_NUMBERS = count(1)  # of links


class Played(Script):
    """A script of a market in which accounts have traded; here they cannot."""

    takes_orders = False

    def submit(self, request, refused, executed=None):
        return False

    def stand(self, stood):
        """Say that market time stood still for so long."""
        self._send.send_nowait(stood)

    async def run(self, channel):
        async with channel:
            async for played in self._receive:
                rows, stood = (played, 0) if isinstance(played, list) else ([], played)
                await channel.send(Batch(rows, trio.current_time(), stood))


class Recorded:
    """Where a server records changes, so that they come at the front of the next block."""

    def __init__(self, log):
        self.log = log

    def record(self, kind, data, *, hurry=True):
        self.log.record(LogEntry(at=0, wall=int(WALL * 1e9), kind=kind, data=data))

    async def durable(self):
        pass


class BlockLog:
    """
    Takes the steps of a server, and keeps all blocks.

    Attributes:
        blocks: As they are sent; the first has number 1.
        delay: How long an append takes, seconds; called each time.
        phase: Of the market.
        seq: Of the newest event.
        more: Set, and replaced, with each block.
        submit: Called with each request of an edge: the edge, its number, the request.
        flush: Called to append what needs no events.
        call: Called with each request by HTTP of an edge; gives the answer, and the place to wait for.
    """

    def __init__(self, delay=lambda: 0.0):
        self.blocks = []
        self.takes_orders = False
        self.delay = delay
        self.phase = RunState.RUNNING
        self.seq = 0
        self.more = trio.Event()
        self.submit = lambda *_: None
        self.flush = lambda: None
        self.call = None
        self._builder = None
        self._now = 0

    def begin(self, position):
        """The first block follows this position."""
        self._builder, self.seq = BlockBuilder(position), position.seq

    def outcome(self, outcome):
        """Tell what became of a request, at once where that needs no events."""
        self._builder.outcome(outcome)
        if self._builder.pending:
            self.flush()

    def record(self, entry):
        """Let a change stand in front of the next events."""
        self._builder.record(entry)

    async def written(self):
        """The place of a block by which all that was changed is there."""
        if self._builder.pending:
            await self.append([], made=0, stood=0)
        return 0, len(self.blocks)

    async def append(self, rows, links=None, *, made, stood, ended=False):
        """See :class:`feed.stream.steps.StepLog`."""
        await trio.sleep(self.delay())
        self._now = rows[-1][2] if rows else self._now
        block = self._builder.build(
            rows,
            links,
            made=WALL,
            stood=stood,
            market_time=self._now,
            phase=self.phase,
            takes_orders=self.takes_orders,
            ended=ended,
        )
        self.blocks.append(encode_block(block))
        self.seq = block.ends.seq
        self.wake()

    def wake(self):
        """Let all who wait look."""
        self.more.set()
        self.more = trio.Event()


class MemoryLink:
    """
    A link to such a log.

    Attributes:
        delay: How late a block comes, seconds; called for each.
        held: While set to an event, nothing comes until that is set.
        cut: Whether it is not connected.
        lost: Whether what follows cannot be had any more.
        spoilt: Whether the next block comes with one bit wrong.
        away: Whether nobody is there to join.
        silent: Whether no answer comes to what is asked by HTTP.
    """

    where = "unix:test"
    token_key = SIGNING_KEY
    elsewhere: ClassVar = {}

    def __init__(self, log, header, snapshot, delay=lambda: 0.0):
        self.log = log
        self.header = header
        self.newest = snapshot
        self.delay = delay
        self.held = None
        self.cut = False
        self.lost = False
        self.spoilt = False
        self.away = False
        self.silent = False
        self.reports = []
        self.edge = f"edge {next(_NUMBERS)}"
        self._number = 0
        self._heard = trio.current_time()

    @property
    def state(self):
        if not self.cut:
            self._heard = trio.current_time()
        return LinkState(connected=not self.cut, seq=self.log.seq, heard=self._heard)

    async def snapshot(self):
        if self.away:
            await trio.sleep_forever()
        self.lost = False
        return self.newest() if callable(self.newest) else self.newest

    async def blocks(self, after, position):
        number = after[1]
        while True:
            if self.lost:
                raise Missing(position, self.log.seq)
            while number < len(self.log.blocks):
                if seconds := self.delay():  # else it comes at once: nobody else has a turn before
                    await trio.sleep(seconds)
                if self.held is not None:
                    await self.held.wait()
                if self.lost:
                    raise Missing(position, self.log.seq)
                block = decode_block(self.log.blocks[number])
                number += 1
                if self.spoilt:
                    wrong = bytes([*block.rows[:-1], block.rows[-1] ^ 1])
                    block, self.spoilt = msgspec.structs.replace(block, rows=wrong), False
                yield (0, number), block
            await self.log.more.wait()

    def lose(self):
        """What follows cannot be had any more."""
        self.lost = True
        self.log.wake()

    def report(self, report):
        self.reports.append(report)

    def submit(self, request):
        if self.cut:
            return None
        self._number += 1
        self.log.submit(self.edge, self._number, decode_request(encode_request(request)))
        return self._number

    async def call(self, call):
        if self.cut:
            raise NotConnected("not connected to unix:test")
        found = await self.log.call(decode(encode(Call(number=1, call=call))).call)
        if self.silent:
            await trio.sleep_forever()
        return found

    async def run(self):
        await trio.sleep_forever()


def snapshot_of(server, log, *, stood=0):
    """Where a running server stands, at rest."""
    stream = server.context.stream_state
    return write_snapshot(
        stream,
        server.context.services.state(),
        server.context.faults.progress(),
        place=(0, len(log.blocks)),
        stood=stood,
        market_time=stream.market_state.now,
        engine=engine_digest(),
        wall=0,
    )


def header_of(server, plan=None):
    """What holds for the log of a server."""
    return LogHeader.of(
        server.settings,
        history=bytes(16),
        listing=server.context.listing,
        plan=plan or FaultPlan(),
    )


DEMO = demo_entries()


@asynccontextmanager
async def open_edge(link, settings=None, wall=time.time, *, keys=DEMO):
    """A server that follows a link and lets clients in, until the block ends."""
    settings = settings or Settings()
    market = EdgeMarket(link, await link.snapshot(), settings, engine=engine_digest(), wall=time.time)
    keys = (*keys, admin_entry(ADMIN_KEY))
    settings = link.header.applied_to(settings)
    server = ServerContext(
        settings,
        market.source,
        KeyStore(keys, clock=wall),
        market.plan,
        signing_key=market.token_key,
        fixed=keys,
        clock=wall,
        stream_state=market.stream_state,
        entry_log=market.entry_log,
        parts=market.parts,
    )
    market.attach(server)
    server.services.restore(market.recorded)
    await market.open(server.fanout)
    server.services.restored()
    send, receive = trio.open_memory_channel(settings.flow.channel_batches)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.registry.turns.run)
        nursery.start_soon(server.services.run)
        nursery.start_soon(server.fanout.run, receive)
        nursery.start_soon(server.fanout.replay)
        nursery.start_soon(server.run_time_faults.run, server.fanout.at_rest)
        nursery.start_soon(market.run, send, server.fanout)
        running = RunningServer(server, market.source, nursery, settings.limits, settings)
        running.market = market
        yield running
        nursery.cancel_scope.cancel()


def jitter(seed, most):
    """Delays of up to so many seconds, drawn."""
    chance = Random(seed)
    return lambda: chance.choice([0.0, 0.0, chance.random() * most])
