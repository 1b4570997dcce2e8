"""
Perpetual futures: who trades them with borrowed money, and the engine that marks, funds and liquidates.

The engine's order trades on the book like any other and moves the value like any other: one
liquidation can push the price to where the next position's margin runs out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.analytics.depth import twice_median
from feed.analytics.funding import PremiumMean, funding_rate, premium
from feed.model.contracts import Perpetual
from feed.model.durations import NS_PER_HOUR, NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.events import FUNDING, LIQUIDATION, MARK, Row
from feed.model.instruments import proportions
from feed.sim.instrument_parameters import BUY, SELL
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.margin import MarginPosition, Positions, opened
from feed.sim.random_streams import EXPONENTIAL, HEAVY, MASK, WIDTH

CHECK: Final = 100 * NS_PER_MILLISECOND  # the engine looks at every multiple of this
FUNDING_EVERY: Final = 10 * NS_PER_SECOND
# The mark price follows the distance of the future from the index with this share of it per second.
_SMOOTH: Final = 0.05
# Positions of before the opening were entered up to this far from the price there.
_SPREAD_OUT: Final = 0.006
_REACH: Final = 20.0  # spreads, for who opens a position
ANY_REACH: Final = 100.0  # spreads, for who closes one, and for the engine: it must close


class PerpetualEngine:
    """
    Marks one perpetual future, charges funding, and closes positions whose margin has run out.

    Args:
        sim: Where it is traded.
        spec: What it is.
        spot: The venues of its underlying.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        sim: None: it goes on while its own instrument is halted.
        positions: Of the traders with borrowed money.
        paid: Market time, rate and mark price of the last funding payment; all 0 before the first.
    """

    sim: Final = None

    def __init__(
        self, sim: InstrumentSim, spec: Perpetual, spot: Sequence[InstrumentSim], *, start: int
    ) -> None:
        self.index = sim.queue.register(self)
        self.positions: Final = Positions()
        self.paid = (0, 0, 0)
        self._perpetual = sim
        self._spec = spec
        own, *ticks = proportions(it.spec.instrument.tick_size for it in (sim, *spot))
        self._ticks = own
        self._spot = tuple(zip(spot, ticks, strict=True))
        self._interval = spec.interval_hours * NS_PER_HOUR
        self._index2 = 2 * round(sim.value)  # twice the index price, ticks
        self._apart = 0.0  # of the future from the index, smoothed, half ticks
        self._premiums = PremiumMean()
        self._rate = spec.interest
        self._next_time = start - start % self._interval + self._interval
        self._told: dict[int, Row] = {}  # the last mark and funding, by kind
        sim.queue.schedule(self.index, start - start % CHECK + CHECK)

    @property
    def mark(self) -> int:
        """Mark price, integer ticks."""
        return max(1, (self._index2 + round(self._apart) + 1) // 2)

    def act(self, now: int) -> int:
        """Look at the prices, close what must be closed, and tell where things stand."""
        self._look()
        sim = self._perpetual
        if sim.trading:
            for position in self.positions.due(self.mark):
                self._liquidate(now, position)
        if not now % NS_PER_SECOND:
            self._second(now)
        return CHECK

    def rows(self, now: int) -> list[Row]:
        """Mark price and funding as they were last told, or would have been if it were listed."""
        told = self._told
        for row in (self._mark_row(now), self._funding_row(now)):
            told.setdefault(row[0], row)
        return [(*told[kind][:2], now, *told[kind][3:]) for kind in (MARK, FUNDING)]

    def _look(self) -> None:
        books = [(venue.book, tick) for venue, tick in self._spot if venue.trading]
        mids2 = [(book.bid + book.ask) * tick for book, tick in books if book.bid and book.ask]
        if mids2:
            self._index2 = twice_median(mids2) // (2 * self._ticks)

    def _second(self, now: int) -> None:
        book = self._perpetual.book
        # The prices of a halted book are of another time than the index.
        if self._perpetual.trading and book.bid and book.ask:
            apart = book.bid + book.ask - self._index2
            self._apart += _SMOOTH * (apart - self._apart)
            self._premiums.add(premium(book.bid + book.ask, self._index2))
        self._tell(self._mark_row(now))
        if now >= self._next_time:
            self.paid = (now, self._rate, self.mark)
            self.positions.pay(self._rate, self.mark)
            self._rate = self._predicted()
            self._premiums = PremiumMean()
            self._next_time += self._interval
            self._tell(self._funding_row(now))
        elif not now % FUNDING_EVERY:
            self._tell(self._funding_row(now))

    def _tell(self, row: Row) -> None:
        self._told[row[0]] = row
        if self._perpetual.listed:
            self._perpetual.publish(row)

    def _predicted(self) -> int:
        return funding_rate(self._premiums.value, self._spec.interest, self._spec.most_funding)

    def _mark_row(self, now: int) -> Row:
        index = self._perpetual.book.instrument
        return (MARK, index, now, self.mark, (self._index2 + 1) // 2, self.positions.interest())

    def _funding_row(self, now: int) -> Row:
        index = self._perpetual.book.instrument
        return (FUNDING, index, now, self._rate, self._predicted(), self._next_time)

    def _liquidate(self, now: int, position: MarginPosition) -> None:
        sim = self._perpetual
        side = SELL if position.side == BUY else BUY
        worst = sim.limit_price(side, ANY_REACH)
        order = sim.next_order()
        row = (LIQUIDATION, sim.book.instrument, now, order, side, worst, position.lots)
        position.lots -= sim.take(now, side, position.lots, worst, order=order, before=row)
        if position.lots:
            self.positions.add(position)


class Leverage:
    """
    Opens and closes positions with borrowed money, about as many as the specification says.

    Args:
        sim: Where.
        spec: How.
        positions: Those that are open.
    """

    __slots__ = ("_bits", "_gap", "_positions", "_spec", "index", "sim")

    def __init__(self, sim: InstrumentSim, spec: Perpetual, positions: Positions) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._spec = spec
        self._positions = positions
        self._gap = NS_PER_SECOND / spec.trades_per_second
        self._bits = sim.random_stream("leverage")
        for _ in range(spec.traders):
            bits = self._bits(4 * WIDTH)
            away = (2 * (bits >> 3 * WIDTH & MASK) / MASK - 1) * _SPREAD_OUT
            side = self._side(bits)
            position = self._position(side, bits, round(sim.value * (1 + away)))
            if position.due(round(sim.value)):  # it would not have lived to see the opening
                position = self._position(side, bits, round(sim.value * (1 - away)))
            positions.add(position)

    def act(self, now: int) -> int:
        """Open a position or close one."""
        bits = self._bits(5 * WIDTH)
        sim, book = self.sim, self.sim.book
        known = self._positions.open
        opens = (bits >> 3 * WIDTH & MASK) * 2 * self._spec.traders > len(known) << WIDTH
        if opens:
            side = self._side(bits)
            position = self._position(side, bits, book.bid if side else book.ask)
            position.lots = sim.take(now, side, position.lots, sim.limit_price(side, _REACH))
            if position.lots:
                self._positions.add(position)
        elif known:
            position = self._positions.take((bits & MASK) * len(known) >> WIDTH)
            side = SELL if position.side == BUY else BUY
            position.lots -= sim.take(now, side, position.lots, sim.limit_price(side, ANY_REACH))
            if position.lots:
                self._positions.add(position)
        return 1 + int(self._gap * sim.interval_scale * EXPONENTIAL[bits >> 4 * WIDTH & MASK])

    def _side(self, bits: int) -> int:
        return BUY if (bits & MASK) < self._spec.longs * (MASK + 1) else SELL

    def _position(self, side: int, bits: int, entry: int) -> MarginPosition:
        spec = self._spec
        lots = 1 + int(self.sim.spec.size * spec.size * HEAVY[bits >> WIDTH & MASK])
        share = (bits >> 2 * WIDTH & MASK) / MASK
        # Who borrows, borrows less where prices move more than usual, or lively hours would be a row of
        # liquidations.
        sim = self.sim
        calm = min(1.0, sim.volatility * sim.reference.permanent / sim.deviation)
        leverage = 1 + (spec.leverage - 1) * share * share * calm
        return opened(side, lots, max(1, entry), leverage=leverage, maintenance=spec.maintenance)
