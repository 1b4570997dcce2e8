"""One instrument as its rows have told it: its part of the market's state."""

from __future__ import annotations

from typing import Final

import attrs

from feed.model.aggregates import AggregateTrade, aggregate
from feed.model.candles import Candle, fold
from feed.model.events import AUCTION, CLEAR, FUNDING, MARK, ROUND, STATUS, UNKNOWN, Event, Row, Status
from feed.state.book_changes import BookChanges

# Of these kinds the last row of each instrument is kept.
_KEPT: Final = (MARK, FUNDING, ROUND, AUCTION)


Told = tuple[int, Row, int]
"""Sequence number, row and proof of an event: what its ``from_row`` takes."""


@attrs.frozen(kw_only=True)
class TickerState(Event):
    """
    Best prices and last price of one instrument, as of the event that completed the last change of them.

    Attributes:
        bid: Best bid, integer ticks.
        ask: Best ask, integer ticks.
        price: Of the last trade, integer ticks; before the first one the middle of the quote, rounded down.
        traded: Market time of that trade; None before the first one.
    """

    bid: int
    ask: int
    price: int
    traded: int | None


class InstrumentState:
    """
    One instrument as its rows have told it.

    Attributes:
        orders: Resting orders by id: (side, price, lots left, market time of arrival). The dict's order is
            that of arrival, so that the orders of one price stand in the order of their priority.
        levels: Lots by price, bids and asks. Every change of a book is written here and hardly anybody reads
            it, so these are dicts, sorted when somebody asks: with a call for each change, as to the ``set``
            of ``PriceLevels``, applying an event took a sixth longer.
        begun: Of a source that reports levels alone the sequence number and market time at which each level
            came, by price, bids and asks.
        changes: Which levels have changed in the windows under way.
        quote: The last two-sided quote with a new best price, its sequence number and proof.
        trade: The last trade, its sequence number and proof.
        ticker: What completed the last change of best prices or last price, and the rows of the quote
            and the trade of then.
        unquoted: Whether a trade has changed the book and the quote of it has not come yet.
        one_sided: Whether there is no bid or no ask now, as far as quotes have told.
        taking: Whether no quote has come since the last trade: the order that acts may take more.
        taker: That order, where a source tells of orders; 0 once a quote has come.
        order_steps: Steps in the lives of orders so far: one comes in, rests, trades, changes, is over. That
            an order came in is told by its first trade or by its rest, that a taker is over by the quote.
        match_step: Which of these the last trade was.
        candle: The last minute in which there was a trade.
        aggregate: The aggregate trade that the last trade belongs to; None before the first.
        status: Whether it can be traded.
        last: The last row of each kind that only derivatives have, and of auctions, its sequence number and
            proof.
    """

    __slots__ = (
        "aggregate",
        "begun",
        "candle",
        "changes",
        "last",
        "levels",
        "match_step",
        "one_sided",
        "order_steps",
        "orders",
        "quote",
        "status",
        "taker",
        "taking",
        "ticker",
        "trade",
        "unquoted",
    )

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int, int]] = {}
        self.levels: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.begun: tuple[dict[int, tuple[int, int]], dict[int, tuple[int, int]]] = ({}, {})
        self.changes = BookChanges()
        self.quote: Told | None = None
        self.trade: Told | None = None
        self.ticker: tuple[Told, Row, Row | None] | None = None
        self.unquoted = False
        self.one_sided = True
        self.taking = False
        self.taker = self.order_steps = self.match_step = 0
        self.candle: Candle | None = None
        self.aggregate: AggregateTrade | None = None
        self.status = Status.TRADING
        self.last: dict[int, Told] = {}

    def copy(self) -> InstrumentState:
        """The same, apart from this one."""
        new = InstrumentState()
        new.orders = self.orders.copy()
        new.levels = (self.levels[0].copy(), self.levels[1].copy())
        new.begun = (self.begun[0].copy(), self.begun[1].copy())
        new.changes = self.changes.copy()
        new.quote, new.trade, new.candle, new.status = self.quote, self.trade, self.candle, self.status
        new.ticker, new.unquoted, new.one_sided = self.ticker, self.unquoted, self.one_sided
        new.taking, new.taker = self.taking, self.taker
        new.order_steps, new.match_step = self.order_steps, self.match_step
        new.aggregate, new.last = self.aggregate, self.last.copy()
        return new

    def quoted(self, seq: int, row: Row, proof: int) -> None:
        """Take a ``QUOTE`` row into account."""
        self.taking = False
        if self.taker:
            self.order_steps += self.taker not in self.orders
            self.taker = 0
        self.one_sided = not (row[4] and row[6])
        if self.one_sided:
            return
        last = self.quote
        if last is None or last[1][3] != row[3] or last[1][5] != row[5]:
            self.quote = (seq, row, proof)
            self._complete(self.quote)
        elif self.unquoted:
            self._complete((seq, row, proof))

    def traded(self, told: Told) -> None:
        """Take what a ``TRADE`` row says of the last price into account."""
        self.trade = told
        self.taking = told[1][10] != UNKNOWN
        self.unquoted = told[1][10] != UNKNOWN or self.one_sided
        if not self.unquoted:
            self._complete(told)
        self._matched(told[1])

    def _matched(self, row: Row) -> None:
        """A taker comes in with its first trade, and a maker of which nothing is left is over."""
        if row[8] != self.taker:
            self.taker = row[8]
            self.order_steps += 1
        self.order_steps += 1
        self.match_step = self.order_steps
        if not row[9]:
            self.order_steps += 1

    def _complete(self, told: Told) -> None:
        """Best prices and last price belong together from this event on."""
        self.unquoted = False
        if self.quote is not None:
            self.ticker = (told, self.quote[1], None if self.trade is None else self.trade[1])


