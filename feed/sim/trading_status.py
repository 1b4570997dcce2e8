"""Which instruments trade: listings, halts, hours, call auctions, and who is suspended meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from feed.book.exchange import Exchange
from feed.model.auctions import AuctionPurpose
from feed.model.events import Row, Status
from feed.model.sessions import Sessions
from feed.sim.auctions import CallAuctions
from feed.sim.event_queue import EventQueue
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.links import BasisTracker
from feed.sim.news import NewsProcess
from feed.sim.perpetual import PerpetualEngine
from feed.sim.predictions import PredictionRounds, ProbabilityTracker
from feed.sim.sessions import SessionClock


class TradingStatuses:
    """
    The statuses of the instruments of a market, and what changes with them.

    Args:
        sims: The instruments, in index order.
        exchange: Their books.
        queue: What participants have scheduled.
        rows: Where events are published.
        news_process: News that reaches instruments while they trade.
        engines: Engines of derivatives, by the index of their instrument.
        trackers: Trackers of values that follow others, by the index of the instrument.

    Attributes:
        suspended: Scheduled actions of instruments that do not trade: (nanoseconds left, actor), by index.
    """

    def __init__(
        self,
        sims: Sequence[InstrumentSim],
        exchange: Exchange,
        *,
        queue: EventQueue,
        rows: list[Row],
        news_process: NewsProcess,
        engines: Mapping[int, PerpetualEngine | PredictionRounds],
        trackers: Mapping[int, BasisTracker | ProbabilityTracker],
    ) -> None:
        self.suspended: Final[dict[int, list[tuple[int, int]]]] = {}
        self._sims = sims
        self._exchange = exchange
        self._queue = queue
        self._rows = rows
        self._news_process = news_process
        self._engines = engines
        self._trackers = trackers
        self._auctions = CallAuctions(self, exchange, rows)
        self._clocks: dict[int, SessionClock] = {}
        self._activities: dict[int, float] = {}  # as set; 1 where nobody has
        self._slowed: dict[int, float] = {}  # by thin hours

    def keep_hours(self, sessions: Sessions, start: int) -> None:
        """Let instruments trade in the hours of their asset class alone, from ``start`` on."""
        for index, sim in enumerate(self._sims):
            hours = sessions.of(sim.spec.instrument.asset_class)
            if hours is not None:
                self._clocks[index] = SessionClock(self, sessions, hours, sim, start=start)

    def status(self, instrument: int) -> Status:
        """The status of an instrument."""
        return self._exchange.statuses[instrument]

    def change(self, instrument: int, status: Status, now: int, *, acting: bool = False) -> None:
        """
        Give an instrument a status, see :meth:`feed.sim.market.Market.set_status`.

        Outside of its hours one that is to trade is closed instead, or collects orders for its auction.

        Args:
            instrument: Index of the instrument.
            status: The new one.
            now: Market time, nanoseconds.
            acting: Whether this is part of an action, so that no other one can follow at ``now``.
        """
        clock = self._clocks.get(instrument)
        if status is Status.TRADING and clock is not None and not clock.opens(now):
            clock.resume(now)
            return
        sim = self._sims[instrument]
        sim.book.now = now
        self._auctions.leave(instrument, status, now)
        if instrument not in self.suspended and status is not Status.TRADING:
            if not sim.follows:
                self._news_process.sims.remove(sim)
            self.suspended[instrument] = self._queue.unschedule(sim, now)
        opens = not sim.listed
        sim.trading, sim.listed = status is Status.TRADING, status is not Status.DELISTED
        self._exchange.set_status(instrument, status)
        if opens and sim.listed and instrument in self._engines:
            self._rows += self._engines[instrument].rows(now)
        if status is Status.DELISTED:
            sim.clear()
        elif status is Status.TRADING and instrument in self.suspended:
            self.open(instrument, now, soonest=now + acting)

    def auction(
        self, instrument: int, purpose: AuctionPurpose, duration: int, after: Status, now: int
    ) -> None:
        """Begin a call auction, see :meth:`feed.sim.market.Market.auction`."""
        self.change(instrument, Status.AUCTION, now)
        self._auctions.begin(self._sims[instrument], now, purpose, duration, after)

    def auction_rows(self, now: int) -> list[Row]:
        """What the auctions would give that orders are collected for now."""
        return self._auctions.rows(now)

    def open(self, instrument: int, now: int, *, soonest: int = 0) -> None:
        """Let the participants of an instrument act, at ``soonest`` at the earliest; makers quote at once."""
        sim = self._sims[instrument]
        sim.trading = sim.listed = True
        if instrument in self._trackers:
            self._trackers[instrument].catch_up(now)
        sim.quote(now)
        self.unpark(instrument, now, soonest)
        if not sim.follows:
            self._news_process.sims.append(sim)

    def unpark(self, instrument: int, now: int, soonest: int = 0) -> None:
        """Schedule what was suspended, with the time that it had left."""
        for left, actor in self.suspended.pop(instrument):
            self._queue.schedule(actor, max(now + left, soonest))

    def set_activity(self, instrument: int, factor: float, now: int) -> None:
        """Set the rate of all actions to ``factor`` times that of the specification."""
        self._activities[instrument] = factor
        self._pace(instrument, now, soonest=0)

    def slow_down(self, instrument: int, factor: float, now: int) -> None:
        """Let less happen in an instrument: ``factor`` times what happens otherwise. Within an action."""
        self._slowed[instrument] = factor
        self._pace(instrument, now, soonest=now + 1)

    def _pace(self, instrument: int, now: int, *, soonest: int) -> None:
        sim = self._sims[instrument]
        before = sim.interval_scale
        sim.set_activity(self._activities.get(instrument, 1.0) * self._slowed.get(instrument, 1.0))
        trading = instrument not in self.suspended
        planned = self._queue.unschedule(sim, now) if trading else self.suspended[instrument]
        self.suspended[instrument] = [
            (int(left * sim.interval_scale / before), actor) for left, actor in planned
        ]
        if trading:
            self.unpark(instrument, now, soonest)
