"""
The price levels of one book, kept in order, with the checksum over the best of them.

The checksum lets a client prove that its book is the server's. It is the CRC-32 (as in zlib and
Ethernet, ISO 3309) of an ASCII text: price and size of each of the ten best bids, best first, then
of the ten best asks, best first, written as in the messages, and all joined by colons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from feed.book.price_levels import PriceLevels
from feed.dialects.checksums import CHECKED_LEVELS
from feed.model.events import (
    ADD,
    CLEAR,
    LEVEL,
    REDUCE,
    TRADE,
    UNKNOWN,
    Row,
    Side,
    to_side,
)
from feed.model.instruments import Instrument
from feed.state.market_state import MarketState

# Rows of a snapshot in one message: a row takes less than 150 bytes, and no client need take a mebibyte.
PART_ROWS: Final = 5000
BOOK_KINDS: Final = (ADD, REDUCE, TRADE, LEVEL, CLEAR)
"""Kinds of the events that change a book, or begin it anew."""


def changed_level(row: Row) -> tuple[Side, int, int] | None:
    """Side, price in ticks, and lots that rest there after an event; None when it says nothing of a level."""
    kind = row[0]
    if kind in (ADD, REDUCE):
        return to_side(row[4]), row[5], row[7]
    if kind == TRADE and row[4] != UNKNOWN and row[10] != UNKNOWN:
        return to_side(1 - row[4]), row[5], row[10]
    if kind == LEVEL:
        return to_side(row[3]), row[4], row[5]
    return None


class TextLevels(PriceLevels[str]):
    """
    One side of a book: price and size of each level as they stand in messages, joined by a colon.

    Attributes:
        top_text: What :meth:`checked` gives; None when it must be made anew.
    """

    __slots__ = ("top_text",)

    def __init__(self, side: int) -> None:
        super().__init__(side)
        self.top_text: str | None = ""

    def set(self, price: int, size: str | None) -> None:
        """Let the text ``size`` stand for the level at ``price``; None removes the level."""
        PriceLevels.set(self, price, size)  # super() takes longer than the rest of this
        keys = self._keys
        if keys is None or len(keys) < CHECKED_LEVELS or price * self.sign >= keys[-CHECKED_LEVELS]:
            self.top_text = None

    def checked(self) -> str:
        """The levels that the checksum is over, best first, joined by colons."""
        if self.top_text is None:
            self.top_text = ":".join(self.sizes(CHECKED_LEVELS))
        return self.top_text


class Ladder:
    """Both sides."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._sides = (TextLevels(Side.BUY), TextLevels(Side.SELL))

    @classmethod
    def of(cls, instrument: Instrument, index: int, market_state: MarketState) -> Ladder:
        """
        The book as it stands.

        Args:
            instrument: Whose book.
            index: Its place in the listing.
            market_state: Where the market stands.
        """
        ladder = cls(instrument)
        for side in Side:
            ladder.fill(side, market_state.levels(index, side))
        return ladder

    def fill(self, side: Side, levels: Sequence[tuple[int, int]]) -> None:
        """Set many levels: (price in ticks, lots)."""
        for price, size in levels:
            self.set(side, price, self._instrument.price_text(price), self._instrument.size_text(size))

    def set(self, side: Side, price: int, price_text: str, size_text: str | None) -> None:
        """One level has another size; None when it is gone."""
        self._sides[side].set(price, None if size_text is None else f"{price_text}:{size_text}")

    def clear(self) -> None:
        """Forget every level."""
        self._sides = (TextLevels(Side.BUY), TextLevels(Side.SELL))

    def side(self, side: Side) -> TextLevels:
        """One side."""
        return self._sides[side]

    def texts(self, side: Side) -> list[str]:
        """Every level of a side, best first: price and size, joined by a colon."""
        return self._sides[side].sizes()

    def checksum(self) -> int:
        """See the module; 0 for an empty book."""
        return crc32(":".join([text for side in self._sides if (text := side.checked())]).encode("ascii"))
