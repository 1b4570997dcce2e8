"""
The simulated market: a pure function of (specification, seed, commands).

Every participant acts at times of its own, which are on one heap; nothing here reads a clock. The rows
do not depend on how time is divided into calls of :meth:`Market.advance`.
"""

from __future__ import annotations

import sys
from heapq import heappop, heapreplace
from math import inf
from typing import Final

from feed.book.exchange import Exchange
from feed.errors import MarketError
from feed.model.auctions import AuctionPurpose
from feed.model.durations import NS_PER_SECOND
from feed.model.events import LIQUIDATION, STATUS, Row, Side, Status
from feed.model.market import MarketSpec
from feed.model.orders import Ack, Command
from feed.sim.agent_gateway import AgentGateway, MarketAccess
from feed.sim.event_queue import ClockTicker, EventQueue
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.large_orders import LargeOrderReport, SlicedOrder
from feed.sim.news import ImpactSpreading, NewsProcess
from feed.sim.participants import Participants
from feed.sim.perpetual import ANY_REACH, PerpetualEngine
from feed.sim.signal_monitor import SignalMonitor
from feed.sim.trading_status import TradingStatuses
from feed.sim.volatility import VolatilityRegimes


class Market:
    """
    A simulated market of one or more instruments.

    Methods that change something act at ``now`` and return the rows of their immediate effects.

    Args:
        spec: Instruments and participants.
        seed: Of all random numbers; equal seeds give equal rows.
        start: Market time at which it opens, integer nanoseconds since the Unix epoch.
        after: A market of the same instruments whose order and trade ids this one continues.

    Attributes:
        listing: The instruments, in index order.
        exchange: The books.
        now: Market time, integer nanoseconds since the Unix epoch.
        agents: Participants that are code of the user's own; None where there are none.
    """

    def __init__(self, spec: MarketSpec, *, seed: int, start: int, after: Market | None = None) -> None:
        self.listing: Final = spec.listing()
        self._arguments: Final = (spec, seed, start)
        self.now = start
        self._rows: list[Row] = []
        self._queue = EventQueue()
        self.exchange: Final = Exchange(self.listing, self._rows.append)
        if after is not None:
            self.exchange.carry_on(after.exchange)
        ClockTicker(self._queue, self._rows, start)  # first: at equal times a second begins before its events
        self._news_process = NewsProcess(spec, self._queue, seed)
        self._sims = [
            InstrumentSim(
                spec,
                item,
                seed=seed,
                book=book,
                next_order=self.exchange.next_order,
                rows=self._rows,
                queue=self._queue,
            )
            for item, book in zip(spec.instruments, self.exchange.books, strict=True)
        ]
        self._large_orders: list[SlicedOrder] = []
        self._queue.schedule(self._news_process.index, start + NS_PER_SECOND)
        if any(item.factors.leads for item in spec.instruments):
            spreading = ImpactSpreading(self._news_process, self._queue, seed)
            self._queue.schedule(spreading.index, start + NS_PER_SECOND)
        population = Participants(spec, self._sims, start=start)
        self._engines = population.engines
        self._statuses = TradingStatuses(
            self._sims,
            self.exchange,
            queue=self._queue,
            rows=self._rows,
            news_process=self._news_process,
            engines=population.engines,
            trackers=population.trackers,
        )
        self._suspended = self._statuses.suspended
        for index, sim in enumerate(self._sims):
            self._suspended[index] = population.add(sim)
        self._set_regimes(spec, seed, start)
        for index, sim in enumerate(self._sims):
            sim.book.now = start
            if sim.spec.listed:
                self._statuses.open(index, start)
            else:
                self.exchange.set_status(index, Status.DELISTED)
        population.add_arbitrageurs()
        self._rows += self._engine_rows()
        if spec.sessions is not None:
            self._statuses.keep_hours(spec.sessions, start)
        if spec.signals is not None:
            monitor = SignalMonitor(
                self.listing,
                spec.signals,
                exchange=self.exchange,
                rows=self._rows,
                queue=self._queue,
                start=start,
            )
            for sim in self._sims:
                sim.observer = monitor
        access = MarketAccess(self.exchange, self.listing, self._rows, self._queue, self._enter)
        self.agents = AgentGateway(spec.agents, access, seed=seed, start=start) if spec.agents else None

    @property
    def market(self) -> Market:
        """Itself."""
        return self

    @property
    def large_orders(self) -> tuple[LargeOrderReport, ...]:
        """What became of large orders, in the order in which they came."""
        return tuple(order.report for order in self._large_orders)

    @property
    def end(self) -> None:
        """None: it has no end."""

    def from_start(self) -> Market:
        """A new market with the same arguments."""
        spec, seed, start = self._arguments
        return Market(spec, seed=seed, start=start)

    def opening(self) -> list[Row]:
        """The rows of the opening books. To be called once, before :meth:`advance`."""
        return self._take_rows()

    def next_time(self) -> int:
        """Market time of the next scheduled action."""
        return self._queue.heap[0][0]

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """
        Run all actions up to a market time.

        Args:
            until: Market time, inclusive.
            limit: Stop after the action with which the rows reach this number; ``now`` is then the
                time of that action, else ``until``.
        Raises:
            MarketError: ``until`` is in the past.
        """
        if until < self.now:
            raise MarketError(f"market time is {self.now}, it cannot go back to {until}")
        rows, heap, actors, agents = self._rows, self._queue.heap, self._queue.actors, self.agents
        while heap[0][0] <= until:
            now, index = heap[0]
            # Actors schedule actions in the future only, so the head of the heap is still this one.
            wait = actors[index].act(now)
            if wait:
                heapreplace(heap, (now + wait, index))
            else:
                heappop(heap)
            if agents is not None:
                agents.see()
            if len(rows) >= limit:
                self.now = now
                return self._take_rows()
        self.now = until
        return self._take_rows()

    def snapshot(self) -> list[Row]:
        """Rows that rebuild the current statuses, books and derivatives from nothing."""
        statuses = [
            (STATUS, index, self.now, int(status)) for index, status in enumerate(self.exchange.statuses)
        ]
        orders = [row for book in self.exchange.books for row in book.rows()]
        derived = self._engine_rows() + self._statuses.auction_rows(self.now)
        return statuses + [(*row[:2], self.now, *row[3:]) for row in orders] + derived

    def step(self) -> list[Row]:
        """Run exactly one action, at :meth:`next_time`, which becomes ``now``. It may give no row."""
        return self.advance(self.next_time(), limit=0)

    def submit(self, command: Command) -> tuple[Ack, list[Row]]:
        """Execute a client's order now. Returns its acknowledgement, and the rows of its effects."""
        return self._enter(command, self.now), self._take_rows()

    def mark(self, instrument: int) -> int:
        """
        Mark price, integer ticks; 0 when there is none.

        That of the engine of a perpetual future; of anything else the middle of its quote, rounded down, or
        the reference price of its call auction, or the last price while it is closed, when there is no quote
        to go by.
        """
        engine, book = self._engines.get(instrument), self.exchange.books[instrument]
        if isinstance(engine, PerpetualEngine):
            return engine.mark
        if instrument in self.exchange.auctions:
            return self.exchange.auctions[instrument].reference
        if book.last and self.exchange.statuses[instrument] is Status.CLOSED:
            return book.last
        return (book.bid + book.ask) // 2 if book.bid and book.ask else book.bid or book.ask

    def funding(self, instrument: int) -> tuple[int, int] | None:
        """Rate, in units of 1e-8, and mark price of a payment that is due right now; None for none."""
        engine = self._engines.get(instrument)
        if not isinstance(engine, PerpetualEngine) or engine.paid[0] != self.now:
            return None
        return engine.paid[1:] if self._sims[instrument].listed else None

    def worst(self, instrument: int, side: Side) -> int:
        """The worst price at which a position is liquidated now, integer ticks."""
        return self._sims[instrument].limit_price(int(side), ANY_REACH)

    def liquidate(self, instrument: int, side: Side, lots: int, order: int, _account: int = 0) -> list[Row]:
        """Close ``lots`` of a position with an order of this id, which takes from the book."""
        sim, worst = self._sims[instrument], self.worst(instrument, side)
        row = (LIQUIDATION, instrument, self.now, order, int(side), worst, lots)
        sim.take(self.now, int(side), lots, worst, order=order, before=row)
        return self._take_rows()

    def shock(self, instrument: int, fraction: float) -> list[Row]:
        """Move the fundamental value by ``fraction`` of itself. Market makers react to it."""
        self._sims[instrument].hear(self.now, fraction)
        return self._take_rows()

    def volatility(self, instrument: int, factor: float) -> list[Row]:
        """Set the volatility of the price to ``factor`` times that of the specification."""
        self._sims[instrument].set_volatility(_checked(factor))
        return self._take_rows()

    def activity(self, instrument: int, factor: float) -> list[Row]:
        """Set the rate of all actions to ``factor`` times that of the specification, at equal volatility."""
        self._statuses.set_activity(instrument, _checked(factor), self.now)
        return self._take_rows()

    def liquidity(self, instrument: int, factor: float) -> list[Row]:
        """Set order sizes to ``factor`` times those of the specification. Makers requote at once."""
        sim = self._sims[instrument]
        sim.set_liquidity(_checked(factor))
        return self._requote(instrument, deep=True)

    def imbalance(self, instrument: int, side: Side, factor: float) -> list[Row]:
        """Set resting sizes of one side to ``factor`` times those of the other. Makers requote at once."""
        self._sims[instrument].imbalance(int(side), _checked(factor))
        return self._requote(instrument, deep=True)

    def spread(self, instrument: int, factor: float) -> list[Row]:
        """Set the spread of makers to ``factor`` times that of the specification. They requote at once."""
        self._sims[instrument].set_spread(_checked(factor))
        return self._requote(instrument, deep=True)

    def large_order(
        self,
        instrument: int,
        side: Side,
        lots: int,
        *,
        slices: int = 1,
        pause: int = NS_PER_SECOND,
        bps: float | None = None,
    ) -> list[Row]:
        """
        Schedule a large aggressive order, from the next action on, or from when the instrument trades.

        Args:
            instrument: Index of the instrument.
            side: Side of the aggressor.
            lots: Total size.
            slices: Number of equal parts; 1 sweeps the book at once.
            pause: Nanoseconds between two slices.
            bps: Limit price, basis points past the middle of the best prices when it begins; what is not
                available up to there is not traded. None for any price.
        Raises:
            MarketError: ``lots``, ``slices`` or ``pause`` is less than 1.
        """
        if min(lots, slices, pause) < 1:
            raise MarketError(
                "a large order needs at least one lot, one slice and one nanosecond between two"
            )
        sim = self._sims[instrument]
        order = SlicedOrder(sim, instrument, side, lots, slices=slices, pause=pause, bps=bps, rows=self._rows)
        self._large_orders.append(order)
        index = self._queue.register(order)
        if instrument in self._suspended:
            self._suspended[instrument].append((0, index))
        else:
            self._queue.schedule(index, self.now)
        return self._take_rows()

    def premium(self, instrument: int, fraction: float) -> list[Row]:
        """
        Keep the value of an instrument that follows another at ``fraction`` above it; 0 for none.

        Raises:
            MarketError: ``fraction`` is not above -1, or infinite.
        """
        if not -1 < fraction < inf:
            raise MarketError(f"a premium must be a number above -1, not {fraction}")
        self._sims[instrument].premium = fraction
        return self._take_rows()

    def detach(self, instrument: int, *, detached: bool) -> list[Row]:
        """Stop an instrument from following another, or let it follow again."""
        sim = self._sims[instrument]
        sim.detached = detached
        sim.impact = 0.0  # the impact of trades while detached is not passed on
        return self._take_rows()

    def auction(
        self, instrument: int, purpose: AuctionPurpose, duration: int, after: Status = Status.TRADING
    ) -> list[Row]:
        """
        Begin a call auction: orders are collected for ``duration`` nanoseconds, then they trade at one price.

        One that a halt has interrupted goes on with its orders. :meth:`set_status` ends it early.
        """
        if duration < 1:
            raise MarketError("a call auction lasts at least one nanosecond")
        self._statuses.auction(instrument, purpose, duration, after, self.now)
        return self._take_rows()

    def set_status(self, instrument: int, status: Status) -> list[Row]:
        """
        List, halt, resume, close or delist an instrument.

        Its participants are suspended while it does not trade. A halt leaves orders in the book, a
        delisting cancels all of them. When it trades again, makers quote, and suspended actions are
        scheduled with the time that they had left. What was collected for a call auction trades in it
        before the instrument trades on, or is closed.
        """
        self._statuses.change(instrument, status, self.now)
        return self._take_rows()

    def _set_regimes(self, spec: MarketSpec, seed: int, start: int) -> None:
        regimes: dict[str, VolatilityRegimes] = {}
        for sim in self._sims:
            asset_class = sim.spec.instrument.asset_class
            if asset_class not in regimes:
                regimes[asset_class] = VolatilityRegimes(
                    spec.regimes, asset_class, self._queue, seed=seed, start=start
                )
            regimes[asset_class].sims.append(sim)
            sim.set_regime(regimes[asset_class].level, regimes[asset_class].activity)

    def _enter(self, command: Command, now: int) -> Ack:
        """Execute an order at ``now``, the time of the action that is running."""
        before = len(self._rows)
        sim = self._sims[command.instrument] if 0 <= command.instrument < len(self._sims) else None
        if sim is not None:
            sim.book.now = now
        ack = self.exchange.execute(command)
        if sim is not None:
            sim.client_traded(now, before)
        return ack

    def _engine_rows(self) -> list[Row]:
        listed = (engine for index, engine in self._engines.items() if self._sims[index].listed)
        return [row for engine in listed for row in engine.rows(self.now)]

    def _requote(self, instrument: int, *, deep: bool = False) -> list[Row]:
        if instrument not in self._suspended:
            sim = self._sims[instrument]
            sim.book.now = self.now
            for maker in sim.makers:
                maker.cancel_quotes()
            if deep and sim.deep is not None:
                sim.deep.cancel_all()
            sim.quote(self.now)
        return self._take_rows()

    def _take_rows(self) -> list[Row]:
        if self.agents is not None:
            self.agents.before_taking()
        rows = self._rows[:]
        self._rows.clear()
        return rows


def _checked(factor: float) -> float:
    if not 0 < factor < inf:
        raise MarketError(f"a factor must be a positive number, not {factor}")
    return factor
