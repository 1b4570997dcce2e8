"""
Price levels of one instrument (market by price, MBP-1 and MBP-10), from records of DBN.

Every record has what happened and the best levels after it. Of MBP-10 the levels become rows; a level that
goes out of view at the far end is removed, since nothing tells of it any more. Of MBP-1 the best bid and ask
become quotes. What happened is held against what the levels show.

Source: Databento, "MBP-10 schema" and "MBP-1 schema", https://databento.com/docs/schemas-and-data-formats/mbp-10.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from feed.importers.books import SELL, BidAsk, ImportedMarket
from feed.importers.run import ImportRun, Malformed
from feed.model.events import UNKNOWN, Row

Levels = list[tuple[int, int]]
"""Price in ticks and size in lots, best first."""


class LevelsRecord(NamedTuple):
    """
    One record of the schemas ``mbp-1``, ``tbbo`` and ``mbp-10``, in the recording's units.

    Attributes:
        action: As in :class:`feed.importers.dbn_orders.OrderRecord`; levels of a ``T`` are those before it.
        side: 0 bid, 1 ask, ``UNKNOWN`` where it has none; of a ``T`` that of the aggressor.
        price: Integer ticks; None where the record has none.
        size: Integer lots that came, went or were traded; of an ``M`` what is left of an order. After
            trades one record stands for all that happened in the event, with the size of one order.
        bids, asks: The best levels.
    """

    action: str
    side: int
    price: int | None
    size: int
    bids: Levels
    asks: Levels


class BookOfLevels:
    """
    The best levels of one instrument, as they were last shown.

    Args:
        run: The import, which counts what was checked and what did not hold.
        market: The instrument; its book is kept where it has one, else only the quote.
        depth: Levels that a record shows of each side.
    """

    def __init__(self, run: ImportRun, market: ImportedMarket, depth: int) -> None:
        self._run = run
        self._market = market
        self._depth = depth
        self._shown: tuple[Levels, Levels] | None = None
        self._quoted: BidAsk | None = None
        # Lots traded at each price since the last record that was no trade.
        self._traded: dict[int, int] = {}

    def take(self, ts: int, record: LevelsRecord) -> list[Row]:
        """
        The rows of one record, but for the quote.

        Raises:
            Malformed: Levels in the wrong order, or a trade without a price.
        """
        before, after = self._shown, (record.bids, record.asks)
        self._check_order(after)
        if record.action == "T":
            if record.price is None:
                raise Malformed("a trade without a price")
            rows: list[Row] = []
            if after != before:
                rows = [*self._show(ts, after), *self.end(ts)]
            self._traded[record.price] = self._traded.get(record.price, 0) + record.size
            return [*rows, self._run.trade_of(self._market, ts, record.side, record.price, record.size)]
        traded, self._traded = self._traded, {}
        if record.action == "R":
            self._shown = ([], [])
            rows = [self._market.book.clear(ts)] if self._market.has_book else []
            return [*rows, *self._show(ts, after)]
        if before is not None and record.side != UNKNOWN:
            self._check_change(record, before, traded)
        return self._show(ts, after)

    def end(self, ts: int) -> list[Row]:
        """The event has ended: the quote if it changed."""
        if self._shown is None:
            return []
        if self._market.has_book:
            return self._run.quoted(self._market, ts)
        (bid, bid_size), (ask, ask_size) = (side[0] if side else (0, 0) for side in self._shown)
        # A price without a size is one of a source that does not say it.
        quote = (bid, _told(bid, bid_size), ask, _told(ask, ask_size))
        if quote == self._quoted:
            return []
        self._quoted = quote
        return [self._run.quote(self._market, ts, quote)]

    def _show(self, ts: int, after: tuple[Levels, Levels]) -> list[Row]:
        before, self._shown = self._shown or ([], []), after
        if not self._market.has_book:
            return []
        rows = []
        for side in range(2):
            new = dict(after[side])
            gone = [(price, 0) for price, _ in before[side] if price not in new]
            old = dict(before[side])
            changed = [(price, size) for price, size in after[side] if old.get(price) != size]
            rows += [self._market.book.level(ts, side, *level) for level in gone + changed]
        return rows

    def _check_order(self, levels: tuple[Levels, Levels]) -> None:
        for side, ladder in enumerate(levels):
            keys = [price if side == SELL else -price for price, _ in ladder]
            if any(a >= b for a, b in pairwise(keys)):
                raise Malformed("the levels of a side are not in the order of their prices")

    def _check_change(
        self, record: LevelsRecord, before: tuple[Levels, Levels], traded: dict[int, int]
    ) -> None:
        """Whether the level that a record names has the size which its action gives it."""
        side, price = record.side, record.price
        old, new = dict(before[side]), dict(record.asks if side == SELL else record.bids)
        if price is None or (price not in old and price not in new):
            return
        had, has = old.get(price, 0), new.get(price, 0)
        size, several = traded.get(price, record.size), bool(traded)
        in_view = price in old or not _behind(side, price, before[side], self._depth)
        match record.action:
            case "A":
                good = has == had + size or not in_view
            case "C":
                # What was cancelled in the event of a trade goes with it.
                good = (
                    has == had - size or (price not in new and had <= size) or (several and has < had - size)
                )
            case _:
                good = True
        if good:
            self._run.checked["a level changes as its record says"] += 1
        else:
            self._run.gap(
                f"expected {record.action} of {size} lots on {had} at {price} ticks, found {has} there"
            )


def _behind(side: int, price: int, levels: Levels, depth: int) -> bool:
    """Whether a price is behind all levels that are shown, which are as many as can be."""
    if len(levels) < depth:
        return False
    worst = levels[-1][0]
    return price > worst if side == SELL else price < worst


def _told(price: int, size: int) -> int:
    return UNKNOWN if price and not size else size