def apply_trade(it: InstrumentState, seq: int, row: Row) -> None:
    """Take what a ``TRADE`` row says of candle and book into account."""
    it.aggregate = aggregate(it.aggregate, row)
    it.candle = fold(it.candle, row[2], row[5], row[6])
    # Either can be unknown alone: a source may know its orders and report its levels apart.
    if row[9] != UNKNOWN:
        reduce_order(it, row[7], (1 - row[4], row[5], row[9], row[2]))
    if row[10] != UNKNOWN:
        set_level(it, 1 - row[4], row[5], row[10])
        touch(it, seq, row[2], 1 - row[4], row[5])


def apply_rare(it: InstrumentState, seq: int, row: Row, proof: int) -> None:
    """Take a row into account that is no order, trade, level or quote."""
    kind = row[0]
    if kind == CLEAR:
        it.changes.clear(seq, row[2], it.levels)
        it.orders.clear()
        for levels in (*it.levels, *it.begun):
            levels.clear()
        it.one_sided = True
        it.order_steps += 1
    elif kind == STATUS:
        it.status = Status(row[3])
    elif kind in _KEPT:
        it.last[kind] = (seq, row, proof)


def touch(it: InstrumentState, seq: int, now: int, side: int, price: int) -> None:
    """A price level has changed."""
    changes = it.changes
    if now >= changes.window_end:
        changes.roll(now)
    changes.seq = changes.touched[side][price] = seq


def reduce_order(it: InstrumentState, order: int, resting: tuple[int, int, int, int]) -> None:
    """An order is ``resting`` with what is left of it, since then only if it was not known."""
    if resting[2] > 0:
        known = it.orders.get(order)
        it.orders[order] = resting if known is None else (*resting[:3], known[3])
    else:
        it.orders.pop(order, None)


def set_level(it: InstrumentState, side: int, price: int, size: int) -> None:
    """So many lots rest at a price."""
    if size:
        it.levels[side][price] = size
    else:
        it.levels[side].pop(price, None)


def report_level(it: InstrumentState, seq: int, row: Row) -> None:
    """Take a ``LEVEL`` row into account."""
    _, _, now, side, price, size = row
    if it.levels[side].get(price, 0) != size:
        it.order_steps += 1
    if size:
        it.levels[side][price] = size
        if price not in it.begun[side]:
            it.begun[side][price] = (seq, now)
    else:
        it.levels[side].pop(price, None)
        it.begun[side].pop(price, None)
    touch(it, seq, now, side, price)
