"""The state of a market: what the events up to now have said of every instrument."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import attrs

from feed.book.price_levels import PriceLevels
from feed.model.candles import Candle, fold
from feed.model.events import (
    ADD,
    CLEAR,
    FUNDING,
    LEVEL,
    MARK,
    QUOTE,
    REDUCE,
    ROUND,
    STATUS,
    TRADE,
    UNKNOWN,
    Event,
    FundingRate,
    MarkPriced,
    Quote,
    Round,
    Row,
    Side,
    Status,
    Trade,
)
from feed.model.stream_position import StreamPosition

# Of these kinds the last row of each instrument is kept.
_KEPT: Final = (MARK, FUNDING, ROUND)


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
        orders: Resting orders by id: (side, price, lots left). The dict's order is the order of
            arrival, so that the orders of one price stand in the order of their priority.
        levels: Lots at each price, bids and asks.
        quote: The last two-sided quote with a new best price, its sequence number and proof.
        trade: The last trade, its sequence number and proof.
        ticker: What completed the last change of best prices or last price, and the rows of the quote
            and the trade of then.
        unquoted: Whether a trade has changed the book and the quote of it has not come yet.
        one_sided: Whether there is no bid or no ask now, as far as quotes have told.
        candle: The last minute in which there was a trade.
        status: Whether it can be traded.
        last: The last row of each kind that only derivatives have, its sequence number and proof.
    """

    __slots__ = (
        "candle",
        "last",
        "levels",
        "one_sided",
        "orders",
        "quote",
        "status",
        "ticker",
        "trade",
        "unquoted",
    )

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}
        self.levels: tuple[PriceLevels[int], PriceLevels[int]] = (
            PriceLevels(Side.BUY),
            PriceLevels(Side.SELL),
        )
        self.quote: Told | None = None
        self.trade: Told | None = None
        self.ticker: tuple[Told, Row, Row | None] | None = None
        self.unquoted = False
        self.one_sided = True
        self.candle: Candle | None = None
        self.status = Status.TRADING
        self.last: dict[int, Told] = {}

    def copy(self) -> InstrumentState:
        """The same, apart from this one."""
        new = InstrumentState()
        new.orders = self.orders.copy()
        new.levels = (self.levels[0].copy(), self.levels[1].copy())
        new.quote, new.trade, new.candle, new.status = self.quote, self.trade, self.candle, self.status
        new.ticker, new.unquoted, new.one_sided = self.ticker, self.unquoted, self.one_sided
        new.last = self.last.copy()
        return new

    def quoted(self, told: Told) -> None:
        """Take a ``QUOTE`` row into account."""
        row = told[1]
        self.one_sided = not (row[4] and row[6])
        if self.one_sided:
            return
        last = self.quote
        if last is None or last[1][3] != row[3] or last[1][5] != row[5]:
            self.quote = told
            self._complete(told)
        elif self.unquoted:
            self._complete(told)

    def traded(self, told: Told) -> None:
        """Take what a ``TRADE`` row says of the last price into account."""
        self.trade = told
        self.unquoted = told[1][10] != UNKNOWN or self.one_sided
        if not self.unquoted:
            self._complete(told)

    def _complete(self, told: Told) -> None:
        """Best prices and last price belong together from this event on."""
        self.unquoted = False
        if self.quote is not None:
            self.ticker = (told, self.quote[1], None if self.trade is None else self.trade[1])


