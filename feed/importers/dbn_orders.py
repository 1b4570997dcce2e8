"""
The order-by-order book (market by order, MBO) of one instrument, from records of DBN.

A trade comes as several records: ``T`` for the aggressor, ``F`` for each resting order that was filled,
then ``C`` or ``M`` for what that does to the book. Only the latter change the book of the format. Here the
row of the trade changes it, at the ``F``, and the ``C`` or ``M`` that follows is held against it.

A record whose flag says MBP is a price level, not an order; one whose flag says TOB is the only level of
its side.

Source: Databento, "MBO schema" and "Limit order book construction",
https://databento.com/docs/schemas-and-data-formats/mbo.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from feed.importers.books import SELL, ImportedMarket
from feed.importers.run import ImportRun, Malformed
from feed.model.events import ADD, REDUCE, TRADE, UNKNOWN, Row

FLAG_LAST: Final = 128  # the last record of an event of its instrument
FLAG_TOB: Final = 64  # the only level of its side, no single order
FLAG_SNAPSHOT: Final = 32  # from a replay of the book, not of this time
FLAG_MBP: Final = 16  # a price level, no single order
FLAG_MAYBE_BAD_BOOK: Final = 4  # a gap in the channel that the vendor read


class OrderRecord(NamedTuple):
    """
    One record of the schema ``mbo``, in the recording's units.

    Attributes:
        action: ``A`` add, ``C`` cancel, ``M`` modify, ``R`` clear, ``T`` trade, ``F`` fill, ``N`` none.
        side: 0 bid, 1 ask, ``UNKNOWN`` where it has none.
        price: Integer ticks; None where the record has none.
        size: Integer lots: of an ``M`` what rests then, of a ``C`` what is taken off.
        order: Id of the order; of a ``T`` that of the aggressor, 0 where it is not told.
        flags: The bits ``FLAG_*``.
    """

    action: str
    side: int
    price: int | None
    size: int
    order: int
    flags: int


class _Resting(NamedTuple):
    side: int
    price: int
    left: int


class _Taker(NamedTuple):
    side: int
    price: int
    left: int
    order: int


class OrderBookOfRecords:
    """
    The resting orders of one instrument. The totals by level are in ``market.book``.

    Args:
        run: The import, which counts what was checked and what did not hold.
        market: The instrument.
    """

    def __init__(self, run: ImportRun, market: ImportedMarket) -> None:
        self._run = run
        self._market = market
        self._orders: dict[int, _Resting] = {}
        self._takers: list[_Taker] = []
        # Lots that fills of this event have traded at a price, of which no T has told yet.
        self._ahead: dict[int, int] = {}
        # Lots of each order that fills of this event have taken off, and no C or M has confirmed.
        self._filled: dict[int, int] = {}
        self._in_snapshot = False
        self._changed = False

    def take(self, ts: int, record: OrderRecord) -> list[Row]:
        """
        The rows of one record.

        Args:
            ts: Market time, nanoseconds since the Unix epoch.
            record: The next one of the instrument.
        Raises:
            Malformed: An unknown action, or a price or side that is missing.
        """
        self._changed |= record.action not in "TN"
        snapshot, before = bool(record.flags & FLAG_SNAPSHOT), self._in_snapshot
        self._in_snapshot = snapshot
        if record.flags & FLAG_MAYBE_BAD_BOOK:
            self._run.gap("the source says that its book may be wrong here (flag MAYBE_BAD_BOOK)")
        match record.action:
            case "T":
                return self._trade(ts, record)
            case "F":
                return self._fill(ts, record)
            case "N":
                return []
            case "R":
                return [*self._unfilled(ts), self._clear(ts)]
            case "A" | "C" | "M":
                # A replay of the book replaces it, also where no R says so.
                rows = [self._clear(ts)] if snapshot and not before else []
                return [*self._unfilled(ts), *rows, *self._change(ts, record)]
        raise Malformed(f"an action {record.action!r} where one of A, C, M, R, T, F, N is expected")

    def end(self, ts: int) -> list[Row]:
        """The event has ended: trades that no resting order was filled by, and the quote if it changed."""
        rows = self._unfilled(ts)
        for order, lots in self._filled.items():
            self._run.gap(f"expected a cancel of {lots} lots of order {order}, which were filled; found none")
        self._filled.clear()
        self._ahead.clear()
        if self._changed:
            rows += self._run.quoted(self._market, ts)
        self._changed = False
        return rows

    def _clear(self, ts: int) -> Row:
        self._orders.clear()
        self._filled.clear()
        return self._market.book.clear(ts)

    def _trade(self, ts: int, record: OrderRecord) -> list[Row]:
        price = _price(record)
        told = min(self._ahead.get(price, 0), record.size)
        if told:
            self._ahead[price] -= told
        self._takers.append(_Taker(record.side, price, record.size - told, record.order))
        # An event has few; without one of its own the format would let them grow for ever.
        return self._unfilled(ts) if len(self._takers) > self._run.bounds.waiting else []

    def _unfilled(self, ts: int) -> list[Row]:
        """Trades, or parts of them, that met no order of the book: hidden ones, and auctions."""
        takers, self._takers = self._takers, []
        return [
            self._run.trade_of(self._market, ts, taker.side, taker.price, taker.left)
            for taker in takers
            if taker.left
        ]

    def _taker_of(self, price: int, maker_side: int, size: int) -> _Taker:
        for at, taker in enumerate(self._takers):
            if taker.left and taker.price == price and taker.side in (1 - maker_side, UNKNOWN):
                self._takers[at] = taker._replace(left=max(0, taker.left - size))
                return taker
        self._ahead[price] = self._ahead.get(price, 0) + size
        return _Taker(1 - maker_side, price, 0, 0)

    def _fill(self, ts: int, record: OrderRecord) -> list[Row]:
        price, market, known = _price(record), self._market, self._orders.get(record.order)
        # Of a known order the book says the side; records do not agree whose side that of a fill is.
        taker = self._taker_of(price, known.side if known else _side(record), record.size)
        market.trades += 1
        if known is None or known.price != price or known.left < record.size:
            self._run.gap(
                f"expected a fill of an order of the book, found {record.size} lots of order {record.order} "
                f"at {price} ticks"
            )
            row = (TRADE, market.index, ts, market.trades, taker.side, price, record.size)
            return [(*row, record.order, taker.order, UNKNOWN, UNKNOWN)]
        self._run.checked["a fill is of an order of the book"] += 1
        self._filled[record.order] = self._filled.get(record.order, 0) + record.size
        left = known.left - record.size
        level = self._rest(record.order, known._replace(left=left))
        row = (TRADE, market.index, ts, market.trades, taker.side, price, record.size)
        return [(*row, record.order, taker.order, left, level)]

    def _change(self, ts: int, record: OrderRecord) -> list[Row]:
        if record.flags & (FLAG_MBP | FLAG_TOB):
            return self._level(ts, record)
        match record.action:
            case "A":
                return self._add(ts, record)
            case "C":
                return self._cancel(ts, record)
        return self._modify(ts, record)

    def _add(self, ts: int, record: OrderRecord) -> list[Row]:
        rows: list[Row] = []
        if record.order in self._orders:
            self._run.gap(f"expected a new order, found {record.order}, which is in the book; it is replaced")
            rows = self._reduce(ts, record.order, 0)
        return [*rows, self._added(ts, record)]

    def _cancel(self, ts: int, record: OrderRecord) -> list[Row]:
        confirmed = min(self._filled.get(record.order, 0), record.size)
        if confirmed:
            self._confirm(record.order, confirmed)
        size, known = record.size - confirmed, self._orders.get(record.order)
        if not size:
            return []
        if known is None or known.left < size or (known.side, known.price) != (record.side, record.price):
            self._run.gap(
                f"expected a cancel of what rests of an order, found {size} lots of order {record.order}"
                + (", which is not in the book" if known is None else f", of which {known.left} rest")
            )
        else:
            self._run.checked["a cancel is of an order of the book"] += 1
        return self._reduce(ts, record.order, max(0, known.left - size)) if known else []

    def _modify(self, ts: int, record: OrderRecord) -> list[Row]:
        order, filled = record.order, self._filled.pop(record.order, 0)
        known = self._orders.get(order)
        if known is None:
            # A fill may have emptied an order that shows its next part.
            if not filled:
                self._run.gap(f"expected a change of an order of the book, found order {order}; it is added")
            return [self._added(ts, record)]
        self._run.checked["a change is of an order of the book"] += 1
        if (known.side, known.price) == (_side(record), _price(record)) and record.size <= known.left:
            return [] if record.size == known.left else self._reduce(ts, order, record.size)
        # More lots, or another price: the order goes to the back of its queue.
        return [*self._reduce(ts, order, 0), self._added(ts, record)]

    def _confirm(self, order: int, lots: int) -> None:
        self._run.checked["a filled order is taken off the book"] += 1
        self._filled[order] -= lots
        if not self._filled[order]:
            del self._filled[order]

    def _added(self, ts: int, record: OrderRecord) -> Row:
        resting = _Resting(_side(record), _price(record), record.size)
        level = self._rest(record.order, resting, more=record.size)
        return (ADD, self._market.index, ts, record.order, *resting, level)

    def _reduce(self, ts: int, order: int, left: int) -> list[Row]:
        known = self._orders[order]
        level = self._rest(order, known._replace(left=left))
        return [(REDUCE, self._market.index, ts, order, known.side, known.price, left, level)]

    def _rest(self, order: int, resting: _Resting, more: int | None = None) -> int:
        """Keep what rests of an order; returns the lots of its level. ``more``: of an order that is new."""
        side, price, left = resting
        levels = self._market.book.asks if side == SELL else self._market.book.bids
        change = left - self._orders[order].left if more is None else more
        if left:
            self._orders[order] = resting
        else:
            self._orders.pop(order, None)
        level = levels.size(price) + change
        levels.set(price, level)
        return level

    def _level(self, ts: int, record: OrderRecord) -> list[Row]:
        side, book = _side(record), self._market.book
        levels = book.asks if side == SELL else book.bids
        rows: list[Row] = []
        if record.flags & FLAG_TOB:
            rows = [book.level(ts, side, price, 0) for price in list(levels) if price != record.price]
            if record.price is None:
                return rows
        price, size = _price(record), record.size
        if record.action == "C":
            size = max(0, levels.size(price) - size)
        return [*rows, book.level(ts, side, price, size)]


def _side(record: OrderRecord) -> int:
    if record.side == UNKNOWN:
        raise Malformed(f"no side in a record of the action {record.action}")
    return record.side


def _price(record: OrderRecord) -> int:
    if record.price is None:
        raise Malformed(f"no price in a record of the action {record.action}")
    return record.price
