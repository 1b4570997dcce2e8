"""A book of price levels kept in step with the server's, and a checksum that proves it. Sans-I/O."""

from __future__ import annotations

from zlib import crc32

from feed.book.price_levels import PriceLevels
from feed.client.replica import Replica
from feed.dialects.items import BookPart
from feed.dialects.ladder import CHECKED_LEVELS
from feed.model.directory import Directory
from feed.model.events import Side


class Book(Replica[BookPart]):
    """
    The price levels of one instrument (L2).

    The protocol's checksum proves the ten best levels of each side. A lost change of a deeper level
    shows when that level rises among them, and not before.
    """

    def __init__(self, directory: Directory, index: int) -> None:
        super().__init__(directory, index)
        self._sides = PriceLevels[int](Side.BUY), PriceLevels[int](Side.SELL)

    def levels(self, side: Side, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` price levels of a side, best first: (price in ticks, lots)."""
        return self._sides[side].best_first(depth)

    def texts(self, side: Side, depth: int | None = None) -> list[tuple[str, str]]:
        """The same in decimals, with all digits."""
        price, size = self._grid.price_text, self._grid.size_text
        return [(price(at), size(lots)) for at, lots in self.levels(side, depth)]

    def checksum(self) -> int:
        """CRC-32 over the ten best levels of each side, as the guide's protocol has it."""
        rows = [row for side in Side for row in self.texts(side, CHECKED_LEVELS)]
        return crc32(":".join([":".join(row) for row in rows]).encode("ascii"))

    def _clear(self) -> None:
        for side in self._sides:
            side.clear()

    def _holds_any(self) -> bool:
        return any(map(len, self._sides))

    def _set(self, part: BookPart) -> None:
        for side, price, lots in part.levels:
            self._sides[side].set(price, lots)

    def _prove(self, part: BookPart) -> None:
        if part.checksum is not None and part.checksum != self.checksum():
            raise self._lost("checksum")
