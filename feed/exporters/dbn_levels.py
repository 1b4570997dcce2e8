"""
Rows of a recording as records with the best levels (``mbp-10``), the best bid and ask (``mbp-1``), or none.

Of ``mbp-1`` a record is a quote of the recording, with the change that led to it; where both sides changed at
once it has no side. Of ``mbp-10`` a record is a change of a level that is in view before or after it. Trades
show the levels before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from feed.exporters.dbn_orders import NO_SIDE, SIDES
from feed.exporters.dbn_units import Change, Units
from feed.exporters.run import ExportRun
from feed.importers.books import QuotedBook
from feed.importers.dbn_instruments import UNDEFINED_PRICE
from feed.importers.dbn_orders import FLAG_LAST
from feed.model.events import CLEAR, QUOTE, TRADE, UNKNOWN, Row, level_change

Shown = list[tuple[int, int, int, int]]
"""Bid, its size, ask, its size of each level, as records have them."""
_DEPTH: Final = 10
_EMPTY: Final = (UNDEFINED_PRICE, 0)
TOO_DEEP: Final = "changes of levels behind the best ten"
_Waiting = tuple[int, Row, Change, Shown]

Make = Callable[..., Any]
"""Makes one record of a sequence number, a row, a change and levels."""


class TradesOut:
    """Trades alone."""

    def __init__(self, run: ExportRun, units: dict[int, Units], record: Make) -> None:
        self._run = run
        self._units = units
        self._record = record

    def records(self, group: list[tuple[int, Row]], *, ended: bool) -> Iterator[Any]:
        """The records of rows of one market time."""
        del ended
        for seq, row in group:
            if row[0] == TRADE:
                yield self._trade(seq, row, [], FLAG_LAST)
            else:
                self._run.leave_out(row[0])

    def _trade(self, seq: int, row: Row, shown: Shown, flags: int) -> Any:
        units = self._units[row[1]]
        side = NO_SIDE if row[4] < 0 else SIDES[row[4]]
        change = Change("T", side, units.price(row[5]), units.size(row[6]), flags=flags)
        return self._record(seq, row, change, shown)


class QuotesOut(TradesOut):
    """Quotes and trades."""

    def __init__(self, run: ExportRun, units: dict[int, Units], record: Make) -> None:
        super().__init__(run, units, record)
        self._quotes: dict[int, tuple[tuple[int, int], tuple[int, int]]] = {}

    def records(self, group: list[tuple[int, Row]], *, ended: bool) -> Iterator[Any]:
        """The records of rows of one market time."""
        del ended
        for seq, row in group:
            before = self._quotes.get(row[1], (_EMPTY, _EMPTY))
            if row[0] == TRADE:
                yield self._trade(seq, row, [(*before[0], *before[1])], 0)
            elif row[0] == QUOTE:
                units = self._units[row[1]]
                after = _side(units, row[3], row[4]), _side(units, row[5], row[6])
                self._quotes[row[1]] = after
                change = _change(before, after)
                yield self._record(seq, row, change, [(*after[0], *after[1])])
            else:
                self._run.leave_out(row[0])


class LevelsOut(TradesOut):
    """The best ten levels, and trades."""

    def __init__(self, run: ExportRun, units: dict[int, Units], record: Make) -> None:
        super().__init__(run, units, record)
        self._books = {at: QuotedBook(at) for at in units}

    def records(self, group: list[tuple[int, Row]], *, ended: bool) -> Iterator[Any]:
        """The records of rows of one market time."""
        waiting: dict[int, _Waiting] = {}
        for seq, row in group:
            at = row[1]
            if row[0] == QUOTE:
                # The record before it is the last of the event.
                yield from self._last(waiting.pop(at, None))
                continue
            for record in self._changes(seq, row):
                yield from self._flushed(waiting.pop(at, None))
                waiting[at] = record
        for record in waiting.values():
            yield from self._last(record) if ended else self._flushed(record)

    def _changes(self, seq: int, row: Row) -> Iterator[_Waiting]:
        at, units = row[1], self._units[row[1]]
        book, change = self._books[at], level_change(row)
        if row[0] == CLEAR:
            book.clear(0)
            yield seq, row, Change("R", NO_SIDE, UNDEFINED_PRICE, 0), []
            return
        if row[0] == TRADE:
            side = NO_SIDE if row[4] < 0 else SIDES[row[4]]
            yield seq, row, Change("T", side, units.price(row[5]), units.size(row[6])), self._shown(at)
        elif change is None:
            self._run.leave_out(row[0])
        if change is None:
            return
        levels = book.asks if change.side else book.bids
        old, new = units.size(levels.size(change.price)), units.size(change.size)
        seen = change.price in levels.top(_DEPTH)
        levels.set(change.price, change.size)
        if not seen and change.price not in levels.top(_DEPTH):
            self._run.left_out[TOO_DEEP] += 1
        elif old != new:
            action = "A" if new > old else "C"
            price = units.price(change.price)
            yield seq, row, Change(action, SIDES[change.side], price, abs(new - old)), self._shown(at)

    def _shown(self, at: int) -> Shown:
        book, units = self._books[at], self._units[at]
        sides = []
        for levels in (book.bids, book.asks):
            best = [(units.price(price), units.size(size)) for price, size in levels.best_first(_DEPTH)]
            sides.append(best + [_EMPTY] * (_DEPTH - len(best)))
        return [(*bid, *ask) for bid, ask in zip(*sides, strict=True)]

    def _flushed(self, record: _Waiting | None) -> Iterator[Any]:
        if record is not None:
            yield self._record(*record)

    def _last(self, record: _Waiting | None) -> Iterator[Any]:
        if record is not None:
            seq, row, change, shown = record
            yield self._record(seq, row, change._replace(flags=FLAG_LAST), shown)


def _side(units: Units, price: int, size: int) -> tuple[int, int]:
    """Price and size of one side; a size that the source does not say is 0 at a price."""
    if not size:
        return _EMPTY
    return units.price(price), 0 if size == UNKNOWN else units.size(size)


def _change(
    before: tuple[tuple[int, int], tuple[int, int]], after: tuple[tuple[int, int], tuple[int, int]]
) -> Change:
    """What leads from one quote to the next."""
    changed = [side for side in range(2) if before[side] != after[side]]
    if len(changed) != 1:
        return Change("M", NO_SIDE, UNDEFINED_PRICE, 0, flags=FLAG_LAST)
    side = changed[0]
    (old_price, old), (price, size) = before[side], after[side]
    if price == old_price:
        return Change("A" if size > old else "C", SIDES[side], price, abs(size - old), flags=FLAG_LAST)
    # An empty side is behind every price.
    better = old_price == UNDEFINED_PRICE or (
        price != UNDEFINED_PRICE and (price < old_price if side else price > old_price)
    )
    what, where, much = ("A", price, size) if better else ("C", old_price, old)
    return Change(what, SIDES[side], where, much, flags=FLAG_LAST)
