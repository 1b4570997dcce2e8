"""A market as a sequencer writes it: steps as blocks, beside what the server that publishes them knows."""

from random import Random

from published_market import START, program

from feed import Settings
from feed.checkpoint.object_graph import dump
from feed.cluster.log_header import LogHeader
from feed.cluster.sequence import BlockBuilder
from feed.cluster.snapshot import write_snapshot
from feed.durability.entries import LogEntry
from feed.faults.contract import FaultPlan
from feed.faults.progress import FaultProgress
from feed.model.faults import Disconnect, Drop, Mute
from feed.server.durable.service_state import ServiceState
from feed.server.stream_state import before_the_first_event, carry_on
from feed.sim.clients import ClientMarket
from feed.sim.run_status import RunState

# Faults of all kinds: by time and by number, for a while and for ever, and over at once.
PLAN = FaultPlan(
    faults=(
        Drop(at=10**9, duration=10**9, fraction=0.5),
        Drop(seq=700, duration=10**9, fraction=0.5),
        Disconnect(seq=300, code=1006),
        Mute(at=2 * 10**9),
    ),
    seed=3,
    start=START,
)
ENGINE = "0123456789abcdef"


def entry(kind, **data):
    return LogEntry(at=START, wall=START, kind=kind, data=data)


class WrittenMarket:
    """
    The sequencer's market.

    Attributes:
        header: Of the log.
        blocks: All that were written, with their places.
        stream: What their events have said.
        services: What their entries have said.
        faults: Which of the scenario's have begun.
        stood: For how long the market has stood still.
    """

    def __init__(self, settings=None):
        self.settings = settings or Settings()
        self.run = ClientMarket(program().run, trading=self.settings.trading)
        listing = self.run.listing
        self.stream = before_the_first_event(listing, self.settings, trading=True)
        self.services = ServiceState()
        self.faults = FaultProgress(PLAN)
        self.stood = 0
        self.header = LogHeader.of(self.settings, history=bytes(16), listing=listing, plan=PLAN)
        self.blocks = []
        self.builder = BlockBuilder(self.position)
        self.write(self.run.opening())

    @property
    def position(self):
        return self.stream.history.position

    @property
    def place(self):
        return (0, len(self.blocks))

    def write(self, rows=(), *entries, stood=0):
        """Write a block; gives it."""
        for one in entries:
            self.builder.record(one)
            self.services.apply(one)
        self.stood = self.stood + stood if not rows or rows[-1][2] == self.stream.market_state.now else 0
        self.faults.published(self.position.seq, self.stream.market_state.now, list(rows))
        carry_on(self.stream, self.services, rows)
        block = self.builder.build(
            rows,
            made=1.5,
            stood=stood,
            market_time=self.run.now,
            phase=RunState.RUNNING,
            takes_orders=True,
        )
        self.blocks.append(((0, len(self.blocks) + 1), block))
        return block

    def until(self, seconds, *, seed=1):
        """Write what happens up to so many seconds after the beginning, in steps of any size."""
        random, end = Random(seed), START + round(seconds * 10**9)
        while rows := self.run.advance(end, random.choice((1, 7, 60))):
            self.write(rows)

    def snapshot(self):
        return write_snapshot(
            self.stream,
            self.services,
            self.faults,
            place=self.place,
            stood=self.stood,
            market_time=self.run.now,
            engine=ENGINE,
            wall=START,
        )


def told(stream, services, faults):
    """All that the events have said, and what is known beside, as bytes."""
    return dump(
        {
            "market_state": stream.market_state,
            "projections": stream.projections,
            "services": services,
            "faults": faults,
        }
    )


def events(history):
    """All events that are kept, and the proof at each."""
    seq, found = history.oldest - 1, []
    while seq < history.seq:
        rows, proofs = history.after(seq)
        found += zip(rows, proofs, strict=True)
        seq += len(rows)
    return found
