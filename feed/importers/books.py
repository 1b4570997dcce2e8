"""An instrument while it is imported: its units, its price levels, and its quote when that changes."""

from __future__ import annotations

from collections.abc import Iterable

from feed.book.price_levels import PriceLevels
from feed.importers.numbers import Units
from feed.model.events import CLEAR, LEVEL, Row
from feed.model.instruments import Instrument

BUY, SELL = 0, 1

BidAsk = tuple[int, int, int, int]
"""A quote: best bid, its size, best ask, its size; integer ticks and lots, 0 for a side that is empty."""


class QuotedBook:
    """
    Both sides of one instrument, and the quote that was last published for it.

    Attributes:
        bids: The side of :data:`BUY`.
        asks: The side of :data:`SELL`.
    """

    __slots__ = ("_index", "_quoted", "asks", "bids")

    def __init__(self, index: int) -> None:
        self.bids = PriceLevels[int](BUY)
        self.asks = PriceLevels[int](SELL)
        self._index = index
        self._quoted: BidAsk | None = None

    def level(self, ts: int, side: int, price: int, size: int) -> Row:
        """Set the size of one price level, in lots; 0 removes it. Returns its ``LEVEL`` row."""
        (self.asks if side else self.bids).set(price, size)
        return (LEVEL, self._index, ts, side, price, size)

    def clear(self, ts: int) -> Row:
        """Empty both sides. Returns the ``CLEAR`` row; the next quote is published in any case."""
        self.bids.clear()
        self.asks.clear()
        self._quoted = None
        return (CLEAR, self._index, ts)

    def changed_quote(self) -> BidAsk | None:
        """The best bid and ask if they changed in price or size since the last call; else None."""
        quote = (*self.bids.best(), *self.asks.best())
        if quote == self._quoted:
            return None
        self._quoted = quote
        return quote


class ImportedMarket:
    """
    One instrument of an import, and its state so far.

    Args:
        index: See below.
        instrument: See below.
        has_book: See below.
        numbers: Bound on the entries of each of the two caches of decimal text.

    Attributes:
        index: Its index in the recording's listing.
        instrument: As it will be in the recording's header.
        prices: Decimal text to integer ticks.
        sizes: Decimal text to integer lots.
        book: Its price levels.
        has_book: Whether the input has its book, so that quotes are made from that.
        trades: Number of trades so far, which is the id of the last.
    """

    __slots__ = ("book", "has_book", "index", "instrument", "prices", "sizes", "trades")

    def __init__(self, index: int, instrument: Instrument, *, has_book: bool, numbers: int) -> None:
        self.index = index
        self.instrument = instrument
        self.prices = Units(instrument.price_decimals, instrument.tick, instrument.price_ticks, numbers)
        self.sizes = Units(
            instrument.size_decimals, instrument.lot, instrument.size_lots, numbers, signed=False
        )
        self.book = QuotedBook(index)
        self.has_book = has_book
        self.trades = 0

    def levels(
        self, bids: Iterable[tuple[str, str]], asks: Iterable[tuple[str, str]]
    ) -> list[tuple[int, int, int]]:
        """Side, ticks and lots of price levels, each a price and a size in decimal text."""
        prices, sizes = self.prices, self.sizes
        found = [(BUY, prices[price], sizes[size]) for price, size in bids]
        return found + [(SELL, prices[price], sizes[size]) for price, size in asks]
