"""A market whose inputs stand in its log before they act, as its leader writes it."""

from collections import deque
from random import Random

from published_market import ENGINE, MS, START, order, program
from written_market import PLAN

from feed import Settings
from feed.cluster.block import BEFORE_ALL, Outcome
from feed.cluster.computed import Computed, WholeMarket, read_market, write_market
from feed.cluster.log_header import LogHeader
from feed.cluster.sequence import LOGGED_KINDS, BlockBuilder
from feed.durability.entries import LogEntry, requests_entry
from feed.faults.progress import FaultProgress
from feed.model.requests import JournalEntry
from feed.server.durable.kinds import ORIGINS
from feed.server.durable.service_state import ServiceState
from feed.server.stream_state import before_the_first_event, carry_on
from feed.sim.clients import ClientMarket
from feed.sim.run_status import RunState


class LeadingMarket:
    """
    The leader's market.

    Attributes:
        market: As it stands.
        header: Of its log.
        blocks: All that were written, with their places.
        rows: All events since the log began.
        first: The market before the first block, as bytes.
    """

    def __init__(self, settings=None):
        self.settings = settings or Settings()
        run = ClientMarket(program().run, trading=self.settings.trading)
        self.market = WholeMarket(
            run=run,
            stream=before_the_first_event(run.listing, self.settings, trading=True),
            services=ServiceState(),
            faults=FaultProgress(PLAN),
            place=BEFORE_ALL,
            market_time=run.now,
        )
        carry_on(self.market.stream, self.market.services, run.opening())
        self.header = LogHeader.of(self.settings, history=bytes(16), listing=run.listing, plan=PLAN)
        self.builder = BlockBuilder(self.market.position, LOGGED_KINDS)
        self.blocks, self.rows = [], []
        self.outcomes = deque()
        self.first = write_market(self.market, engine=ENGINE, wall=START)
        run.acted = self._acted
        self._asked = 0

    def whole(self):
        """As bytes."""
        return write_market(self.market, engine=ENGINE, wall=START)

    def standby(self, snapshot=None):
        """Who computes along, from the first block or from where the market stood."""
        return Computed(read_market(snapshot or self.first, self.header, engine=ENGINE))

    def write(self, rows=(), *entries, stood=0):
        """Write a block; gives it."""
        market = self.market
        for one in entries:
            self.builder.record(one)
            market.services.apply(one)
        for one in self.outcomes:
            self.builder.outcome(one)
        self.outcomes.clear()
        market.faults.published(market.position.seq, market.stream.market_state.now, list(rows))
        carry_on(market.stream, market.services, rows)
        self.rows += rows
        block = self.builder.build(
            rows,
            made=1.5,
            stood=stood,
            market_time=rows[-1][2] if rows else market.run.now,
            phase=RunState.RUNNING,
            takes_orders=True,
        )
        market.place = (1, len(self.blocks) + 1)
        self.blocks.append((market.place, block))
        return block

    def ask(self, *requests, edge="a", ahead=5 * MS):
        """Write requests of an edge; they act a little later."""
        at = self.market.run.now + ahead
        origins = [(edge, self._asked + number) for number in range(1, len(requests) + 1)]
        self._asked += len(requests)
        self.write(
            (),
            LogEntry(at=at, wall=0, kind=ORIGINS, data=origins),
            requests_entry(at=at, wall=0, requests=requests),
        )
        self.market.origins.extend(origins)
        self.market.decided.note(origins)
        self.market.run.take_entries(JournalEntry(at=at, request=request) for request in requests)

    def play(self, seconds, *, seed=1):
        """Write what happens until so many seconds after the beginning, in steps of any size."""
        chance, end = Random(seed), START + round(seconds * 10**9)
        while self.market.run.now < end:
            if chance.random() < 0.1:
                self.ask(*(order(account) for account in range(1, chance.randint(2, 4))))
            elif chance.random() < 0.05:
                self.write(stood=MS)
            self._before = self.market.position.seq
            until = min(end, self.market.run.now + chance.choice((0, MS, 50 * MS)))
            if rows := self.market.run.advance(until, chance.choice((1, 7, 60))):
                self.write(rows)

    def _acted(self, entry, rows, end):
        edge, number = self.market.origins.popleft()
        self.outcomes.append(Outcome(edge=edge, number=number, seq=self._before + end, events=len(rows)))
