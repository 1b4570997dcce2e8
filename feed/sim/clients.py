"""
Accounts in a market: their requests act through the same books as everybody's orders.

What happens to an account is told in rows of its own, which stand in the one stream: what becomes of a
request and of its order (:mod:`feed.sim.order_entry`, :mod:`feed.sim.position_entry`), fills
(:mod:`feed.sim.clearing`), funding, margin calls and liquidations (:mod:`feed.sim.risk`).
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeAlias, runtime_checkable

from feed.model.accounts import Accounts
from feed.model.events import Row
from feed.model.instruments import Listing
from feed.model.requests import FillOrder, JournalEntry, Request
from feed.model.spot_requests import SpotBatch, SpotRequest
from feed.model.wallets import Wallets
from feed.settings import Trading
from feed.sim.agent_gateway import AgentGateway
from feed.sim.clearing import Clearing
from feed.sim.large_orders import HasLargeOrders, LargeOrderReport
from feed.sim.looping import LoopedPlayback
from feed.sim.market import Market
from feed.sim.order_entry import OrderEntry
from feed.sim.order_fills import fill_oldest
from feed.sim.perpetual import CHECK
from feed.sim.playback import Playback
from feed.sim.position_entry import PositionEntry
from feed.sim.recorded_market import RecordedMarket
from feed.sim.risk import RiskEngine
from feed.sim.simulation import Simulation
from feed.sim.spot_trading import SpotTrading
from feed.sim.traded_playback import TradedPlayback

Acted: TypeAlias = Callable[[JournalEntry, list[Row], int], object]
"""Told of a request of a journal that has acted: it, its rows, and the rows of this advance up to them."""


def unheard(entry: JournalEntry, rows: list[Row], end: int) -> None:
    """The :data:`Acted` of who need not know; a function, which a checkpoint keeps by its name."""
    del entry, rows, end


@runtime_checkable
class RunWithMarket(Simulation, Protocol):
    """A run with a market behind it, simulated or recorded, in whose books accounts can trade."""

    @property
    def market(self) -> Market | RecordedMarket:
        """The market, as it stands."""

    def from_start(self) -> RunWithMarket:
        """The same run from its beginning: the same rows at the same times."""


class ClientMarket:
    """
    A market that accounts trade in; otherwise the run that it is given, event by event.

    A request acts after everything that the market does by itself up to and including its time. So
    the same rows come out when the requests come from a journal.

    Args:
        run: A market, one that follows a timeline, or a recording.
        trading: What accounts can do.
        entries: A journal to play: requests in the order in which they acted.

    Attributes:
        listing: The instruments, in index order.
        accounts: What they own and owe, as of the last row given out.
        wallets: What they hold of assets, as of the last row given out.
        played: How many requests have acted.
        acted: Called when a request of the journal has acted, before :meth:`advance` gives its rows out; not
            for those of :meth:`execute`.
    """

    def __init__(
        self,
        run: RunWithMarket,
        *,
        trading: Trading,
        entries: Iterable[JournalEntry] = (),
    ) -> None:
        self.listing: Final[Listing] = run.listing
        self.played = 0
        self.acted: Acted = unheard
        self._run = run
        self._trading = trading
        self._entries = deque(entries)
        self._clearing = Clearing(run.listing, trading, run)
        self.accounts: Final[Accounts] = self._clearing.accounts
        self.wallets: Final[Wallets] = self._clearing.spot.wallets
        entry = OrderEntry(self._clearing)
        self._entry = PositionEntry(self._clearing, entry)
        self._risk = RiskEngine(self._clearing, entry, self._entry)
        self._spot = SpotTrading(self._clearing)
        self._check_at = 0  # market time at which margins are looked at next; 0 while there is nothing

    @property
    def _market(self) -> Market | RecordedMarket:
        return self._run.market

    @property
    def agents(self) -> AgentGateway | None:
        """Participants that are code of the user's own; None where there are none."""
        return self._run.market.agents

    @property
    def large_orders(self) -> tuple[LargeOrderReport, ...]:
        """What became of the large orders of a timeline."""
        return self._run.large_orders if isinstance(self._run, HasLargeOrders) else ()

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""
        return self._run.now

    @property
    def end(self) -> int | None:
        """Market time at which all is over; None for a market without end."""
        return self._run.end

    def from_start(self) -> ClientMarket:
        """The same market from its beginning, without what accounts have done."""
        return ClientMarket(self._run.from_start(), trading=self._trading)

    def opening(self) -> list[Row]:
        """The rows that built the opening books. Taken once, before all others."""
        return self._run.opening()

    def snapshot(self) -> list[Row]:
        """Every status and every book as it stands, in rows that rebuild them from nothing."""
        return self._run.snapshot()

    def next_time(self) -> int | None:
        """Market time of the next thing that happens; None once all is over."""
        upcoming = self._run.next_time()
        if upcoming is None:
            return None
        own = (self._entries[0].at if self._entries else 0, self._check_at, self._spot.next_time)
        return min([upcoming, *(time for time in own if time)])

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """
        Let everything happen whose time has come.

        Args:
            until: Market time up to which, and including which, things happen.
            limit: Stop after the first whole action that brings the rows to this number.
        """
        entries = self._entries
        if not entries and not self._check_at and not self._spot.busy:
            return self._run.advance(until, limit)  # no account has anything that could change
        rows: list[Row] = []
        while True:
            acts = entries[0].at if entries else until + 1
            checks, ends = self._check_at or until + 1, self._spot.next_time or until + 1
            upcoming = min(acts, checks, ends, until)
            taken, reached = self._advance(upcoming, limit - len(rows))
            rows += self._spot.follow(self._clearing.told(taken))
            if len(rows) >= limit:
                return rows
            if reached:
                continue
            if self.now < upcoming:
                return rows
            if ends == upcoming:
                rows += self._spot.end_due()
            elif checks == upcoming:
                rows += self._check()
            elif acts == upcoming:
                entry = entries.popleft()
                own = self._act(entry.request)
                rows += own
                self.acted(entry, own, len(rows))
            else:
                return rows
            if len(rows) >= limit:
                return rows

    def _advance(self, until: int, limit: int) -> tuple[list[Row], bool]:
        """
        What the market does by itself, and whether it was stopped because a trade reached a trigger.

        What that triggers comes before the next action of the market.
        """
        if not self._spot.waiting:
            return self._run.advance(until, limit), False
        rows: list[Row] = []
        while len(rows) < limit:
            acted = self._run.advance(until, 1)
            rows += acted
            if not acted or self._spot.triggers(acted):
                return rows, bool(acted)
        return rows, False

    def take_entries(self, entries: Iterable[JournalEntry]) -> None:
        """Let further requests of a journal act, each at its time, none of which has passed."""
        self._entries.extend(entries)

    @property
    def last_place(self) -> int:
        """Market time at which the last request acts that is still to act, nanoseconds; 0 for none."""
        return self._entries[-1].at if self._entries else 0

    def execute(self, request: Request) -> list[Row]:
        """Let a request act now, after all that the market still has to do at this time."""
        return self.advance(self.now) + self._act(request)

    def _act(self, request: Request) -> list[Row]:
        self.played += 1
        if isinstance(request, SpotRequest):
            several = request.parts if isinstance(request, SpotBatch) else (request,)
            self._clearing.look(*(one.instrument for one in several))
            rows = self._spot.act(request)
        elif isinstance(request, FillOrder):
            self._clearing.look(request.instrument)
            rows = fill_oldest(self._market, request.instrument, request.share, account=request.account)
            rows = self._clearing.told(rows)
        else:
            rows = self._entry.act(request)
        rows = self._spot.follow(rows) + self._risk.settle()
        self._plan()
        return rows

    def _check(self) -> list[Row]:
        self._check_at = 0
        rows = self._spot.follow(self._risk.check()) + self._risk.settle()
        self._plan()
        return rows

    def _plan(self) -> None:
        """Look at accounts at the next multiple of :data:`CHECK`, if there is anything to look at."""
        if not self._check_at and self._clearing.busy:
            self._check_at = self.now - self.now % CHECK + CHECK


def open_to_accounts(run: Simulation, trading: Trading, entries: Iterable[JournalEntry] = ()) -> Simulation:
    """
    A run in which accounts can trade; the same run where they cannot, in a recording that is only played.

    Args:
        run: Used by nothing else.
        trading: What accounts can do.
        entries: A journal to play.
    """
    if isinstance(run, Playback | LoopedPlayback) and trading.recorded_orders:
        run = TradedPlayback(run, trading)
    return ClientMarket(run, trading=trading, entries=entries) if isinstance(run, RunWithMarket) else run
