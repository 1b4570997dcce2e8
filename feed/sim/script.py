"""The market of a scenario: applies the actions of a timeline, each at exactly its time, and ends."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import ceil, floor
from typing import Any, Final

import attrs

from feed.errors import MarketError
from feed.model.auctions import AuctionPurpose
from feed.model.events import Row, Side, Status
from feed.model.orders import CancelOrder, NewOrder
from feed.model.requests import share_of
from feed.model.scenario import Scenario
from feed.model.timeline import (
    Action,
    Activity,
    Auction,
    Delist,
    Detach,
    Effect,
    Fill,
    Halt,
    Imbalance,
    LargeOrder,
    Liquidity,
    List,
    Premium,
    Resume,
    Shock,
    Spread,
    Volatility,
    Wall,
)
from feed.sim.agent_gateway import AgentGateway
from feed.sim.large_orders import BPS, LargeOrderReport
from feed.sim.market import Market
from feed.sim.order_fills import fill_oldest

ApplyEffect = Callable[[Market, int, Any], list[Row]]
"""Applies an effect to an instrument; None restores what the specification says."""


def _factor(apply: Callable[[Market, int, float], list[Row]]) -> ApplyEffect:
    return lambda market, instrument, effect: apply(market, instrument, effect.factor if effect else 1.0)


EFFECTS: Final[dict[type[Effect], ApplyEffect]] = {
    Volatility: _factor(Market.volatility),
    Activity: _factor(Market.activity),
    Liquidity: _factor(Market.liquidity),
    Spread: _factor(Market.spread),
    Imbalance: lambda market, instrument, effect: market.imbalance(
        instrument, effect.side if effect else Side.BUY, effect.factor if effect else 1.0
    ),
    Premium: lambda market, instrument, effect: market.premium(
        instrument, effect.bps / BPS if effect else 0.0
    ),
    Detach: lambda market, instrument, effect: market.detach(instrument, detached=effect is not None),
}
"""How each effect is applied. Of several of one kind the latest counts; after the last, the specification."""

_NEEDED: Final[dict[type[Action], Status]] = {
    Resume: Status.HALTED,
    List: Status.DELISTED,
    Auction: Status.TRADING,
}
"""The status that an action changes; it does nothing in another one."""

_PURPOSES: Final[dict[type[Action], AuctionPurpose]] = {
    Halt: AuctionPurpose.REOPENING,
    Resume: AuctionPurpose.REOPENING,
    List: AuctionPurpose.OPENING,
    Auction: AuctionPurpose.INTRADAY,
}


@attrs.frozen
class _TimelineEvent:
    """The beginning or the end of an action, at a market time in nanoseconds since the Unix epoch."""

    when: int
    action: Action
    begins: bool


class ScriptedMarket:
    """
    The market of a scenario, from its start to its end. Can be used wherever a ``Market`` can.

    At the time of an action the participants act first. Then the actions of that time are applied in
    the order of the file, those that end before those that begin; participants that react at once do so
    before the next action. The rows do not depend on how time is divided into calls of :meth:`advance`.

    Args:
        scenario: The scenario.
        after: The market of the previous round, whose ids this one continues.

    Attributes:
        listing: The instruments, in index order.
        scenario: The scenario.
        market: Its market.
        end: Market time at which it ends, integer nanoseconds since the Unix epoch, inclusive.

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
        # In reverse, the next one last. (Sorting in reverse would keep the order of equal times.)
        self._timeline_events = sorted(
            _timeline_events(scenario), key=lambda event: (event.when, event.begins)
        )[::-1]
        # Effects in force, by kind and instrument, in the order in which they began.
        self._active: dict[tuple[type[Effect], int], list[Effect]] = {}
        self._walls = WallOrders(self.market)

    @property
    def agents(self) -> AgentGateway | None:
        """Participants that are code of the user's own; None where there are none."""
        return self.market.agents

    @property
    def large_orders(self) -> tuple[LargeOrderReport, ...]:
        """What became of large orders; at the end all of them are over."""
        over = self.now >= self.end
        return tuple(attrs.evolve(report, over=over or report.over) for report in self.market.large_orders)

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""
        return self.market.now

    def from_start(self) -> ScriptedMarket:
        """A new run of the scenario, from its beginning."""
        return ScriptedMarket(self.scenario)

    def opening(self) -> list[Row]:
        """The rows of the opening books. To be called once, before :meth:`advance`."""
        return self.market.opening()

    def snapshot(self) -> list[Row]:
        """Rows that rebuild the current statuses and books from nothing."""
        return self.market.snapshot()

    def next_time(self) -> int | None:
        """Market time of the next action or event, at the latest the end; None once it is over."""
        upcoming = self.market.next_time()
        if self._timeline_events:
            upcoming = min(upcoming, self._timeline_events[-1].when)
        if upcoming <= self.end:
            return upcoming
        return self.end if self.now < self.end else None

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """
        Run up to a market time, or to the end.

        Args:
            until: Market time, inclusive.
            limit: Stop after the action with which the rows reach this number.
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
            market.advance(when)  # no participant acts any more: this only sets the time
            rows += self._apply(events.pop())
            if len(rows) >= limit:
                return rows
        return rows + market.advance(until, limit - len(rows))

    def step(self) -> list[Row]:
        """Run exactly one action, at :meth:`next_time`, which becomes ``now``. It may give no row."""
        upcoming = self.next_time()
        return [] if upcoming is None else self.advance(upcoming, limit=0)

    def _apply(self, event: _TimelineEvent) -> list[Row]:
        symbols = event.action.instruments or self.listing.symbols
        rows: list[Row] = []
        for instrument in map(self.listing.index, symbols):
            if isinstance(event.action, Wall):
                change = self._walls.place if event.begins else self._walls.remove
                rows += change(event.action, instrument)
            elif isinstance(event.action, Effect):
                rows += self._take_effect(event, event.action, instrument)
            elif isinstance(event.action, Fill):
                share = share_of(event.action.fraction)
                rows += fill_oldest(self.market, instrument, share, account=event.action.account)
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
                    instrument,
                    action.side,
                    action.lots,
                    slices=action.slices,
                    pause=action.pause,
                    bps=action.bps,
                )
            case Resume() | List() | Auction() if status is _NEEDED[type(action)]:
                return self._open(action, instrument)
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
            # A resume or a delisting may have ended it early.
            lasting[:] = [action for action in lasting if action is not effect]
        if isinstance(effect, Halt):
            if self.market.exchange.statuses[instrument] is Status.DELISTED:
                return []
            if lasting:
                return self.market.set_status(instrument, Status.HALTED)
            if self.market.exchange.statuses[instrument] is not Status.HALTED:
                return []  # resumed before its time
            return self._open(effect, instrument)
        return EFFECTS[kind](self.market, instrument, lasting[-1] if lasting else None)

    def _open(self, action: Halt | Resume | List | Auction, instrument: int) -> list[Row]:
        """Let an instrument trade, after a call auction if there is to be one."""
        if isinstance(action, Resume):
            self._active.pop((Halt, instrument), None)
        length = action.duration if isinstance(action, Auction) else action.auction
        if length is None:
            return self.market.set_status(instrument, Status.TRADING)
        return self.market.auction(instrument, _PURPOSES[type(action)], length)


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


class WallOrders:
    """
    Places and cancels the walls of a timeline: orders far larger than any other.

    Args:
        market: Whose books they are in.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._resting: list[tuple[Wall, int, int]] = []  # wall, instrument, order

    def place(self, wall: Wall, instrument: int) -> list[Row]:
        """Place a wall's order; no row if the instrument does not trade, or has no such price."""
        book = self._market.exchange.books[instrument]
        middle = (book.bid + book.ask) / 2
        away = middle * wall.bps / BPS
        price = ceil(middle + away) if wall.side else max(1, floor(middle - away))
        order = NewOrder(account=0, instrument=instrument, side=wall.side, size=wall.lots, price=price)
        ack, rows = self._market.submit(order)
        if ack.resting:
            self._resting.append((wall, instrument, ack.order))
        return rows

    def remove(self, wall: Wall, instrument: int) -> list[Row]:
        """Cancel what is left of a wall's order."""
        rows: list[Row] = []
        for resting in [it for it in self._resting if it[0] is wall and it[1] == instrument]:
            self._resting.remove(resting)
            rows += self._market.submit(CancelOrder(account=0, instrument=instrument, order=resting[2]))[1]
        return rows
