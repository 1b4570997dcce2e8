"""Price levels while importing: just enough book to know its top, and to check what a source promises."""

from __future__ import annotations

from bisect import bisect_left, insort

from feed.model.events import CLEAR, LEVEL, QUOTE, Row

BUY, SELL = 0, 1


class Ladder:
    """
    One side of a book.

    Prices are kept in a sorted list, best last: real books change near the top, so that inserting
    there moves next to nothing, and the first ten levels are a slice.

    Attributes:
        levels: Lots by price in ticks.
        keys: The prices times ``sign``, ascending.
        sign: 1 for bids, -1 for asks, so that the best key is always the last.
    """

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, side: int) -> None:
        self.sign = 1 if side == BUY else -1
        self.levels: dict[int, int] = {}
        self.keys: list[int] = []

    def set(self, price: int, size: int) -> None:
        """Let ``size`` lots rest at ``price`` ticks; 0 removes the level, also one that is not there."""
        levels = self.levels
        if size:
            if price not in levels:
                insort(self.keys, price * self.sign)
            levels[price] = size
        elif price in levels:
            del levels[price]
            keys = self.keys
            del keys[bisect_left(keys, price * self.sign)]

    def best(self) -> tuple[int, int]:
        """Price and size of the best level; two zeros when there is none."""
        if not self.keys:
            return 0, 0
        price = self.keys[-1] * self.sign
        return price, self.levels[price]

    def top(self, count: int) -> list[int]:
        """The best ``count`` prices, best first."""
        return [key * self.sign for key in self.keys[: -count - 1 : -1]]

    def beyond(self, count: int) -> list[int]:
        """The prices behind the best ``count``, worst first."""
        return [key * self.sign for key in self.keys[:-count]]

    def clear(self) -> None:
        """Forget every level."""
        self.levels.clear()
        self.keys.clear()


class Book:
    """
    Both sides of one instrument, and the quote that was last published for it.

    Attributes:
        bids: The side of :data:`BUY`.
        asks: The side of :data:`SELL`.
    """

    __slots__ = ("_index", "_quoted", "asks", "bids")

    def __init__(self, index: int) -> None:
        self.bids = Ladder(BUY)
        self.asks = Ladder(SELL)
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
