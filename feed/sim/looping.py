"""
Scenarios and recordings that are repeated in a loop: ``--at-end loop``.

Each round starts at the market time at which the previous one ended. Sequence numbers, times and ids
continue and are never repeated, so that all rounds are one stream, in which positions can be resumed as in
any other. Between two rounds every book is cleared, and the next round's books are published as a
snapshot, as after seeking back. Accounts keep what they own; their open orders are cancelled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

import attrs

from feed.model.durations import NS_PER_SECOND
from feed.model.events import (
    ADD,
    ANSWER,
    AUCTION,
    CLEAR,
    EXECUTION,
    FILL,
    FUNDING,
    LIQUIDATION,
    ORDER,
    REDUCE,
    ROUND,
    SIGNAL,
    STATUS,
    TRADE,
    Row,
    Status,
)
from feed.model.instruments import Listing
from feed.model.scenario import Scenario
from feed.sim.agent_gateway import AgentGateway
from feed.sim.large_orders import LargeOrderReport
from feed.sim.market import Market
from feed.sim.playback import Playback
from feed.sim.script import ScriptedMarket

# By kind of row: the columns with times besides its own, with ids of orders, and with ids of trades.
_TIMES: Final = {
    FUNDING: (5,),
    ROUND: (3, 4),
    ORDER: (17,),
    FILL: (8,),
    EXECUTION: (23, 24, 25),
    AUCTION: (13,),
}
_ORDERS: Final = {
    ADD: (3,),
    REDUCE: (3,),
    TRADE: (7, 8),
    LIQUIDATION: (3,),
    ORDER: (8,),
    FILL: (4,),
    EXECUTION: (8, 37),
    ANSWER: (7, 9),
}
_TRADES: Final = {TRADE: 3, FILL: 9, EXECUTION: 31}
_NUMBER: Final = 3  # the column of the number of a signal


class LoopedScenario:
    """
    A scenario in a loop. Can be used wherever a ``ScriptedMarket`` can.

    Args:
        scenario: The scenario; every round uses its seed.

    Attributes:
        listing: The instruments, in index order.
        rounds: Number of rounds started.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._script = ScriptedMarket(scenario)
        self.listing: Final = self._script.listing
        self.rounds = 1
        self._signals = 0  # in the rounds before this one
        self._signalled = 0
        self._large_orders: tuple[LargeOrderReport, ...] = ()  # of the round before this one

    @property
    def market(self) -> Market:
        """The market of this round."""
        return self._script.market

    @property
    def agents(self) -> AgentGateway | None:
        """Participants that are code of the user's own; None where there are none."""
        return self.market.agents

    @property
    def large_orders(self) -> tuple[LargeOrderReport, ...]:
        """What became of the large orders of the previous round and of this one."""
        return self._large_orders + self._script.large_orders

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""
        return self._script.now

    @property
    def end(self) -> None:
        """None: it has no end."""

    def from_start(self) -> LoopedScenario:
        """A new run, from the first round on."""
        return LoopedScenario(self._scenario)

    def opening(self) -> list[Row]:
        """The rows of the opening books of the first round. To be called once, before :meth:`advance`."""
        return self._script.opening()

    def snapshot(self) -> list[Row]:
        """Rows that rebuild the current statuses and books from nothing."""
        return self._script.snapshot()

    def next_time(self) -> int:
        """Market time of the next event; at the end of a round that is the start of the next one."""
        upcoming = self._script.next_time()
        return self._script.now if upcoming is None else upcoming

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """As :meth:`ScriptedMarket.advance`, over as many rounds as it takes."""

        def part(most: int) -> list[Row]:
            return self._renumber_signals(self._script.advance(until, most))

        return _advance_rounds(self, part, self._script_is_over, until, limit)

    def begin_round(self) -> list[Row]:
        """Start the next round now."""
        old = self._script
        self._large_orders = old.large_orders
        scenario = attrs.evolve(self._scenario, start=old.now)
        self._script = ScriptedMarket(scenario, after=old.market)
        self._signals += self._signalled
        self._signalled = 0
        self.rounds += 1
        self._script.opening()  # discarded, since the snapshot includes it
        return _cleared(self.listing, self.now) + self._script.snapshot()

    def _script_is_over(self) -> bool:
        return self._script.next_time() is None

    def _renumber_signals(self, rows: list[Row]) -> list[Row]:
        for at, row in enumerate(rows):
            if row[0] == SIGNAL:
                self._signalled = row[_NUMBER]
                rows[at] = (*row[:_NUMBER], row[_NUMBER] + self._signals, *row[_NUMBER + 1 :])
        return rows


