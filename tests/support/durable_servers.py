"""A server on a data folder, with memory for a disk, which a test crashes and starts again."""

from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import attrs
import trio
from asking import ADMIN_KEY
from servers import RunningServer

from feed import Settings
from feed.checkpoint.engine import engine_digest
from feed.durability.data_folder import read_manifest
from feed.model.events import Side
from feed.model.requests import Create
from feed.model.trading import packed
from feed.server.durable.checkpoint_maker import CheckpointMaker
from feed.server.durable.checkpointing import InProcess
from feed.server.durable.durable_market import DurableMarket
from feed.server.journalled import program_of
from feed.server.keys import KeyStore, admin_entry, demo_entries
from feed.server.playout import Playout
from feed.server.server_context import ServerContext
from feed.settings import Durability
from feed.sim.clients import ClientMarket
from feed.sim.defaults import default_market
from feed.sim.market import Market

BEGAN = 1_700_000_000 * 10**9
"""When the clock of a test says 0, nanoseconds since the Unix epoch."""
SECOND = 10**9


def wall():
    """Nanoseconds since the Unix epoch, by the clock of the test."""
    return BEGAN + round(trio.current_time() * 10**9)


async def at_once(job):
    """A disk that takes no time."""
    await trio.lowlevel.checkpoint()
    return job()


async def slowly(seconds, job):
    """A disk that takes its time."""
    await trio.sleep(seconds)
    return job()


def slow(seconds):
    return partial(slowly, seconds)


def settings_of(settings=None, **durability):
    """For a folder, whose name nobody looks at."""
    settings = settings or Settings(instruments=3)
    return attrs.evolve(settings, durability=Durability(directory=Path("data"), **durability))


@asynccontextmanager
async def checkpoints(disk, settings):
    """Computes along in this process."""
    header = read_manifest(disk).header
    yield InProcess(
        CheckpointMaker(
            disk,
            lambda: program_of(header, "data", option="--data"),
            attrs.evolve(settings, trading=header.trading),
            engine=engine_digest(),
            clock=trio.current_time,
            wall=wall,
        ),
        at_once,
    )


class DurableServer(RunningServer):
    """
    Attributes:
        durable: The market in its folder.
        runner: What runs it.
    """

    durable = runner = None

    @property
    def market_time(self):
        return self.runner.control.now


@asynccontextmanager
async def durable_server(disk, settings=None, *, offload=at_once, keys=(), stopped=True):
    """A server on ``disk``; ``stopped`` says whether it is stopped in the end, or has crashed."""
    settings = settings or settings_of()
    start = partial(checkpoints, disk, settings)
    durable = DurableMarket(settings, disk=disk, wall=wall, offload=offload, start_checkpoints=start)
    settings = durable.settings
    playout = Playout(settings, durable=durable)
    entries = (*demo_entries(), admin_entry(ADMIN_KEY), *keys)
    key_store = KeyStore(entries, clock=lambda: wall() / 10**9)
    context = ServerContext(
        settings,
        playout.source,
        key_store,
        playout.plan,
        fixed=entries,
        storage=playout.storage,
        clock=lambda: wall() / 10**9,
        stream_state=durable.stream_state,
        entry_log=durable.commits,
    )
    context.services.restore(durable.services)
    send, receive = trio.open_memory_channel(settings.flow.channel_batches)
    async with trio.open_nursery() as nursery:
        await playout.open(context.fanout)
        context.services.restored()
        nursery.start_soon(context.services.run)
        nursery.start_soon(context.webhooks.run)
        nursery.start_soon(context.run_time_faults.run, context.fanout.at_rest)
        nursery.start_soon(context.registry.turns.run)
        nursery.start_soon(context.fanout.run, receive)
        nursery.start_soon(context.fanout.replay)
        nursery.start_soon(playout.run, send, context.fanout)
        server = DurableServer(context, None, nursery, settings.limits, settings)
        server.durable, server.runner = durable, playout.source
        yield server
        nursery.cancel_scope.cancel()
    if stopped:
        durable.close()


def order(number, *, account=1):
    name = packed(f"order {number}")
    return Create(account=account, instrument=0, request=name, side=Side.BUY, size=1, price=1)


def stream(server, seq=0):
    """All rows that were published after the event ``seq``."""
    history = server.context.fanout.hub.history
    rows = []
    while seq < history.seq:
        more, _ = history.after(seq)
        rows += more
        seq += len(more)
    return rows


def undisturbed(settings, count, entries=()):
    """The first rows of the market that never stopped."""
    run = ClientMarket(
        Market(default_market(settings.instruments), seed=1, start=BEGAN),
        trading=settings.trading,
        entries=entries,
    )
    rows = run.opening()
    while len(rows) < count:
        rows += run.advance(run.next_time())
    return rows[:count]


def place(server, number, told=None):
    """Ask for an order; what becomes of it is told."""
    told = [] if told is None else told
    assert server.runner.submit(
        order(number), lambda: told.append(("refused", number)), lambda rows, seq: told.append((seq, number))
    )
    return told
