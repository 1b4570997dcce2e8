"""
The market: a pure function of (specification, seed, commands).

Everyone acts at times of their own, kept on one heap; nothing here knows a clock or a loop. The
same rows come out however the time is cut into calls of :meth:`Market.advance`.
"""

from __future__ import annotations

import sys
from heapq import heappop, heapreplace
from math import inf
from typing import Final

from feed.book.exchange import Exchange
from feed.errors import MarketError
from feed.model.durations import NS_PER_SECOND
from feed.model.events import STATUS, Row, Side, Status
from feed.model.market import MarketSpec
from feed.model.orders import Ack, Command
from feed.sim.clock import ClockTicker
from feed.sim.event_queue import EventQueue
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.news import NewsProcess
from feed.sim.participants import Participants
from feed.sim.signal_monitor import SignalMonitor
from feed.sim.traders import LargeOrder


class Market:
    """
    A simulated market of one or more instruments.

    Besides running, it can be steered: every method that changes something acts at ``now`` and
    returns the rows that this left at once.

    Args:
        spec: What is traded, and by whom.
        seed: The same seed gives the same rows.
        start: Market time at which it opens, integer nanoseconds since the Unix epoch.
        after: A market of the same instruments that this one follows: its ids go on.

    Attributes:
        listing: The instruments, in index order.
        exchange: The books.
        now: Market time, integer nanoseconds since the Unix epoch.
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
        # What an instrument's participants had planned when it stopped: (nanoseconds left, actor).
        self._suspended: dict[int, list[tuple[int, int]]] = {}
        self._queue.schedule(self._news_process.index, start + NS_PER_SECOND)
        population = Participants(spec, self._sims, self._news_process, start=start)
        self._engines = population.engines
        self._trackers = population.trackers
        for index, sim in enumerate(self._sims):
            sim.book.now = start
            self._suspended[index] = population.add(sim)
            if sim.spec.listed:
                self._open(index)
            else:
                self.exchange.set_status(index, Status.DELISTED)
        population.add_arbitrageurs()
        self._rows += self._engine_rows()
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

    @property
    def market(self) -> Market:
        """Itself."""
        return self

    @property
    def end(self) -> None:
        """It has none."""

    def from_start(self) -> Market:
        """The same market from its beginning."""
        spec, seed, start = self._arguments
        return Market(spec, seed=seed, start=start)

    def opening(self) -> list[Row]:
        """The rows that built the opening books, at the start; to be taken once, before all others."""
        return self._take_rows()

    def next_time(self) -> int:
        """Market time of the next scheduled action."""
        return self._queue.heap[0][0]

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """
        Let everyone act whose time has come.

        Args:
            until: Market time up to which, and including which, actions are run.
            limit: Stop after the first whole action that brings the rows to this number; ``now`` is
                then the time of that action, else ``until``.
        Raises:
            MarketError: ``until`` is in the past.
        """
        if until < self.now:
            raise MarketError(f"market time is {self.now}, it cannot go back to {until}")
        rows, heap, actors = self._rows, self._queue.heap, self._queue.actors
        while heap[0][0] <= until:
            now, index = heap[0]
            # Whatever an actor plans lies in the future: the head of the heap is still its own.
            wait = actors[index].act(now)
            if wait:
                heapreplace(heap, (now + wait, index))
            else:
                heappop(heap)
            if len(rows) >= limit:
                self.now = now
                return self._take_rows()
        self.now = until
        return self._take_rows()

    def snapshot(self) -> list[Row]:
        """Every status, book and derivative as it stands, in rows that rebuild them from nothing."""
        statuses = [
            (STATUS, index, self.now, int(status)) for index, status in enumerate(self.exchange.statuses)
        ]
        orders = [row for book in self.exchange.books for row in book.rows()]
        return statuses + [(*row[:2], self.now, *row[3:]) for row in orders] + self._engine_rows()

    def step(self) -> list[Row]:
        """Exactly one action, at :meth:`next_time`, which becomes ``now``. It may leave no row."""
        return self.advance(self.next_time(), limit=0)

    def submit(self, command: Command) -> tuple[Ack, list[Row]]:
        """Let a client's order act now. Returns its answer, and the rows that followed at once."""
        before = len(self._rows)
        sim = self._sims[command.instrument] if 0 <= command.instrument < len(self._sims) else None
        if sim is not None:
            sim.book.now = self.now
        ack = self.exchange.execute(command)
        if sim is not None:
            sim.traded(self.now, before)
        return ack, self._take_rows()

    def shock(self, instrument: int, fraction: float) -> list[Row]:
        """News: move the fundamental value by ``fraction`` of itself. The makers follow."""
        sim = self._sims[instrument]
        sim.move_value(fraction)
        if instrument not in self._suspended:
            sim.notify_makers(self.now)
        return self._take_rows()

    def volatility(self, instrument: int, factor: float) -> list[Row]:
        """Let the value swing ``factor`` times as far as the specification says."""
        self._sims[instrument].set_volatility(_checked(factor))
        return self._take_rows()

    def activity(self, instrument: int, factor: float) -> list[Row]:
        """Let everything happen ``factor`` times as often as the specification says, at equal volatility."""
        sim = self._sims[instrument]
        before = sim.interval_scale
        sim.set_activity(_checked(factor))
        trading = instrument not in self._suspended
        planned = self._queue.unschedule(sim, self.now) if trading else self._suspended[instrument]
        self._suspended[instrument] = [
            (int(left * sim.interval_scale / before), actor) for left, actor in planned
        ]
        if trading:
            self._unpark(instrument)
        return self._take_rows()

    def liquidity(self, instrument: int, factor: float) -> list[Row]:
        """Let everyone work with ``factor`` times the sizes of the specification; makers do at once."""
        sim = self._sims[instrument]
        sim.set_liquidity(_checked(factor))
        return self._requote(instrument)

    def imbalance(self, instrument: int, side: Side, factor: float) -> list[Row]:
        """Let what rests on a side be ``factor`` times as large as on the other; makers do at once."""
        self._sims[instrument].imbalance(int(side), _checked(factor))
        return self._requote(instrument)

    def spread(self, instrument: int, factor: float) -> list[Row]:
        """Let makers ask for ``factor`` times the spread of the specification, at once."""
        self._sims[instrument].set_spread(_checked(factor))
        return self._requote(instrument)

    def large_order(
        self,
        instrument: int,
        side: Side,
        lots: int,
        *,
        slices: int = 1,
        pause: int = NS_PER_SECOND,
        reach: float = 100.0,
    ) -> list[Row]:
        """
        Let someone trade ``lots`` against the book, from the next action on, or once it trades again.

        Args:
            instrument: Index of the instrument.
            side: Side of the one who takes.
            lots: In all.
            slices: Equal parts; a single one sweeps the book at once.
            pause: Nanoseconds between two slices.
            reach: How far past the best price a slice goes, in spreads; what it does not find there
                is not traded.
        Raises:
            MarketError: Nothing to trade, or no time to do it in.
        """
        if min(lots, slices, pause) < 1:
            raise MarketError(
                "a large order needs at least one lot, one slice and one nanosecond between two"
            )
        sim = self._sims[instrument]
        order = LargeOrder(sim, int(side), lots, slices=slices, pause=pause, reach=reach)
        index = self._queue.register(order)
        if instrument in self._suspended:
            self._suspended[instrument].append((0, index))
        else:
            self._queue.schedule(index, self.now)
        return self._take_rows()

    def premium(self, instrument: int, fraction: float) -> list[Row]:
        """
        Keep a value that follows another at ``fraction`` above it; 0 to let go.

        Raises:
            MarketError: No value could be there.
        """
        if not -1 < fraction < inf:
            raise MarketError(f"a premium must be a number above -1, not {fraction}")
        self._sims[instrument].premium = fraction
        return self._take_rows()

    def detach(self, instrument: int, *, detached: bool) -> list[Row]:
        """Let an instrument that follows another cease to, or follow again."""
        sim = self._sims[instrument]
        sim.detached = detached
        sim.impact = 0.0  # what trades say meanwhile, nobody elsewhere hears
        return self._take_rows()

    def set_status(self, instrument: int, status: Status) -> list[Row]:
        """
        List, halt, resume or delist an instrument.

        Nobody acts while it does not trade. A halt leaves orders on the book, delisting takes all of
        them off; back in trading, makers quote and everyone goes on with what they had planned.
        """
        sim = self._sims[instrument]
        sim.book.now = self.now
        if instrument not in self._suspended and status is not Status.TRADING:
            if not sim.follows:
                self._news_process.sims.remove(sim)
            self._suspended[instrument] = self._queue.unschedule(sim, self.now)
        opens = not sim.listed
        sim.trading, sim.listed = status is Status.TRADING, status is not Status.DELISTED
        self.exchange.set_status(instrument, status)
        if status is Status.DELISTED:
            sim.clear()
        elif status is Status.TRADING and instrument in self._suspended:
            if opens and instrument in self._engines:
                self._rows += self._engines[instrument].rows(self.now)
            self._open(instrument)
        return self._take_rows()

    def _open(self, instrument: int) -> None:
        sim = self._sims[instrument]
        sim.trading = sim.listed = True
        if instrument in self._trackers:
            self._trackers[instrument].catch_up(self.now)
        for maker in sim.makers:
            maker.quote_ladder()
        sim.notify_makers(self.now)
        self._unpark(instrument)
        if not sim.follows:
            self._news_process.sims.append(sim)

    def _unpark(self, instrument: int) -> None:
        for left, actor in self._suspended.pop(instrument):
            self._queue.schedule(actor, self.now + left)

    def _engine_rows(self) -> list[Row]:
        listed = (engine for index, engine in self._engines.items() if self._sims[index].listed)
        return [row for engine in listed for row in engine.rows(self.now)]

    def _requote(self, instrument: int) -> list[Row]:
        if instrument not in self._suspended:
            sim = self._sims[instrument]
            sim.book.now = self.now
            for maker in sim.makers:
                maker.cancel_quotes()
                maker.quote_ladder()
        return self._take_rows()

    def _take_rows(self) -> list[Row]:
        rows = self._rows[:]
        self._rows.clear()
        return rows


def _checked(factor: float) -> float:
    if not 0 < factor < inf:
        raise MarketError(f"a factor must be a positive number, not {factor}")
    return factor