class MarketState:
    """
    A fold over the event stream: what a new subscriber is told first, and what encoders look up.

    A quote here is the last one at which the best bid or the best ask *moved* to another price while
    there were both: what a tick shows. Sizes change all the time, and a moment without a bid or an
    ask is no price to show.

    What one action does to a book is several rows: trades, orders that rest, then the quote. All that
    rows have told is known here at once; a ticker changes with the row that *completes* a change. A trade
    that says what it left of its price level has its quote still to come, and is told with it: until then
    no pair of best prices is right. A trade of a source that reports its book apart is told at once.

    Attributes:
        seq: Sequence number of the last event; 0 before the first.
        proof: Chained checksum over everything up to it, see :mod:`feed.model.stream_position`.
        now: Its market time, nanoseconds since the Unix epoch; 0 before the first.
    """

    __slots__ = ("_instruments", "now", "proof", "seq")

    def __init__(self, instruments: int, proof: int = 0) -> None:
        self.seq = 0
        self.proof = proof
        self.now = 0
        self._instruments = [InstrumentState() for _ in range(instruments)]

    @property
    def position(self) -> StreamPosition:
        """Where the stream stands; in an encoder's ``on_timer``, after the last event before it."""
        return StreamPosition(self.seq, self.proof)

    def apply(self, seq: int, row: Row, proof: int = 0) -> bool:
        """
        Take the next event into account.

        Args:
            seq: Its sequence number.
            row: The event.
            proof: Of everything up to and including it.

        Returns:
            Whether :class:`~feed.state.projections.Projections` are to take it too: it is more than a
            change of a book or a quote.
        """
        kind = row[0]
        self.seq = seq
        self.proof = proof
        self.now = row[2]
        it = self._instruments[row[1]]
        if kind == ADD:
            it.orders[row[3]] = (row[4], row[5], row[6])
            it.levels[row[4]].set(row[5], row[7])
        elif kind == REDUCE:
            if row[6] > 0:  # as in _reduce(), without a call: this is the busiest path of all
                it.orders[row[3]] = (row[4], row[5], row[6])
            else:
                it.orders.pop(row[3], None)
            it.levels[row[4]].set(row[5], row[7])
        elif kind == QUOTE:
            it.quoted((seq, row, proof))
        elif kind == TRADE:
            it.traded((seq, row, proof))
            _trade(it, row)
            return True
        elif kind == LEVEL:
            it.levels[row[3]].set(row[4], row[5])
        else:
            _apply_rare(it, seq, row, proof)
            return True
        return False

    def quote(self, instrument: int) -> Quote | None:
        """The last quote with a new best price, None before the first one."""
        found = self._instruments[instrument].quote
        return None if found is None else Quote.from_row(*found)

    def mark_price(self, instrument: int) -> int:
        """What a position is valued at, ticks: a future's mark price, else the middle of the quote; or 0."""
        told, quote = self.mark(instrument), self.quote(instrument)
        if told is not None:
            return told.mark
        return 0 if quote is None else (quote.bid + quote.ask) // 2

    def trade(self, instrument: int) -> Trade | None:
        """The last trade, None before the first one."""
        found = self._instruments[instrument].trade
        return None if found is None else Trade.from_row(*found)

    def ticker(self, instrument: int) -> TickerState | None:
        """Best prices and last price as they were last complete, None before the first two-sided quote."""
        found = self._instruments[instrument].ticker
        if found is None:
            return None
        (seq, row, proof), quote, trade = found
        bid, ask = quote[3], quote[5]
        return TickerState(
            seq=seq,
            proof=proof,
            instrument=instrument,
            ts=row[2],
            bid=bid,
            ask=ask,
            price=(bid + ask) // 2 if trade is None else trade[5],
            traded=None if trade is None else trade[2],
        )

    def told_at(self, instrument: int) -> int:
        """Sequence number of :meth:`ticker`; 0 before the first."""
        found = self._instruments[instrument].ticker
        return 0 if found is None else found[0][0]

    def candle(self, instrument: int) -> Candle | None:
        """The last minute in which there was a trade, None before the first one."""
        return self._instruments[instrument].candle

    def mark(self, instrument: int) -> MarkPriced | None:
        """The last mark price, None before the first one."""
        found = self._instruments[instrument].last.get(MARK)
        return None if found is None else MarkPriced.from_row(*found)

    def funding(self, instrument: int) -> FundingRate | None:
        """The last funding rate, None before the first one."""
        found = self._instruments[instrument].last.get(FUNDING)
        return None if found is None else FundingRate.from_row(*found)

    def round(self, instrument: int) -> Round | None:
        """The round of a prediction market that was told of last, None before the first one."""
        found = self._instruments[instrument].last.get(ROUND)
        return None if found is None else Round.from_row(*found)

    def status(self, instrument: int) -> Status:
        """Whether the instrument can be traded."""
        return self._instruments[instrument].status

    def levels(self, instrument: int, side: Side, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` price levels of a side, best first: (price in ticks, lots)."""
        return self._instruments[instrument].levels[side].best_first(depth)

    def orders(self, instrument: int, side: Side, depth: int | None = None) -> list[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price in ticks, lots left)."""
        resting = self._instruments[instrument].orders.items()
        mine = [(order, price, left) for order, (at, price, left) in resting if at == side]
        # Sorting is stable: orders of one price keep the order of their arrival.
        mine.sort(key=_best_bid_first if side is Side.BUY else _best_ask_first)
        return mine[:depth]

    @property
    def entries(self) -> int:
        """How many orders and price levels are known of: what a copy costs."""
        return sum(len(it.orders) + len(it.levels[0]) + len(it.levels[1]) for it in self._instruments)

    def copy(self, instruments: Collection[int]) -> MarketState:
        """The same, apart from this one, of ``instruments``; nothing else is known."""
        new = MarketState(0)
        new.seq, new.proof, new.now = self.seq, self.proof, self.now
        new._instruments = [
            it.copy() if at in instruments else InstrumentState() for at, it in enumerate(self._instruments)
        ]
        return new


def _best_ask_first(order: tuple[int, int, int]) -> int:
    return order[1]


def _best_bid_first(order: tuple[int, int, int]) -> int:
    return -order[1]


def _trade(it: InstrumentState, row: Row) -> None:
    it.candle = fold(it.candle, row[2], row[5], row[6])
    # Either can be unknown alone: a source may know its orders and report its levels apart.
    if row[9] != UNKNOWN:
        _reduce(it, row[7], 1 - row[4], row[5], row[9])
    if row[10] != UNKNOWN:
        it.levels[1 - row[4]].set(row[5], row[10])


def _apply_rare(it: InstrumentState, seq: int, row: Row, proof: int) -> None:
    kind = row[0]
    if kind == CLEAR:
        it.orders.clear()
        for levels in it.levels:
            levels.clear()
        it.one_sided = True
    elif kind == STATUS:
        it.status = Status(row[3])
    elif kind in _KEPT:
        it.last[kind] = (seq, row, proof)


def _reduce(it: InstrumentState, order: int, side: int, price: int, left: int) -> None:
    if left > 0:
        it.orders[order] = (side, price, left)
    else:
        it.orders.pop(order, None)
