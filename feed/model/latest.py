"""Where the market stands: what the stream has said of every instrument so far."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Protocol, cast

from feed.model.accounts import Accounts
from feed.model.candles import Candle, fold
from feed.model.day import Day
from feed.model.events import (
    ADD,
    CLEAR,
    FILL,
    FUNDING,
    LEVEL,
    MARK,
    ORDER,
    QUOTE,
    REDUCE,
    ROUND,
    STATUS,
    TRADE,
    UNKNOWN,
    Event,
    Quote,
    Row,
    Side,
    Status,
    Trade,
    event,
)
from feed.model.position import Position

# Of these kinds the last row of each instrument is kept.
_KEPT: Final = (MARK, FUNDING, ROUND)


Told = tuple[int, Row, int]
"""Sequence number, row and proof of an event: what :func:`event` wants to know."""


class Fold(Protocol):
    """Something that is carried on by rows, and only by them."""

    def apply(self, row: Row) -> None:
        """Take the next row into account."""


class Standing:
    """
    One instrument as its rows have told it.

    Attributes:
        orders: Resting orders by id: (side, price, lots left). The dict's order is the order of
            arrival, so that the orders of one price stand in the order of their priority.
        sizes: Lots at each price, bids and asks.
        quote: The last two-sided quote with a new best price, its sequence number and proof.
        trade: The last trade, its sequence number and proof.
        candle: The last minute in which there was a trade.
        status: Whether it can be traded.
        last: The last row of each kind that only derivatives have, its sequence number and proof.
    """

    __slots__ = ("candle", "last", "orders", "quote", "sizes", "status", "trade")

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}
        self.sizes: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.quote: Told | None = None
        self.trade: Told | None = None
        self.candle: Candle | None = None
        self.status = Status.TRADING
        self.last: dict[int, Told] = {}

    def copy(self) -> Standing:
        """The same, apart from this one."""
        new = Standing()
        new.orders = self.orders.copy()
        new.sizes = (self.sizes[0].copy(), self.sizes[1].copy())
        new.quote, new.trade, new.candle, new.status = self.quote, self.trade, self.candle, self.status
        new.last = self.last.copy()
        return new


class Latest:
    """
    A fold over the event stream, for greeting a new subscriber.

    A quote here is the last one at which the best bid or the best ask *moved* to another price while
    there were both: what a tick shows. Sizes change all the time, and a moment without a bid or an
    ask is no price to show.

    Attributes:
        seq: Sequence number of the last event; 0 before the first.
        proof: Chained checksum over everything up to it, see :mod:`feed.model.position`.
        now: Its market time, nanoseconds since the Unix epoch; 0 before the first.
        accounts: What accounts own and owe; None where nobody has asked for them to be kept.
        days: The last 24 hours of each instrument; empty where nobody has asked for them.
        insights: Told of every row that is no change of a book, after all else here knows of it; None
            where nobody has asked for any.
    """

    def __init__(self, instruments: int, proof: int = 0) -> None:
        self.seq = 0
        self.proof = proof
        self.now = 0
        self.accounts: Accounts | None = None
        self.days: Sequence[Day] = ()
        self.insights: Fold | None = None
        self._standing = [Standing() for _ in range(instruments)]

    @property
    def position(self) -> Position:
        """Where the stream stands; in an encoder's ``beat``, after the last event before it."""
        return Position(self.seq, self.proof)

    def apply(self, seq: int, row: Row, proof: int = 0) -> None:
        """Take the next event into account; ``proof`` is that of everything up to and including it."""
        kind = row[0]
        self.seq = seq
        self.proof = proof
        self.now = row[2]
        it = self._standing[row[1]]
        if kind == ADD:
            it.orders[row[3]] = (row[4], row[5], row[6])
            it.sizes[row[4]][row[5]] = row[7]
        elif kind == REDUCE:
            _reduce(it, row[3], row[4], row[5], row[6])
            _resize(it, row[4], row[5], row[7])
        elif kind == QUOTE:
            if row[4] and row[6]:
                last = it.quote
                if last is None or last[1][3] != row[3] or last[1][5] != row[5]:
                    it.quote = (seq, row, proof)
        elif kind == TRADE:
            it.trade = (seq, row, proof)
            _trade(it, row)
            if self.days:
                self.days[row[1]].add(row[2], row[6])
            if self.insights is not None:
                self.insights.apply(row)
        elif kind == LEVEL:
            _resize(it, row[3], row[4], row[5])
        else:
            self._apply_rare(it, seq, row, proof)

    def _apply_rare(self, it: Standing, seq: int, row: Row, proof: int) -> None:
        kind = row[0]
        if kind == CLEAR:
            it.orders.clear()
            it.sizes = ({}, {})
        elif kind == STATUS:
            it.status = Status(row[3])
        elif kind in (ORDER, FILL) and self.accounts is not None:
            self.accounts.apply((row,))
        elif kind in _KEPT:
            it.last[kind] = (seq, row, proof)
        if self.insights is not None:
            self.insights.apply(row)

    def quote(self, instrument: int) -> Quote | None:
        """The last quote with a new best price, None before the first one."""
        found = self._standing[instrument].quote
        return None if found is None else cast("Quote", event(*found))

    def trade(self, instrument: int) -> Trade | None:
        """The last trade, None before the first one."""
        found = self._standing[instrument].trade
        return None if found is None else cast("Trade", event(*found))

    def candle(self, instrument: int) -> Candle | None:
        """The last minute in which there was a trade, None before the first one."""
        return self._standing[instrument].candle

    def last(self, kind: int, instrument: int) -> Event | None:
        """The last event of a kind that only derivatives have (``MARK``, ``FUNDING`` or ``ROUND``)."""
        found = self._standing[instrument].last.get(kind)
        return None if found is None else event(*found)

    def status(self, instrument: int) -> Status:
        """Whether the instrument can be traded."""
        return self._standing[instrument].status

    def levels(self, instrument: int, side: Side, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` price levels of a side, best first: (price in ticks, lots)."""
        sizes = self._standing[instrument].sizes[side]
        return [(price, sizes[price]) for price in sorted(sizes, reverse=side is Side.BUY)[:depth]]

    def orders(self, instrument: int, side: Side, depth: int | None = None) -> list[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price in ticks, lots left)."""
        resting = self._standing[instrument].orders.items()
        mine = [(order, price, left) for order, (at, price, left) in resting if at == side]
        # Sorting is stable: orders of one price keep the order of their arrival.
        mine.sort(key=_best_bid_first if side is Side.BUY else _best_ask_first)
        return mine[:depth]

    def copy(self, instruments: Collection[int]) -> Latest:
        """The same, apart from this one, of ``instruments``; nothing else is known."""
        new = Latest(0)
        new.seq, new.proof, new.now = self.seq, self.proof, self.now
        new._standing = [
            it.copy() if at in instruments else Standing() for at, it in enumerate(self._standing)
        ]
        return new


def _best_ask_first(order: tuple[int, int, int]) -> int:
    return order[1]


def _best_bid_first(order: tuple[int, int, int]) -> int:
    return -order[1]


def _trade(it: Standing, row: Row) -> None:
    it.candle = fold(it.candle, row[2], row[5], row[6])
    # Either can be unknown alone: a source may know its orders and report its levels apart.
    if row[9] != UNKNOWN:
        _reduce(it, row[7], 1 - row[4], row[5], row[9])
    if row[10] != UNKNOWN:
        _resize(it, 1 - row[4], row[5], row[10])


def _reduce(it: Standing, order: int, side: int, price: int, left: int) -> None:
    if left > 0:
        it.orders[order] = (side, price, left)
    else:
        it.orders.pop(order, None)


def _resize(it: Standing, side: int, price: int, size: int) -> None:
    if size:
        it.sizes[side][price] = size
    else:
        it.sizes[side].pop(price, None)
