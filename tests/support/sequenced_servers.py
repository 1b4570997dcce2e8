"""A server that others follow, over links as two processes have them."""

import time
from contextlib import asynccontextmanager

import trio
import trio.testing
from asking import ADMIN_KEY
from servers import RunningServer

from feed import Settings
from feed.cluster.local_link import LocalLink
from feed.cluster.sequenced_market import SequencedMarket
from feed.server.keys import KeyStore, admin_entry, demo_entries
from feed.server.playout import Playout
from feed.server.server_context import ServerContext


class Followed(RunningServer):
    """
    A server that others follow.

    Attributes:
        market: Its market.
        streams: Our ends of the links to it.
    """

    def __init__(self, market, *more):
        super().__init__(*more)
        self.market = market
        self.streams = []

    async def connect_link(self):
        """A stream to it."""
        ours, its = trio.testing.memory_stream_pair()
        self.streams.append(its)
        self.nursery.start_soon(self.market.log.serve_link, its)
        return ours

    def link(self, name="edge"):
        """What an edge follows it by."""
        settings = self.settings.cluster
        return LocalLink("unix:/x", self.connect_link, name=name, settings=settings, random=lambda: 0.0)


DEMO = demo_entries()


@asynccontextmanager
async def open_sequencer(
    settings=None,
    script=None,
    *,
    keys=DEMO,
    kind=Followed,
    commits=None,
    outside_log=None,
    simulation=None,
    clock=time.time,
):
    """One that lets clients and other servers in, until the block ends; by a log outside if one is given."""
    settings = settings or Settings()
    playout = Playout(settings, script, commits=commits)
    market = SequencedMarket(
        settings,
        playout,
        wall=lambda: 1_000_000.0 + trio.current_time(),
        inputs=commits,
        outside_log=outside_log,
        simulation=simulation,
    )
    async with open_market(settings, market, script, keys=keys, kind=kind, clock=clock) as server:
        yield server


@asynccontextmanager
async def open_market(
    settings, market, script=None, *, keys=DEMO, kind=Followed, clock=time.time, tell=lambda _: None
):
    """A server of a market that is ready, until the block ends; ``tell`` is given it before that opens."""
    keys = (*keys, admin_entry(ADMIN_KEY))
    context = ServerContext(
        settings,
        market.source,
        KeyStore(keys, clock=clock),
        market.plan,
        signing_key=market.token_key,
        storage=market.storage,
        fixed=keys,
        clock=clock,
        entry_log=market.entry_log,
        step_log=market.step_log,
        parts=market.parts,
        stream_state=market.stream_state,
    )
    market.attach(context)
    if market.recorded is not None:
        context.services.restore(market.recorded)
    send, receive = trio.open_memory_channel(settings.flow.channel_batches)
    async with trio.open_nursery() as nursery:
        server = kind(market, context, script, nursery, settings.limits, settings)
        tell(server)
        await market.open(context.fanout)
        if market.recorded is not None:
            context.services.restored()
        market.opened()
        nursery.start_soon(context.services.run)
        nursery.start_soon(context.registry.turns.run)
        nursery.start_soon(context.fanout.run, receive)
        nursery.start_soon(context.fanout.replay)
        nursery.start_soon(market.run, send, context.fanout)
        yield server
        nursery.cancel_scope.cancel()
