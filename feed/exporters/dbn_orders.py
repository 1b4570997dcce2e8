"""
Rows of a recording as records of the schema ``mbo``: order by order.

A trade becomes three records: ``T`` of the taker, ``F`` of the order that it fills, ``C`` of what that takes
off the book. A price level of a source without orders is a record with the flag MBP, whose order id is made
of price and side. The last record before a quote, or before another time, has the flag LAST.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from feed.exporters.dbn_units import Change, Units
from feed.exporters.run import ExportRun
from feed.importers.books import QuotedBook
from feed.importers.dbn_instruments import UNDEFINED_PRICE
from feed.importers.dbn_orders import FLAG_LAST, FLAG_MBP
from feed.model import kinds
from feed.model.events import UNKNOWN, Row, level_change

SIDES: Final = ("B", "A")
NO_SIDE: Final = "N"
_BOOK: Final = (kinds.ADD, kinds.REDUCE, kinds.TRADE, kinds.LEVEL, kinds.CLEAR)
_UNSIGNED: Final = 2**64
NOT_IN_BOOK: Final = "quotes that the book does not show"
UNKNOWN_ORDER: Final = "changes of orders from before the recording"
TOO_SMALL: Final = "cancels and trades smaller than the unit of sizes"


class OrdersOut:
    """
    Makes the records of one export.

    Args:
        run: The export, which counts what is left out.
        units: Of each instrument that can be said.
        record: Makes one record of a sequence number, a row and a change.
        status: Makes one of a row that tells a status, or None; without it statuses are left out.
    """

    def __init__(
        self,
        run: ExportRun,
        units: dict[int, Units],
        record: Callable[..., Any],
        status: Callable[[Row], Any] | None = None,
    ) -> None:
        self._run = run
        self._status = status
        self._units = units
        self._record = record
        # Of each instrument: lots left of each order; records count what was written of them.
        self._left: dict[int, dict[int, int]] = {at: {} for at in units}
        self._books = {at: QuotedBook(at) for at in units}
        # Of each instrument whether an event of this market time has not ended yet.
        self._unquoted: dict[int, bool] = {}

    def records(self, group: list[tuple[int, Row]], *, ended: bool) -> Iterator[Any]:
        """
        The records of rows of one market time.

        Args:
            group: The rows with their sequence numbers.
            ended: Whether no more of this time come.
        """
        for (seq, row), last in zip(group, self._lasts(group, ended=ended), strict=True):
            if row[0] == kinds.STATUS and self._status is not None:
                yield from filter(None, [self._status(row)])
                continue
            changes = list(self._changes(row))
            if changes and last:
                changes[-1] = changes[-1]._replace(flags=changes[-1].flags | FLAG_LAST)
            for change in changes:
                yield self._record(seq, row, change)

    def _changes(self, row: Row) -> Iterator[Change]:
        at, units = row[1], self._units[row[1]]
        match row[0]:
            case kinds.ADD:
                self._left[at][row[3]] = row[6]
                yield Change("A", SIDES[row[4]], units.price(row[5]), units.size(row[6]), row[3])
            case kinds.REDUCE:
                size = self._reduced(at, row[3], row[6])
                if size is None:
                    self._run.left_out[UNKNOWN_ORDER] += 1
                elif not size:
                    self._run.left_out[TOO_SMALL] += 1
                else:
                    yield Change("C", SIDES[row[4]], units.price(row[5]), size, row[3])
            case kinds.TRADE:
                yield from self._trade(row, units)
            case kinds.LEVEL:
                yield self._level(row, units)
            case kinds.CLEAR:
                self._left[at].clear()
                yield Change("R", NO_SIDE, UNDEFINED_PRICE, 0)
            case kinds.QUOTE:
                book = self._books[at]
                if tuple(row[3:7]) != (*book.bids.best(), *book.asks.best()):
                    self._run.left_out[NOT_IN_BOOK] += 1
            case kind:
                self._run.leave_out(kind)
        self._note(row)

    def _note(self, row: Row) -> None:
        """Keep the totals of levels, with which quotes and further levels are compared."""
        book, change = self._books[row[1]], level_change(row)
        if row[0] == kinds.CLEAR:
            book.clear(0)
        elif change is not None:
            (book.asks if change.side else book.bids).set(change.price, change.size)

    def _level(self, row: Row, units: Units) -> Change:
        book, side, price = self._books[row[1]], row[3], row[4]
        old = units.size((book.asks if side else book.bids).size(price))
        new = units.size(row[5])
        action, size = ("M" if old else "A", new) if new else ("C", old)
        return Change(action, SIDES[side], units.price(price), size, (price * 2 + side) % _UNSIGNED, FLAG_MBP)

    def _reduced(self, at: int, order: int, left: int) -> int | None:
        """What is taken off an order in units of sizes; None for one from before the recording."""
        before = self._left[at].get(order)
        if before is None:
            return None
        if left:
            self._left[at][order] = left
        else:
            del self._left[at][order]
        units = self._units[at]
        return units.size(before) - units.size(left)

    def _trade(self, row: Row, units: Units) -> Iterator[Change]:
        _, at, _, _, aggressor, ticks, lots, maker, taker, left, _ = row
        price = units.price(ticks)
        side = NO_SIDE if aggressor < 0 else SIDES[aggressor]
        size = self._reduced(at, maker, left) if maker and left >= 0 and aggressor >= 0 else None
        if size is None:
            yield Change("T", side, price, units.size(lots), taker)
        elif not size:
            self._run.left_out[TOO_SMALL] += 1
        else:
            rests = SIDES[1 - aggressor]
            yield Change("T", side, price, size, taker)
            yield Change("F", rests, price, size, maker)
            yield Change("C", rests, price, size, maker)

    def _lasts(self, group: list[tuple[int, Row]], *, ended: bool) -> list[bool]:
        """For each row whether an event of its instrument ends with it: before a quote, and in its time."""
        behind: dict[int, int] = {}
        lasts = []
        for _, row in reversed(group):
            next_kind = behind.get(row[1])
            lasts.append(row[0] in _BOOK and (next_kind == kinds.QUOTE or (next_kind is None and ended)))
            if row[0] in _BOOK or row[0] == kinds.QUOTE:
                behind[row[1]] = row[0]
        lasts.reverse()
        for at, (_, row) in enumerate(group):
            if row[0] == kinds.TRADE and row[10] == UNKNOWN:
                # A trade beside the book is an event of its own, unless it comes in the middle of another.
                lasts[at] |= not self._unquoted.get(row[1], False)
            elif row[0] in _BOOK:
                self._unquoted[row[1]] = not lasts[at]
        if ended:
            self._unquoted.clear()
        return lasts
