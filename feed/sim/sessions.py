"""Opens and closes the instruments of a simulated market at the hours of their asset class."""

from __future__ import annotations

from math import sqrt
from typing import Final, Protocol

from feed.model.auctions import AuctionPurpose
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Status
from feed.model.sessions import SessionPhase, Sessions, TradingHours
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import LAPLACE, MASK, WIDTH

BPS: Final = 10_000

_FITTING: Final = {SessionPhase.OPEN: Status.TRADING, SessionPhase.CLOSED: Status.CLOSED}


class ChangesStatus(Protocol):
    """What a clock of sessions does to an instrument, in the middle of an action."""

    def change(self, instrument: int, status: Status, now: int, *, acting: bool = False) -> None:
        """Give an instrument a status."""

    def auction(
        self, instrument: int, purpose: AuctionPurpose, duration: int, after: Status, now: int
    ) -> None:
        """Begin a call auction."""

    def status(self, instrument: int) -> Status:
        """The status of an instrument."""

    def slow_down(self, instrument: int, factor: float, now: int) -> None:
        """Let less happen in an instrument: ``factor`` times what happens otherwise."""


class SessionClock:
    """
    Opens and closes one instrument.

    Args:
        statuses: What it changes.
        sessions: Its auctions.
        hours: Its hours.
        item: The instrument.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        sim: None: it goes on while the instrument does not trade.
    """

    sim: Final = None

    def __init__(
        self,
        statuses: ChangesStatus,
        sessions: Sessions,
        hours: TradingHours,
        item: InstrumentSim,
        *,
        start: int,
    ) -> None:
        self._statuses = statuses
        self._sessions = sessions
        self._hours = hours
        self._item = item
        self._instrument = item.book.instrument
        self._bits = item.random_stream("sessions")
        self._closed = start  # when it was closed last
        self._thin = False
        item.queue.schedule(item.queue.register(self), start + self.act(start))

    def act(self, now: int) -> int:
        """Begin a phase, or a thin hour."""
        phase, until = self._sessions.phase(self._hours, now)
        status = self._statuses.status(self._instrument)
        fits = _FITTING.get(phase)
        # A halt ends by itself, and an auction too: what comes then is seen by resume().
        if status in (Status.TRADING, Status.CLOSED) and status is not fits:
            self.resume(now)
        thin, changes = self._sessions.thin(self._hours, now)
        if thin is not self._thin:
            self._thin = thin
            self._statuses.slow_down(self._instrument, self._sessions.thin_activity if thin else 1.0, now)
        return min(until, until if changes is None else changes) - now

    def resume(self, now: int) -> None:
        """Let the instrument trade as far as the hour allows it."""
        phase, until = self._sessions.phase(self._hours, now)
        statuses, at = self._statuses, self._instrument
        if statuses.status(at) is Status.CLOSED and phase is not SessionPhase.CLOSED:
            self._catch_up(now)
        if phase is SessionPhase.OPENING:
            statuses.auction(at, AuctionPurpose.OPENING, until - now, Status.TRADING, now)
        elif phase is SessionPhase.CLOSING:
            statuses.auction(at, AuctionPurpose.CLOSING, until - now, Status.CLOSED, now)
        elif phase is SessionPhase.OPEN:
            statuses.change(at, Status.TRADING, now, acting=True)
        else:
            self._closed = now
            statuses.change(at, Status.CLOSED, now, acting=True)

    def opens(self, now: int) -> bool:
        """Whether the hour lets the instrument trade."""
        return self._sessions.phase(self._hours, now)[0] is SessionPhase.OPEN

    def _catch_up(self, now: int) -> None:
        """Move the value by the news of the hours in which the instrument was closed."""
        item = self._item
        bits = self._bits(WIDTH)
        if not item.follows:
            deviation = item.spec.volatility / BPS * sqrt((now - self._closed) / NS_PER_SECOND)
            item.hear(now, self._sessions.gap * deviation * LAPLACE[bits & MASK])
