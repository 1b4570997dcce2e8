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
from feed.sim.agenda import Agenda
from feed.sim.clock import Bell
from feed.sim.news import Headlines
from feed.sim.pit import Pit
from feed.sim.population import Population
from feed.sim.traders import LargeOrder
from feed.sim.watch import Watch


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
        self._begun_with: Final = (spec, seed, start)
        self.now = start
        self._rows: list[Row] = []
        self._agenda = Agenda()
        self.exchange: Final = Exchange(self.listing, self._rows.append)
        if after is not None:
            self.exchange.carry_on(after.exchange)
        Bell(self._agenda, self._rows, start)  # first: at equal times a second begins before its events
        self._headlines = Headlines(spec, self._agenda, seed)
        self._pits = [
            Pit(
                spec,
                item,
                seed=seed,
                book=book,
                next_order=self.exchange.next_order,
                rows=self._rows,
                agenda=self._agenda,
            )
            for item, book in zip(spec.instruments, self.exchange.books, strict=True)
        ]
        # What an instrument's participants had planned when it stopped: (nanoseconds left, actor).
        self._parked: dict[int, list[tuple[int, int]]] = {}
        self._agenda.call(self._headlines.index, start + NS_PER_SECOND)
        population = Population(spec, self._pits, self._headlines, start=start)
        self._engines = population.engines
        self._trackers = population.trackers
        for index, pit in enumerate(self._pits):
            pit.book.now = start
            self._parked[index] = population.bring_in(pit)
            if pit.spec.listed:
                self._open(index)
            else:
                self.exchange.set_status(index, Status.DELISTED)
        population.bring_in_arbitrageurs()
        self._rows += self._engine_rows()
        if spec.signals is not None:
            watch = Watch(
                self.listing,
                spec.signals,
                exchange=self.exchange,
                rows=self._rows,
                agenda=self._agenda,
                start=start,
            )
            for pit in self._pits:
                pit.watch = watch

    @property
    def market(self) -> Market:
        """Itself."""
        return self

    @property
    def end(self) -> None:
        """It has none."""

    def again(self) -> Market:
        """The same market from its beginning."""
        spec, seed, start = self._begun_with
        return Market(spec, seed=seed, start=start)

    def opening(self) -> list[Row]:
        """The rows that built the opening books, at the start; to be taken once, before all others."""
        return self._taken()

    def next_time(self) -> int:
        """Market time of the next scheduled action."""
        return self._agenda.heap[0][0]

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
        rows, heap, actors = self._rows, self._agenda.heap, self._agenda.actors
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
                return self._taken()
        self.now = until
        return self._taken()

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
        pit = self._pits[command.instrument] if 0 <= command.instrument < len(self._pits) else None
        if pit is not None:
            pit.book.now = self.now
        ack = self.exchange.execute(command)
        if pit is not None:
            pit.traded(self.now, before)
        return ack, self._taken()

    def shock(self, instrument: int, fraction: float) -> list[Row]:
        """News: move the fundamental value by ``fraction`` of itself. The makers follow."""
        pit = self._pits[instrument]
        pit.move(fraction)
        if instrument not in self._parked:
            pit.alert(self.now)
        return self._taken()

    def volatility(self, instrument: int, factor: float) -> list[Row]:
        """Let the value swing ``factor`` times as far as the specification says."""
        self._pits[instrument].swing(_checked(factor))
        return self._taken()

    def activity(self, instrument: int, factor: float) -> list[Row]:
        """Let everything happen ``factor`` times as often as the specification says, at equal volatility."""
        pit = self._pits[instrument]
        before = pit.calm
        pit.hurry(_checked(factor))
        trading = instrument not in self._parked
        planned = self._agenda.withdraw(pit, self.now) if trading else self._parked[instrument]
        self._parked[instrument] = [(int(left * pit.calm / before), actor) for left, actor in planned]
        if trading:
            self._unpark(instrument)
        return self._taken()

    def liquidity(self, instrument: int, factor: float) -> list[Row]:
        """Let everyone work with ``factor`` times the sizes of the specification; makers do at once."""
        pit = self._pits[instrument]
        pit.deepen(_checked(factor))
        return self._requote(instrument)

    def imbalance(self, instrument: int, side: Side, factor: float) -> list[Row]:
        """Let what rests on a side be ``factor`` times as large as on the other; makers do at once."""
        self._pits[instrument].tilt(int(side), _checked(factor))
        return self._requote(instrument)

    def spread(self, instrument: int, factor: float) -> list[Row]:
        """Let makers ask for ``factor`` times the spread of the specification, at once."""
        self._pits[instrument].widen(_checked(factor))
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
        pit = self._pits[instrument]
        order = LargeOrder(pit, int(side), lots, slices=slices, pause=pause, reach=reach)
        index = self._agenda.join(order)
        if instrument in self._parked:
            self._parked[instrument].append((0, index))
        else:
            self._agenda.call(index, self.now)
        return self._taken()

    def premium(self, instrument: int, fraction: float) -> list[Row]:
        """
        Keep a value that follows another at ``fraction`` above it; 0 to let go.

        Raises:
            MarketError: No value could be there.
        """
        if not -1 < fraction < inf:
            raise MarketError(f"a premium must be a number above -1, not {fraction}")
        self._pits[instrument].lean = fraction
        return self._taken()

    def detach(self, instrument: int, *, detached: bool) -> list[Row]:
        """Let an instrument that follows another cease to, or follow again."""
        pit = self._pits[instrument]
        pit.detached = detached
        pit.impact = 0.0  # what trades say meanwhile, nobody elsewhere hears
        return self._taken()

    def set_status(self, instrument: int, status: Status) -> list[Row]:
        """
        List, halt, resume or delist an instrument.

        Nobody acts while it does not trade. A halt leaves orders on the book, delisting takes all of
        them off; back in trading, makers quote and everyone goes on with what they had planned.
        """
        pit = self._pits[instrument]
        pit.book.now = self.now
        if instrument not in self._parked and status is not Status.TRADING:
            if not pit.follows:
                self._headlines.pits.remove(pit)
            self._parked[instrument] = self._agenda.withdraw(pit, self.now)
        opens = not pit.listed
        pit.trading, pit.listed = status is Status.TRADING, status is not Status.DELISTED
        self.exchange.set_status(instrument, status)
        if status is Status.DELISTED:
            pit.clear()
        elif status is Status.TRADING and instrument in self._parked:
            if opens and instrument in self._engines:
                self._rows += self._engines[instrument].rows(self.now)
            self._open(instrument)
        return self._taken()

    def _open(self, instrument: int) -> None:
        pit = self._pits[instrument]
        pit.trading = pit.listed = True
        if instrument in self._trackers:
            self._trackers[instrument].catch_up(self.now)
        for maker in pit.makers:
            maker.fill()
        pit.alert(self.now)
        self._unpark(instrument)
        if not pit.follows:
            self._headlines.pits.append(pit)

    def _unpark(self, instrument: int) -> None:
        for left, actor in self._parked.pop(instrument):
            self._agenda.call(actor, self.now + left)

    def _engine_rows(self) -> list[Row]:
        listed = (engine for index, engine in self._engines.items() if self._pits[index].listed)
        return [row for engine in listed for row in engine.rows(self.now)]

    def _requote(self, instrument: int) -> list[Row]:
        if instrument not in self._parked:
            pit = self._pits[instrument]
            pit.book.now = self.now
            for maker in pit.makers:
                maker.withdraw()
                maker.fill()
        return self._taken()

    def _taken(self) -> list[Row]:
        rows = self._rows[:]
        self._rows.clear()
        return rows


def _checked(factor: float) -> float:
    if not 0 < factor < inf:
        raise MarketError(f"a factor must be a positive number, not {factor}")
    return factor
