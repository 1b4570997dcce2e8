"""One seed: a market, clients, a disk and crashes; was anything lost, doubled or told otherwise?"""

import gc
from contextlib import contextmanager
from functools import cache, partial
from unittest import mock

import attrs
import structlog
import trio
import trio.testing

from feed.server import run_spec, server_context
from feed.server.durable.checkpointing import Checkpointing
from feed.server.http.app import all_endpoints
from tests.simulation import oracle
from tests.simulation.house import acted, house, noticed
from tests.simulation.operators import Operator
from tests.simulation.plan import drawn
from tests.simulation.questions import asked
from tests.simulation.readers import GuideReader, SecurityProReader, TradynReader
from tests.simulation.traders import BinanceTrader, RailsTrader, TradynTrader
from tests.simulation.world import Difference, World, leaves

CHECKPOINT_REPORT_SECONDS = 0.1  # in place of a second: servers live for as long
LONGEST_ANSWER = 60  # seconds in which whatever was asked is settled, once the disk is well
LONGEST_SECONDS = 1000  # on the virtual clock, of all that a seed does


@attrs.frozen(kw_only=True)
class Outcome:
    """
    What a seed came to.

    Attributes:
        seed: It.
        difference: What was found first that must not be; empty where nothing was.
        trace: Digest of all that happened.
        crashes: How often the power went.
        refused: How often a server did not start for what was wrong with its disk.
        orders: How many orders were acknowledged.
        events: How many were published.
        messages: How many were compared.
    """

    seed: int
    difference: str = ""
    trace: str = ""
    crashes: int = 0
    refused: int = 0
    orders: int = 0
    events: int = 0
    messages: int = 0


@contextmanager
def _quick_and_exact(seed):
    """
    Let equal seeds give equal runs: Trio draws in which order tasks act, and draws it from the seed.

    What is the same for every server is made once, and garbage is collected between seeds.
    """
    runner, collects = trio._core._run, gc.isenabled()
    kept = runner._r.getstate(), runner._ALLOW_DETERMINISTIC_SCHEDULING
    runner._r.seed(seed)
    runner._ALLOW_DETERMINISTIC_SCHEDULING = True
    gc.disable()
    try:
        with (
            mock.patch.object(run_spec, "parsed", _parsed),
            mock.patch.object(server_context, "all_endpoints", _endpoints),
            mock.patch.dict(Checkpointing.__init__.__kwdefaults__, seconds=CHECKPOINT_REPORT_SECONDS),
            structlog.testing.capture_logs() as logs,
        ):
            yield logs
    finally:
        runner._r.setstate(kept[0])
        runner._ALLOW_DETERMINISTIC_SCHEDULING = kept[1]
        if collects:
            gc.enable()


_parsed = cache(run_spec.parsed)


_made = {}


def _endpoints(listing, web):
    if listing.symbols not in _made:
        _made[listing.symbols] = all_endpoints(listing, web)
    return _made[listing.symbols]


def simulate(seed):
    """The outcome of a seed; the same every time."""
    with _quick_and_exact(seed) as logs:
        clock = trio.testing.MockClock(autojump_threshold=0)
        outcome = trio.run(_Simulation(seed).run, clock=clock)
    bugs = [line for line in logs if line.get("exc_info")]
    if bugs and not outcome.difference:
        outcome = attrs.evolve(outcome, difference=f"logged: {bugs[0]}")
    return outcome


