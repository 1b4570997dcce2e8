"""A leader of a log in Redis that is killed, and a server that stands by for it."""

from contextlib import asynccontextmanager

import trio
from listed import listed
from sequenced_servers import open_market, open_sequencer

from feed import Settings
from feed.checkpoint.engine import engine_digest
from feed.cluster.computed import read_market
from feed.cluster.logged_commits import LoggedCommits
from feed.cluster.redis.sequencer import RedisSequencer
from feed.cluster.redis.server import take_term
from feed.cluster.redis.term import Start
from feed.cluster.standby_server import begun, market_of
from feed.cluster.standing_by import StandingBy
from feed.model.market import MarketSpec
from feed.settings import Cluster, Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market
from feed.sim.runner import MarketRunner

START = 1_700_000_000 * 10**9
SPEC = MarketSpec(instruments=listed("BTC-USD", "EURUSD"))
SETTINGS = Settings(cluster=Cluster(lease_seconds=2, snapshot_seconds=2))
TOKEN_KEY = bytes(range(32))


def new_market():
    return ClientMarket(Market(SPEC, seed=3, start=START), trading=Trading())


@asynccontextmanager
async def leader(redis, **more):
    """One that leads the log until the block ends, as a kill does: it says no farewell."""
    run, commits = new_market(), LoggedCommits(wall=lambda: 0)
    source = MarketRunner(run, flow=SETTINGS.flow, speed=1.0, commits=commits, paced=commits.paced, **more)
    outside_log = RedisSequencer(
        redis, await take_term(redis, 2), SETTINGS.cluster, token_key=TOKEN_KEY, start=Start()
    )
    outside_log._resign = trio.lowlevel.checkpoint
    async with (
        open_sequencer(SETTINGS, source, commits=commits, outside_log=outside_log, simulation=run) as server,
        trio.open_nursery() as nursery,
    ):
        commits.changed = source.committed
        nursery.start_soon(outside_log.hold)
        server.outside_log = outside_log
        yield server
        nursery.cancel_scope.cancel()


class Successor:
    """
    A server that stands by, and goes on with the market.

    Attributes:
        server: It, once it is built.
        built: Set then.
        standing: How it stands by, from then on.
        leads: Set once it leads.
    """

    def __init__(self, redis, link, settings=SETTINGS):
        self.server = self.standing = None
        self.built, self.leads = trio.Event(), trio.Event()
        self._redis = redis
        self._link = link
        self._settings = settings

    async def run(self):
        """Stand by, and serve, until cancelled."""
        link = self._link
        snapshot = await begun(self._redis, link, None)
        settings = link.header.applied_to(self._settings)
        whole = read_market(snapshot, link.header, engine=engine_digest())
        self.standing = StandingBy(self._redis, link, whole, settings)
        market = market_of(self.standing, whole, link.header, settings)
        async with open_market(settings, market, tell=self._tell):
            self.leads.set()
            await (await self.standing.leads()).hold()

    def _tell(self, server):
        self.server = server
        self.built.set()
