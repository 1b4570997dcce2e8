"""A market that follows a timeline: each action is applied at exactly its time, and then it ends."""

from __future__ import annotations

import sys
from typing import Final

import attrs

from feed.errors import MarketError
from feed.model.events import Row, Status
from feed.model.scenario import Scenario
from feed.model.timeline import Action, Delist, Effect, Halt, LargeOrder, List, Resume, Shock, Wall
from feed.sim.effects import EFFECTS
from feed.sim.market import Market
from feed.sim.walls import WallOrders


@attrs.frozen
class _TimelineEvent:
    """An action that begins or wears off at a market time, nanoseconds since the Unix epoch."""

    when: int
    action: Action
    begins: bool


class ScriptedMarket:
    """
    The market of a scenario, from its start to its end. Can be used wherever a ``Market`` can.

    At the time of an action the market's own participants act first; then the actions of that time
    are applied in the order of the file, those that wear off before those that begin, and whoever
    acts on one at once does so before the next. The same rows come out however the time is cut into
    calls of :meth:`advance`.

    Args:
        scenario: What runs.
        after: The market of a round before this one: its ids go on.

    Attributes:
        listing: The instruments, in index order.
        scenario: What runs.
        market: The market behind it.
        end: Market time at which it ends, integer nanoseconds since the Unix epoch; what happens at
            that time is still part of it.

    Raises:
        MarketError: An action names an instrument that the market does not have.
    """

    def __init__(self, scenario: Scenario, *, after: Market | None = None) -> None:
        self.market: Final = Market(scenario.market, seed=scenario.seed, start=scenario.start, after=after)
        self.listing: Final = self.market.listing
        self.scenario: Final = scenario
        self.end: Final = scenario.start + scenario.duration
        for action in scenario.actions:
            _check(action, self.market)
        # The next one last. (Sorting in reverse would not turn those of one time around.)
        self._timeline_events = sorted(
            _timeline_events(scenario), key=lambda event: (event.when, event.begins)
        )[::-1]
        # Effects that last, by their kind and instrument, in the order in which they began.
        self._active: dict[tuple[type[Effect], int], list[Effect]] = {}
        self._walls = WallOrders(self.market)

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""
        return self.market.now

    def from_start(self) -> ScriptedMarket:
        """The same scenario from its beginning."""
        return ScriptedMarket(self.scenario)

    def opening(self) -> list[Row]:
        """The rows that built the opening books, at the start. Taken once, before all others."""
        return self.market.opening()

    def snapshot(self) -> list[Row]:
        """Every status and every book as it stands, in rows that rebuild them from nothing."""
        return self.market.snapshot()

    def next_time(self) -> int | None:
        """Market time of the next thing that happens, at the latest the end; None once it is over."""
        upcoming = self.market.next_time()
        if self._timeline_events:
            upcoming = min(upcoming, self._timeline_events[-1].when)
        if upcoming <= self.end:
            return upcoming
        return self.end if self.now < self.end else None

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """
        Let everything happen whose time has come, up to the end.

        Args:
            until: Market time up to which, and including which, things happen.
            limit: Stop after the first whole action that brings the rows to this number.
        Raises:
            MarketError: ``until`` is in the past.
        """
        market, events = self.market, self._timeline_events
        if until < market.now:
            raise MarketError(f"market time is {market.now}, it cannot go back to {until}")
        until = min(until, self.end)
        rows: list[Row] = []
        while events and events[-1].when <= until:
            when = events[-1].when
            if market.next_time() <= when:
                rows += market.advance(when, limit - len(rows))
                if len(rows) >= limit:
                    return rows
            market.advance(when)  # nobody is left to act: this sets the time alone
            rows += self._apply(events.pop())
            if len(rows) >= limit:
                return rows
        return rows + market.advance(until, limit - len(rows))

    def step(self) -> list[Row]:
        """Exactly one action, at :meth:`next_time`, which becomes ``now``. It may leave no row."""
        upcoming = self.next_time()
        return [] if upcoming is None else self.advance(upcoming, limit=0)

    def _apply(self, event: _TimelineEvent) -> list[Row]:
        symbols = event.action.instruments or self.listing.symbols
        rows: list[Row] = []
        for instrument in map(self.listing.index, symbols):
            if isinstance(event.action, Wall):
                change = self._walls.build if event.begins else self._walls.remove
                rows += change(event.action, instrument)
            elif isinstance(event.action, Effect):
                rows += self._take_effect(event, event.action, instrument)
            else:
                rows += self._act(event.action, instrument)
        return rows

    def _act(self, action: Action, instrument: int) -> list[Row]:
        market = self.market
        status = market.exchange.statuses[instrument]
        match action:
            case Shock():
                return market.shock(instrument, action.fraction)
            case LargeOrder():
                return market.large_order(
                    instrument, action.side, action.lots, slices=action.slices, pause=action.pause
                )
            case Resume() if status is Status.HALTED:
                self._active.pop((Halt, instrument), None)
                return market.set_status(instrument, Status.TRADING)
            case List() if status is Status.DELISTED:
                return market.set_status(instrument, Status.TRADING)
            case Delist():
                self._active.pop((Halt, instrument), None)
                return market.set_status(instrument, Status.DELISTED)
        return []

    def _take_effect(self, event: _TimelineEvent, effect: Effect, instrument: int) -> list[Row]:
        kind = type(effect)
        lasting = self._active.setdefault((kind, instrument), [])
        if event.begins:
            lasting.append(effect)
        else:
            # A resumption or a delisting may have ended it before its time.
            lasting[:] = [action for action in lasting if action is not effect]
        if kind is Halt:
            if self.market.exchange.statuses[instrument] is Status.DELISTED:
                return []
            return self.market.set_status(instrument, Status.HALTED if lasting else Status.TRADING)
        return EFFECTS[kind](self.market, instrument, lasting[-1] if lasting else None)


def _timeline_events(scenario: Scenario) -> list[_TimelineEvent]:
    events = []
    for action in scenario.actions:
        begin = scenario.start + action.at
        events.append(_TimelineEvent(begin, action, begins=True))
        if isinstance(action, Effect) and action.duration is not None:
            events.append(_TimelineEvent(begin + action.duration, action, begins=False))
    return events


def _check(action: Action, market: Market) -> None:
    for symbol in action.instruments:
        if symbol not in market.listing:
            raise MarketError(f"no instrument {symbol} in this market")