class _Simulation:
    def __init__(self, seed):
        self.seed = seed
        self.world = World(seed, house)
        self.chance = self.world.random("plan")
        self.crashes = self.refused = 0
        self.undo = None  # of what a write that went astray has done

    async def run(self):
        difference = ""
        try:
            with trio.fail_after(LONGEST_SECONDS):
                await self._run()
        except* Difference as found:
            difference = str(leaves(found)[0])
        traders, readers = self.traders, self.readers
        return Outcome(
            seed=self.seed,
            difference=difference,
            trace=self.world.trace.hexdigest(),
            crashes=self.crashes,
            refused=self.refused,
            orders=sum(len(one.orders.taken) for one in traders),
            events=self.world.published[-1][0] if self.world.published else 0,
            messages=sum(len(one.heard.messages) for one in readers),
        )

    async def _run(self):
        world = self.world
        origin = oracle.origin(world.program().run.listing)
        self.traders = [
            RailsTrader(world, "rails", origin),
            TradynTrader(world, "tradyn"),
            BinanceTrader(world, "binance"),
        ]
        self.readers = [
            self.traders[0],
            TradynReader(world, "ticks", origin),
            GuideReader(world, "books"),
            SecurityProReader(world, "public trades", origin),
        ]
        self.operator = Operator(world, "operator")
        async with trio.open_nursery() as nursery:
            world.nursery = nursery
            for peer in dict.fromkeys((*self.traders, *self.readers, self.operator)):
                nursery.start_soon(peer.run)
            *lives, last = drawn(self.chance)
            for life in lives:
                await self._live(life, self._serve)
            await self._live(last, self._settle)
            nursery.cancel_scope.cancel()
        await self._compare()

    async def _live(self, life, serve):
        """A server's life, and what happens until the next one."""
        world, disk = self.world, self.world.disk
        world.latency = life.latency
        world.sync(life.sync)
        disk.power = life.power
        world.begin_troubles(trouble for trouble in life.troubles if trouble.at < 0)
        disk.crash_after = life.operations if life.early else None
        if not await world.live(partial(serve, life)):
            # Only because of what is wrong with its disk; once that is mended it starts.
            if not (disk.troubled or self.undo or disk.crash_after):
                raise Difference(f"a server did not start: {world.refusals[-1]}")
            self.refused += 1
            self._mend()
            if not await world.live(partial(serve, life)):
                raise Difference(f"a server did not start again: {world.refusals[-1]}")
        self._mend()
        if life.gentle and self.chance.random() < 0.5:
            disk.crash()  # who was stopped has synced everything
        disk.crash_after = None  # that was for the server
        if life.astray:
            self.undo = world.write_astray(noticed)
        world.jump(life.jump)
        await trio.sleep(life.down)

    def _mend(self):
        self.world.disk.mend()
        if self.undo is not None:
            self.undo()
            self.undo = None

    async def _serve(self, life):
        if not life.early:
            self.world.disk.crash_after = life.operations
        async with trio.open_nursery() as nursery:
            for trouble in life.troubles:
                nursery.start_soon(self.world.trouble, trouble)
            await trio.sleep(life.seconds)
            nursery.cancel_scope.cancel()
        if not life.gentle:
            self.crashes += 1
            self.world.crash()

    async def _settle(self, life):
        await trio.sleep(life.seconds)
        peers = (*self.traders, self.operator)
        for peer in peers:
            peer.trading = False
        for _ in range(LONGEST_ANSWER * 10):
            if all(peer.settled for peer in peers):
                break
            await trio.sleep(0.1)
        else:
            open_ = [trader.orders.open for trader in self.traders]
            raise Difference(f"not answered within {LONGEST_ANSWER} s: {open_}")
        await trio.sleep(0.5)
        await trio.testing.wait_all_tasks_blocked()
        server = self.world.server
        self.time = server.market_time
        position = server.position
        self.answers = await asked(self.world)
        if server.position != position:
            raise Difference("the market went on while it was asked")
        for reader in self.readers:
            self.world.note(reader.name, reader.heard.messages)

    async def _compare(self):
        world = self.world
        entries = acted(world.settings, world.disk)
        run = oracle.UndisturbedRun(
            world.settings, world.program(), entries, self.time, world.published[-1][0]
        )
        run.check_positions(world.published)
        run.check_orders(self.traders)
        run.check_money()
        await oracle.compare(world, run, self.readers, self.answers)
