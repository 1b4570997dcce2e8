"""A market as a server publishes it: requests stand in a log before they act, events are chained."""

import attrs
from listed import round_lots

from feed import Settings
from feed.durability.data_folder import DataFolder
from feed.durability.entries import requests_entry
from feed.model.events import Side
from feed.model.market import MarketSpec
from feed.model.requests import Create, JournalEntry
from feed.model.trading import Pricing
from feed.server.durable.checkpoint_maker import CheckpointMaker
from feed.server.durable.published import Published
from feed.server.durable.restoring import Restored, restored_from
from feed.server.journalled import header_of
from feed.server.run_spec import RunSpec
from feed.server.stream_state import before_the_first_event
from feed.settings import Durability, Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market

START = 1_700_000_000 * 10**9
SECOND = 10**9
MS = 10**6
SPEC = MarketSpec(instruments=round_lots("BTC-USD", "ETH-USD"))
SETTINGS = Settings(durability=Durability(checkpoint_seconds=1.0))
ENGINE = "0123456789abcdef"


def program():
    return RunSpec(name="test", run=Market(SPEC, seed=3, start=START), start=START, seed=3)


def order(account, size=100):
    return Create(account=account, instrument=0, side=Side.BUY, size=size, type=Pricing.MARKET)


class PublishedMarket:
    """
    The server's market.

    Attributes:
        disk: The files of the data folder.
        folder: The data folder, open.
        log: Of inputs.
        rows: All that was published.
        proofs: Of everything up to each of them, and first that of nothing.
    """

    def __init__(self, disk, settings=SETTINGS, program=program, engine=ENGINE):
        self.disk = disk
        self.program, self.engine = program, engine
        header = header_of(program(), settings)
        self.folder = DataFolder.open(disk, header, engine, settings.durability)
        self.log = self.folder.log
        self.settings = settings
        self.run = ClientMarket(program().run, trading=Trading())
        self.stream = before_the_first_event(self.run.listing, settings, trading=True)
        self.rows, self.proofs = [], [self.stream.history.proof]
        self.publish(self.run.opening())

    def publish(self, rows):
        self.rows += rows
        for row, proof in zip(rows, self.stream.history.append(rows), strict=True):
            self.proofs.append(proof)
            if self.stream.market_state.apply(len(self.proofs) - 1, row, proof):
                self.stream.projections.apply(len(self.proofs) - 1, row, proof)

    def ask(self, *requests, ahead=5 * MS):
        """Write requests to the log; they act a little later."""
        at = self.run.now + ahead
        self.log.append([requests_entry(at=at, wall=0, requests=requests)])
        self.log.sync()
        self.run.take_entries(JournalEntry(at=at, request=request) for request in requests)

    def until(self, seconds):
        """Publish up to so many seconds after the beginning; gives what the server reports then."""
        self.publish(self.run.advance(START + round(seconds * SECOND)))
        return self.report()

    def report(self):
        seq = len(self.rows)
        return Published(market_time=self.rows[-1][2], seq=seq, proof=self.proofs[seq], record=self.log.last)

    def maker(self, clock=lambda: 0.0, **changes):
        settings = attrs.evolve(self.settings, **changes)
        return CheckpointMaker(
            self.disk, self.program, settings, engine=self.engine, clock=clock, wall=lambda: 7
        )

    def restored(self, **more) -> Restored:
        more = {"engine": self.engine, "last_record": self.log.last, **more}
        return restored_from(self.disk, self.program(), self.settings, **more)
