"""A recording as a run: its rows at their market times, in place of a market."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from feed.book.views import L1, L2, L3
from feed.errors import MarketError
from feed.model.events import ADD, AUCTION, FUNDING, LEVEL, MARK, QUOTE, ROUND, STATUS, Row, Side, Status
from feed.model.instruments import Listing

# Bound on the rows of one instrument and one time that are kept together; real data can have any number.
_LONGEST_ACTION: Final = 10_000

Blocks = Callable[[], Iterable[list[Row]]]
"""Iterates over the rows of a recording, block by block; may be called more than once."""


class Playback:
    """
    Plays the rows of a recording.

    A row with an earlier time than the one before it, as in real data, is played at that one's time. A
    checkpoint has the position in the recording, not its rows, so it must be able to keep ``blocks``.

    Args:
        listing: The instruments, in index order.
        blocks: Iterates over the recording.
        start: Market time at which it begins, integer nanoseconds since the Unix epoch.

    Attributes:
        listing: The instruments, in index order.
        now: Market time, integer nanoseconds since the Unix epoch.
    """

    def __init__(self, listing: Listing, blocks: Blocks, *, start: int) -> None:
        self.listing: Final = listing
        self.now = start
        self._start = start
        self._blocks = blocks
        self._taken = 0
        self._rows = _rows(blocks)
        self._ahead = next(self._rows, None)

    @property
    def end(self) -> None:
        """None: it is not known in advance."""

    def from_start(self) -> Playback:
        """A new playback, from the beginning."""
        return Playback(self.listing, self._blocks, start=self._start)

    def opening(self) -> list[Row]:
        """The rows at the start time. To be called once, before :meth:`advance`."""
        return self.advance(self.now)

    def next_time(self) -> int | None:
        """Market time of the next row; None after the last."""
        return None if self._ahead is None else max(self.now, self._ahead[2])

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """
        The rows up to a market time; at least one.

        Args:
            until: Market time, inclusive.
            limit: Stop at this number of rows, but not between rows of one instrument and one time, which
                may be one action, within which book and quote differ.

        Raises:
            MarketError: ``until`` is in the past.
        """
        if until < self.now:
            raise MarketError(f"market time is {self.now}, it cannot go back to {until}")
        rows: list[Row] = []
        row = self._ahead
        while row is not None and row[2] <= until:
            rows.append(row)
            before, row = row, next(self._rows, None)
            if len(rows) >= limit and not _one_action(before, row, len(rows) - limit):
                break
        else:
            if row is not None:  # else time stops at the last row
                self.now = until
        self._ahead = row
        self._taken += len(rows)
        if rows:
            self.now = max(self.now, rows[-1][2])
        return rows

    def snapshot(self) -> list[Row]:
        """Rows that rebuild the current statuses, books and derivatives from nothing."""
        folds = [_InstrumentState() for _ in self.listing]
        for row in islice(_rows(self._blocks), self._taken):
            folds[row[1]].apply(row)
        return [row for index, fold in enumerate(folds) for row in fold.rows(index, self.now)]

    # --- checkpoints -------------------------------------------------------------------------------

    def checkpoint_state(self) -> Any:
        """Its position in the recording, and not its rows."""
        return self.listing, self._blocks, self._start, self._taken, self.now

    def restore_checkpoint_state(self, state: Any) -> None:
        """Go on from that position; the recording is read up to there."""
        listing, blocks, start, taken, now = state
        vars(self).update(vars(Playback(listing, blocks, start=start)))
        if taken:
            # The next row has been read, too.
            next(islice(self._rows, taken - 1, taken - 1), None)
            self._ahead = next(self._rows, None)
            self._taken = taken
        self.now = now


def _one_action(before: Row, row: Row | None, more: int) -> bool:
    return row is not None and row[1:3] == before[1:3] and more < _LONGEST_ACTION


class _InstrumentState:
    """The state of one instrument after its rows so far."""

    def __init__(self) -> None:
        self._status = int(Status.TRADING)
        self._best = L1()
        self._levels = L2()
        self._orders = L3()
        self._has_orders = False
        self._derived: dict[int, Row] = {}

    def apply(self, row: Row) -> None:
        if row[0] == STATUS:
            self._status = row[3]
        elif row[0] in (MARK, FUNDING, ROUND, AUCTION):
            self._derived[row[0]] = row
        self._has_orders |= row[0] == ADD
        self._best.apply(row)
        self._levels.apply(row)
        if self._has_orders:
            self._orders.apply(row)

    def rows(self, index: int, now: int) -> Iterator[Row]:
        yield STATUS, index, now, self._status
        for side in Side:
            yield from self._side(index, now, int(side))
        best = self._best
        yield QUOTE, index, now, best.bid, best.bid_size, best.ask, best.ask_size
        for kind, row in self._derived.items():
            if kind != AUCTION or self._status == Status.AUCTION:
                yield (*row[:2], now, *row[3:])

    def _side(self, index: int, now: int, side: int) -> Iterator[Row]:
        if not self._has_orders:
            for price, size in self._levels.levels(side):
                yield LEVEL, index, now, side, price, size
            return
        totals: dict[int, int] = {}
        for order, price, left in self._orders.orders(side):
            totals[price] = totals.get(price, 0) + left
            yield ADD, index, now, order, side, price, left, totals[price]


def _rows(blocks: Blocks) -> Iterator[Row]:
    return (row for block in blocks() for row in block)