class LoopedPlayback:
    """
    A recording in a loop. Can be used wherever a ``Playback`` can.

    Args:
        playback: Its first round.
        begin: Makes each further round.

    Attributes:
        listing: The instruments, in index order.
        rounds: Number of rounds started.
    """

    def __init__(self, playback: Playback, begin: Callable[[], Playback]) -> None:
        self._playback = playback
        self._begin = begin
        self.listing: Final[Listing] = playback.listing
        self.rounds = 1
        self._start = playback.now
        self._shift = 0  # nanoseconds from the recorded times to those of this round
        self._ids = _Ids(len(self.listing))
        self._statuses: dict[int, int] = {}

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""
        return self._playback.now + self._shift

    @property
    def end(self) -> None:
        """None: it has no end."""

    def from_start(self) -> LoopedPlayback:
        """A new run, from the first round on."""
        return LoopedPlayback(self._begin(), self._begin)

    def opening(self) -> list[Row]:
        """The rows at the start of the first round. To be called once, before :meth:`advance`."""
        return self._renumbered(self._playback.opening())

    def snapshot(self) -> list[Row]:
        """Rows that rebuild the current statuses, books and derivatives from nothing."""
        return [self._ids.moved(row, self._shift) for row in self._playback.snapshot()]

    def next_time(self) -> int:
        """Market time of the next row; at the end of a round that is the start of the next one."""
        upcoming = self._playback.next_time()
        return self.now if upcoming is None else upcoming + self._shift

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """As :meth:`Playback.advance`, over as many rounds as it takes."""

        def part(most: int) -> list[Row]:
            return self._renumbered(self._playback.advance(until - self._shift, most))

        return _advance_rounds(self, part, self._playback_is_over, until, limit)

    def begin_round(self) -> list[Row]:
        """Start the next round now; one second later if a round takes no time."""
        length = max(self._playback.now - self._start, 0) or NS_PER_SECOND
        now = self.now
        self._playback = self._begin()
        self._shift += length
        self._ids.next_round()
        self.rounds += 1
        reopened = [
            (STATUS, index, now, int(Status.TRADING))
            for index, status in self._statuses.items()
            if status != Status.TRADING
        ]
        self._statuses.clear()
        return _cleared(self.listing, now) + reopened

    def _playback_is_over(self) -> bool:
        return self._playback.next_time() is None

    def _renumbered(self, rows: list[Row]) -> list[Row]:
        renumbered = []
        for row in rows:
            if row[0] == STATUS:
                self._statuses[row[1]] = row[3]
            self._ids.see(row)
            renumbered.append(self._ids.moved(row, self._shift))
        return renumbered


class _Ids:
    """Offsets that make the ids of a round continue those of the previous one."""

    def __init__(self, instruments: int) -> None:
        self._order = self._last_order = 0
        self._trade = [0] * instruments
        self._last_trade = [0] * instruments
        self._signal = self._last_signal = 0

    def see(self, row: Row) -> None:
        """Note the highest ids of this round."""
        kind = row[0]
        for at in _ORDERS.get(kind, ()):
            self._last_order = max(self._last_order, row[at])
        if kind == TRADE:
            self._last_trade[row[1]] = max(self._last_trade[row[1]], row[3])
        elif kind == SIGNAL:
            self._last_signal = max(self._last_signal, row[_NUMBER])

    def next_round(self) -> None:
        """Continue from the highest ids of the round that has ended."""
        self._order += self._last_order
        self._trade = [before + last for before, last in zip(self._trade, self._last_trade, strict=True)]
        self._signal += self._last_signal
        self._last_order = self._last_signal = 0
        self._last_trade = [0] * len(self._trade)

    def moved(self, row: Row, shift: int) -> Row:
        """A row with ``shift`` nanoseconds added to its times, and the offsets to its ids."""
        if not shift:
            return row
        kind = row[0]
        cells = list(row)
        for at in (2, *_TIMES.get(kind, ())):
            if cells[at]:  # 0 means never
                cells[at] += shift
        for at in _ORDERS.get(kind, ()):
            if cells[at]:  # 0 means no order
                cells[at] += self._order
        if kind in _TRADES and cells[_TRADES[kind]]:  # 0 means no trade
            cells[_TRADES[kind]] += self._trade[row[1]]
        elif kind == SIGNAL:
            cells[_NUMBER] += self._signal
        return tuple(cells)


def _advance_rounds(
    run: LoopedScenario | LoopedPlayback,
    part: Callable[[int], list[Row]],
    is_over: Callable[[], bool],
    until: int,
    limit: int,
) -> list[Row]:
    """The rows of all rounds up to ``until``, or up to the action with which they reach ``limit``."""
    rows: list[Row] = []
    while True:
        if is_over():
            rows += run.begin_round()
        else:
            rows += part(limit - len(rows))
        if len(rows) >= limit or run.next_time() > until:
            return rows


def _cleared(listing: Listing, now: int) -> list[Row]:
    return [(CLEAR, index, now) for index in range(len(listing))]
