"""The state of a market: what the events up to now have said of every instrument."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from feed.model.aggregates import AggregateTrade
from feed.model.candles import Candle
from feed.model.events import (
    ADD,
    AUCTION,
    FUNDING,
    LEVEL,
    MARK,
    QUOTE,
    REDUCE,
    ROUND,
    TRADE,
    AuctionIndicated,
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
from feed.state.book_changes import BookWindow
from feed.state.instrument_state import (
    InstrumentState,
    TickerState,
    apply_rare,
    apply_trade,
    reduce_order,
    report_level,
)


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
            it.orders[row[3]] = (row[4], row[5], row[6], row[2])
            it.order_steps += 1 + (row[3] != it.taker)  # which has come in already
            it.levels[row[4]][row[5]] = row[7]
            changes = it.changes  # as in touch(), without a call; below too
            if row[2] >= changes.window_end:
                changes.roll(row[2])
            changes.seq = changes.touched[row[4]][row[5]] = seq
        elif kind == REDUCE:
            it.order_steps += 1
            # As in reduce_order() and set_level(), hardly ever with a call: this is the busiest path of all.
            if row[6] > 0:
                reduce_order(it, row[3], (row[4], row[5], row[6], row[2]))
            else:
                it.orders.pop(row[3], None)
            if row[7]:
                it.levels[row[4]][row[5]] = row[7]
            else:
                it.levels[row[4]].pop(row[5], None)
            changes = it.changes
            if row[2] >= changes.window_end:
                changes.roll(row[2])
            changes.seq = changes.touched[row[4]][row[5]] = seq
        elif kind == QUOTE:
            it.quoted(seq, row, proof)
        elif kind == TRADE:
            it.traded((seq, row, proof))
            apply_trade(it, seq, row)
            return True
        elif kind == LEVEL:
            report_level(it, seq, row)
        else:
            apply_rare(it, seq, row, proof)
            return True
        return False

    def quote(self, instrument: int) -> Quote | None:
        """The last quote with a new best price, None before the first one."""
        found = self._instruments[instrument].quote
        return None if found is None else Quote.from_row(*found)

    def mark_price(self, instrument: int) -> int:
        """
        What a position is valued at, ticks; 0 when there is no price.

        A future's mark price, or the reference of the auction that orders are collected for, or the last
        price while it is closed, or the middle of the quote.
        """
        told, quote, auction = self.mark(instrument), self.quote(instrument), self.auction(instrument)
        if told is not None:
            return told.mark
        if auction is not None and auction.reference:
            return auction.reference
        last = self._instruments[instrument].trade
        if last is not None and self.status(instrument) is Status.CLOSED:
            return last[1][5]
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

    def aggregate(self, instrument: int) -> AggregateTrade | None:
        """The aggregate trade that the last trade belongs to, None before the first one."""
        return self._instruments[instrument].aggregate

    def taking(self, instrument: int) -> bool:
        """Whether the order of the last trade may take more: no quote has come since."""
        return self._instruments[instrument].taking

    def order_steps(self, instrument: int) -> int:
        """
        Steps in the lives of orders so far: one comes in, rests, trades, changes, is over.

        Protocols that tell of single orders number their messages so. A book that is begun anew is a step.
        """
        return self._instruments[instrument].order_steps

    def match_step(self, instrument: int) -> int:
        """Which of :meth:`order_steps` the last trade was; 0 before the first."""
        return self._instruments[instrument].match_step

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

    def auction(self, instrument: int) -> AuctionIndicated | None:
        """What the auction that orders are collected for would give; None outside of one."""
        it = self._instruments[instrument]
        found = it.last.get(AUCTION) if it.status is Status.AUCTION else None
        return None if found is None else AuctionIndicated.from_row(*found)

    def status(self, instrument: int) -> Status:
        """Whether the instrument can be traded."""
        return self._instruments[instrument].status

    def levels(self, instrument: int, side: Side, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` price levels of a side, best first: (price in ticks, lots)."""
        found = sorted(self._instruments[instrument].levels[side].items(), reverse=side is Side.BUY)
        return found[:depth]

    def best(self, instrument: int, side: Side) -> tuple[int, int]:
        """
        The best price of a side in ticks, and the lots that rest there; zeros where there is none.

        A source that tells quotes and no book is taken at its word, without sizes where it tells none.
        """
        it = self._instruments[instrument]
        levels = it.levels[side]
        if levels:
            price = max(levels) if side is Side.BUY else min(levels)
            return price, levels[price]
        if it.quote is None or it.changes.seq:
            return 0, 0
        row = it.quote[1]
        return (row[3], max(0, row[4])) if side is Side.BUY else (row[5], max(0, row[6]))

    def book_seq(self, instrument: int) -> int:
        """Sequence number of the last event that changed the book; 0 before the first."""
        return self._instruments[instrument].changes.seq

    def book_changed(self, instrument: int, length: int) -> bool:
        """Whether a book has changed in the window under way, see :meth:`book_window`."""
        return self._instruments[instrument].changes.before(length, self.now) is not None

    def book_window(self, instrument: int, length: int) -> BookWindow | None:
        """
        What has changed of a book in the window of market time under way; None when nothing has.

        In an encoder's ``on_timer`` that is the window before the timer: the last in which there were events.

        Args:
            instrument: Whose book.
            length: Of the window, nanoseconds, one of :data:`feed.state.book_changes.WINDOWS`.
        """
        it = self._instruments[instrument]
        return it.changes.window(length, self.now, it.levels)

    def orders(self, instrument: int, side: Side, depth: int | None = None) -> list[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price in ticks, lots left)."""
        resting = self._instruments[instrument].orders.items()
        mine = [(order, price, left) for order, (at, price, left, _) in resting if at == side]
        # Sorting is stable: orders of one price keep the order of their arrival.
        mine.sort(key=_best_bid_first if side is Side.BUY else _best_ask_first)
        return mine[:depth]

    def arrivals(self, instrument: int, side: Side) -> list[tuple[int, int, int, int]]:
        """The orders of a side as they arrived: (order, price in ticks, lots left, time of arrival)."""
        resting = self._instruments[instrument].orders.items()
        return [(order, price, left, since) for order, (at, price, left, since) in resting if at == side]

    def begun(self, instrument: int, side: Side) -> Mapping[int, tuple[int, int]]:
        """
        Sequence number and market time at which each level came, by its price in ticks.

        Of a source that reports levels alone; empty where orders are known.
        """
        return self._instruments[instrument].begun[side]

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
