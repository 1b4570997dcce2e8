"""Large orders of a timeline: far more than the best quote offers, at once or slice by slice."""

from __future__ import annotations

from math import ceil, floor
from typing import Final, Protocol, runtime_checkable

import attrs

from feed.model.events import TRADE, Row, Side
from feed.model.instruments import Listing
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.reference_price import Metaorder

BPS: Final = 10_000
"""Basis points in 1."""


@attrs.frozen(kw_only=True)
class LargeOrderReport:
    """
    What became of a large order.

    Attributes:
        instrument: Index of the instrument.
        side: Of the aggressor.
        lots: Asked for.
        traded: Lots traded so far.
        value: Of these trades, ticks times lots.
        since: Market time of the first slice, nanoseconds since the Unix epoch; 0 before it.
        start: Middle of the best prices then, half ticks; 0 before it.
        worst: Price of the trade farthest away, ticks; 0 before the first trade.
        unsent: Slices still to be sent.
        over: Whether nothing more of it will trade.
    """

    instrument: int
    side: Side
    lots: int
    traded: int = 0
    value: int = 0
    since: int = 0
    start: int = 0
    worst: int = 0
    unsent: int = 0
    over: bool = False

    @property
    def moved_bps(self) -> float | None:
        """How far its worst trade is from the price at its start, basis points; negative for below."""
        return (2 * self.worst / self.start - 1) * BPS if self.traded else None


@attrs.frozen(kw_only=True)
class LargeOrderSummary:
    """
    A report in plain decimals, for people and programs.

    Attributes:
        symbol: Symbol of the instrument.
        side: ``buy`` or ``sell``, of the aggressor.
        size: Asked for.
        traded: Traded so far.
        average: Average price, with two digits more than a price has; None before the first trade.
        start: Middle of the best prices at its start, with one digit more; None before it.
        worst: Price of the trade farthest away; None before the first.
        moved_bps: How far that is from the start, basis points; None before the first.
        market_time: Of its start, nanoseconds since the Unix epoch; None before it.
        unsent: Slices still to be sent.
        over: Whether nothing more of it will trade.
    """

    symbol: str
    side: str
    size: str
    traded: str
    average: str | None
    start: str | None
    worst: str | None
    moved_bps: float | None
    market_time: int | None
    unsent: int
    over: bool


def summary(report: LargeOrderReport, listing: Listing) -> LargeOrderSummary:
    """A report in plain decimals."""
    instrument = listing[report.instrument]
    tick, digits, moved = instrument.tick_size, instrument.price_decimals, report.moved_bps
    return LargeOrderSummary(
        symbol=instrument.symbol,
        side=report.side.name.lower(),
        size=instrument.size_text(report.lots),
        traded=instrument.size_text(report.traded),
        average=f"{report.value * tick / report.traded:.{digits + 2}f}" if report.traded else None,
        start=f"{report.start * tick / 2:.{digits + 1}f}" if report.start else None,
        worst=instrument.price_text(report.worst) if report.traded else None,
        moved_bps=None if moved is None else round(moved, 2),
        market_time=report.since or None,
        unsent=report.unsent,
        over=report.over,
    )


@runtime_checkable
class HasLargeOrders(Protocol):
    """A run with a timeline that may have large orders."""

    @property
    def large_orders(self) -> tuple[LargeOrderReport, ...]:
        """What became of them, in the order in which they came."""


class SlicedOrder:
    """
    One large aggressive order, in equal slices. What a slice does not get is not asked for again.

    Args:
        sim: The instrument.
        index: Its index.
        side: Of the aggressor.
        lots: Total size.
        slices: Number of parts; 1 sweeps the book at once.
        pause: Nanoseconds between two slices.
        bps: Limit price, basis points past the middle of the best prices at the first slice; None for any.
        rows: Where the market collects its events.
    """

    __slots__ = ("_bps", "_left", "_limit", "_metaorder", "_pause", "_report", "_rows", "_slices", "sim")

    def __init__(
        self,
        sim: InstrumentSim,
        index: int,
        side: Side,
        lots: int,
        *,
        slices: int,
        pause: int,
        bps: float | None,
        rows: list[Row],
    ) -> None:
        self.sim: InstrumentSim = sim
        self._left = lots
        self._slices = slices
        self._pause = pause
        self._bps = bps
        self._rows = rows
        self._metaorder = Metaorder(int(side))
        self._limit = 0
        self._report = LargeOrderReport(instrument=index, side=side, lots=lots, unsent=slices)

    @property
    def report(self) -> LargeOrderReport:
        """What became of it so far."""
        return self._report

    def act(self, now: int) -> int:
        """Trade one slice; 0 after the last."""
        if not self._limit:
            self._begin(now)
        lots = self._left // self._slices
        self._left -= lots
        self._slices -= 1
        report = attrs.evolve(self._report, unsent=self._slices, over=not self._slices)
        if lots:
            # Trades of others may follow in the same action: only those of this order count.
            order, since = self.sim.next_order(), len(self._rows)
            self.sim.take(now, report.side, lots, self._limit, metaorder=self._metaorder, order=order)
            for row in self._rows[since:]:
                if row[0] == TRADE and row[8] == order:
                    report = _added(report, row[5], row[6])
        self._report = report
        return self._pause if self._slices else 0

    def _begin(self, now: int) -> None:
        """Fix the limit by the price of this moment."""
        sim, side, book = self.sim, self._report.side, self.sim.book
        twice = book.bid + book.ask if book.bid and book.ask else 2 * (book.bid or book.ask)
        self._report = attrs.evolve(self._report, since=now, start=twice)
        self._limit = 1 if side else sim.highest
        if self._bps is not None:
            away = twice / 2 * self._bps / BPS
            self._limit = (
                max(1, ceil(twice / 2 - away)) if side else min(sim.highest, floor(twice / 2 + away))
            )


def _added(report: LargeOrderReport, price: int, lots: int) -> LargeOrderReport:
    """The report after one more trade."""
    farther = min if report.side else max
    return attrs.evolve(
        report,
        traded=report.traded + lots,
        value=report.value + price * lots,
        worst=farther(report.worst or price, price),
    )
