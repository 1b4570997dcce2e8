"""The book of an instrument while importing: its price levels, and its quote when that changes."""

from __future__ import annotations

from feed.book.price_levels import PriceLevels
from feed.model.events import CLEAR, LEVEL, QUOTE, Row

BUY, SELL = 0, 1


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
        self._quoted: tuple[int, int, int, int] | None = None

    def level(self, ts: int, side: int, price: int, size: int) -> Row:
        """Set one level; the row that says so."""
        (self.asks if side else self.bids).set(price, size)
        return (LEVEL, self._index, ts, side, price, size)

    def clear(self, ts: int) -> Row:
        """Forget both sides; the row that says so. The next quote is published whatever it is."""
        self.bids.clear()
        self.asks.clear()
        self._quoted = None
        return (CLEAR, self._index, ts)

    def quote(self, ts: int) -> list[Row]:
        """One row if best bid or ask differ from the last quote, in price or size; else none."""
        quote = (*self.bids.best(), *self.asks.best())
        if quote == self._quoted:
            return []
        self._quoted = quote
        return [(QUOTE, self._index, ts, *quote)]
