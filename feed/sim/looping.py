"""
A scenario or a recording that is played again and again: ``--at-end loop``.

A round begins where the one before it ended. Sequence numbers, market time and every id go on, so that
nothing ever comes twice: a stream of several rounds is one history, and a position in it is proven as in
any other. Between two rounds every book is cleared, and the next one's follow as a snapshot, just as
when a market is taken back in time. Accounts keep what they own; their open orders are cancelled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

import attrs

from feed.model.durations import NS_PER_SECOND
from feed.model.events import (
    ADD,
    CLEAR,
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
from feed.sim.market import Market
from feed.sim.playback import Playback
from feed.sim.script import ScriptedMarket

# Where a row has a market time besides its own, an id of an order, and an id of a trade.
_TIMES: Final = {FUNDING: (5,), ROUND: (3, 4), ORDER: (17,), FILL: (8,)}
_ORDERS: Final = {ADD: (3,), REDUCE: (3,), TRADE: (7, 8), LIQUIDATION: (3,), ORDER: (8,), FILL: (4,)}
_TRADES: Final = {TRADE: 3, FILL: 9}
_NUMBER: Final = 3  # of a signal


class LoopedScenario:
    """
    A scenario without end. Can be used wherever a ``ScriptedMarket`` can.

    Args:
        scenario: What is played; every round has its seed.

    Attributes:
        listing: The instruments, in index order.
        rounds: How many have begun.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._script = ScriptedMarket(scenario)
        self.listing: Final = self._script.listing
        self.rounds = 1
        self._signals = 0  # of the rounds before this one
        self._signalled = 0

    @property
    def market(self) -> Market:
        """The market behind this round."""
        return self._script.market

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""
        return self._script.now

    @property
    def end(self) -> None:
        """It has none."""

    def from_start(self) -> LoopedScenario:
        """The same from the first round on."""
        return LoopedScenario(self._scenario)

    def opening(self) -> list[Row]:
        """The rows that built the opening books of the first round. Taken once, before all others."""
        return self._script.opening()

    def snapshot(self) -> list[Row]:
        """Every status and every book as it stands, in rows that rebuild them from nothing."""
        return self._script.snapshot()

    def next_time(self) -> int:
        """Market time of the next thing that happens: the end of a round is the beginning of the next."""
        upcoming = self._script.next_time()
        return self._script.now if upcoming is None else upcoming

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """As :meth:`ScriptedMarket.advance`, over as many rounds as it takes."""

        def part(most: int) -> list[Row]:
            return self._numbered(self._script.advance(until, most))

        return _through(self, part, self._script_is_over, until, limit)

    def begin_round(self) -> list[Row]:
        """Let the next round begin, now."""
        old = self._script
        scenario = attrs.evolve(self._scenario, start=old.now)
        self._script = ScriptedMarket(scenario, after=old.market)
        self._signals += self._signalled
        self._signalled = 0
        self.rounds += 1
        self._script.opening()  # it is part of the snapshot
        return _cleared(self.listing, self.now) + self._script.snapshot()

    def _script_is_over(self) -> bool:
        return self._script.next_time() is None

    def _numbered(self, rows: list[Row]) -> list[Row]:
        for at, row in enumerate(rows):
            if row[0] == SIGNAL:
                self._signalled = row[_NUMBER]
                rows[at] = (*row[:_NUMBER], row[_NUMBER] + self._signals, *row[_NUMBER + 1 :])
        return rows


class LoopedPlayback:
    """
    A recording without end. Can be used wherever a ``Playback`` can.

    Args:
        playback: Its first round.
        begin: Gives the next ones.

    Attributes:
        listing: What a row's instrument is an index into.
        rounds: How many have begun.
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
        """It has none."""

    def from_start(self) -> LoopedPlayback:
        """The same from the first round on."""
        return LoopedPlayback(self._begin(), self._begin)

    def opening(self) -> list[Row]:
        """The rows at the start of the first round. Taken once, before all others."""
        return self._told(self._playback.opening())

    def snapshot(self) -> list[Row]:
        """Every status, book and derivative as it stands, in rows that rebuild them from nothing."""
        return [self._ids.moved(row, self._shift) for row in self._playback.snapshot()]

    def next_time(self) -> int:
        """Market time of the next row: the end of a round is the beginning of the next."""
        upcoming = self._playback.next_time()
        return self.now if upcoming is None else upcoming + self._shift

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """As :meth:`Playback.advance`, over as many rounds as it takes."""

        def part(most: int) -> list[Row]:
            return self._told(self._playback.advance(until - self._shift, most))

        return _through(self, part, self._playback_is_over, until, limit)

    def begin_round(self) -> list[Row]:
        """Let the next round begin, now; a recording that takes no time, a second later."""
        length = max(self._playback.now - self._start, 0) or NS_PER_SECOND
        now = self.now
        self._playback = self._begin()
        self._shift += length
        self._ids.next_round()
        self.rounds += 1
        open_again = [
            (STATUS, index, now, int(Status.TRADING))
            for index, status in self._statuses.items()
            if status != Status.TRADING
        ]
        self._statuses.clear()
        return _cleared(self.listing, now) + open_again

    def _playback_is_over(self) -> bool:
        return self._playback.next_time() is None

    def _told(self, rows: list[Row]) -> list[Row]:
        told = []
        for row in rows:
            if row[0] == STATUS:
                self._statuses[row[1]] = row[3]
            self._ids.see(row)
            told.append(self._ids.moved(row, self._shift))
        return told


class _Ids:
    """Lets the ids of every round be higher than those of the round before."""

    def __init__(self, instruments: int) -> None:
        self._order = self._last_order = 0
        self._trade = [0] * instruments
        self._last_trade = [0] * instruments
        self._signal = self._last_signal = 0

    def see(self, row: Row) -> None:
        """Remember the highest ids of this round."""
        kind = row[0]
        for at in _ORDERS.get(kind, ()):
            self._last_order = max(self._last_order, row[at])
        if kind == TRADE:
            self._last_trade[row[1]] = max(self._last_trade[row[1]], row[3])
        elif kind == SIGNAL:
            self._last_signal = max(self._last_signal, row[_NUMBER])

    def next_round(self) -> None:
        """Count on from there."""
        self._order += self._last_order
        self._trade = [before + last for before, last in zip(self._trade, self._last_trade, strict=True)]
        self._signal += self._last_signal
        self._last_order = self._last_signal = 0
        self._last_trade = [0] * len(self._trade)

    def moved(self, row: Row, shift: int) -> Row:
        """The row with every time later, and every id higher."""
        if not shift:
            return row
        kind = row[0]
        cells = list(row)
        for at in (2, *_TIMES.get(kind, ())):
            cells[at] += shift
        for at in _ORDERS.get(kind, ()):
            if cells[at]:  # 0 is no order
                cells[at] += self._order
        if kind in _TRADES:
            cells[_TRADES[kind]] += self._trade[row[1]]
        elif kind == SIGNAL:
            cells[_NUMBER] += self._signal
        return tuple(cells)


def _through(
    run: LoopedScenario | LoopedPlayback,
    part: Callable[[int], list[Row]],
    is_over: Callable[[], bool],
    until: int,
    limit: int,
) -> list[Row]:
    """What happens up to ``until``, round after round, cut after the action that makes ``limit`` rows."""
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
