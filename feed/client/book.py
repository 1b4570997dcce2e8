"""A book kept in step with the server's: snapshot, deltas, and a checksum that proves it. Sans-I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from feed.dialects.client import BookPart
from feed.model.directory import Directory
from feed.model.events import Side
from feed.model.instruments import Instrument

CHECKED_LEVELS: Final = 10

# A lost snapshot is noticed by the deltas that come without it. So many may still be on their way
# from before it was asked for.
PATIENCE: Final = 200


class OutOfStep(Exception):
    """
    The book is not the server's; a new snapshot is needed.

    Attributes:
        reason: How we know.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Book:
    """
    The price levels of one instrument.

    The protocol's checksum proves the ten best levels of each side. A lost change of a deeper level
    shows when that level rises among them, and not before.

    Attributes:
        in_sync: Whether it is the server's book at :attr:`seq`. While it is not, levels are those of
            the past.
        seq: Sequence number of the last event in it; 0 before the first.
        ts: Its market time, nanoseconds since the Unix epoch.
    """

    def __init__(self, directory: Directory, index: int) -> None:
        self.in_sync = False
        self.seq = 0
        self.ts = 0
        self._directory = directory
        self._index = index
        self._grid = directory[index]
        self._sizes: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._building = False  # the first part of a snapshot has come, and the last has not
        self._ignored = 0

    @property
    def instrument(self) -> Instrument:
        """Turns ticks and lots into decimals."""
        return self._grid

    def levels(self, side: Side, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` price levels of a side, best first: (price in ticks, lots)."""
        sizes = self._sizes[side]
        return [(price, sizes[price]) for price in sorted(sizes, reverse=side is Side.BUY)[:depth]]

    def texts(self, side: Side, depth: int | None = None) -> list[tuple[str, str]]:
        """The same in decimals, with all digits."""
        price, size = self._grid.price_text, self._grid.size_text
        return [(price(at), size(lots)) for at, lots in self.levels(side, depth)]

    def checksum(self) -> int:
        """CRC-32 over the ten best levels of each side, as the guide's protocol has it."""
        rows = [row for side in Side for row in self.texts(side, CHECKED_LEVELS)]
        return crc32(":".join([":".join(row) for row in rows]).encode("ascii"))

    def apply(self, part: BookPart) -> bool:
        """
        Take one message into account.

        Returns:
            Whether it changed the book: a delta that is already in it does not, nor does one that
            comes while a snapshot is awaited.

        Raises:
            OutOfStep: The book is not the server's. It goes on when a snapshot comes.
        """
        if part.first:
            self._sizes = ({}, {})
            self._building, self.in_sync = True, False
        elif part.snapshot:
            if not self._building:
                return self._ignore("part of a snapshot without its beginning")
        elif self._building:
            self.lose()
            raise OutOfStep("a snapshot without its end")
        elif not self.in_sync:
            return self._ignore("no snapshot")
        elif part.seq <= self.seq:
            return False
        if self._grid is not self._directory[self._index]:
            if any(self._sizes):
                self.lose()
                raise OutOfStep("prices have more digits than was known")
            self._grid = self._directory[self._index]
        self._set(part.levels)
        self.seq, self.ts = part.seq, part.ts
        if not part.more:
            self._prove(part.checksum)
        return True

    def lose(self) -> None:
        """From here on it is not known to be the server's; a snapshot is awaited."""
        self.in_sync = self._building = False
        self._ignored = 0

    def _set(self, levels: Sequence[tuple[Side, int, int]]) -> None:
        for side, price, lots in levels:
            if lots:
                self._sizes[side][price] = lots
            else:
                self._sizes[side].pop(price, None)

    def _prove(self, checksum: int | None) -> None:
        if checksum is not None and checksum != self.checksum():
            self.lose()
            raise OutOfStep("checksum")
        self._building, self.in_sync = False, True

    def _ignore(self, reason: str) -> bool:
        self._ignored += 1
        if self._ignored > PATIENCE:
            self.lose()
            raise OutOfStep(reason)
        return False
