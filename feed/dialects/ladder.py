"""
The price levels of one book, kept in order, with the checksum over the best of them.

The checksum lets a client prove that its book is the server's. It is the CRC-32 (as in zlib and
Ethernet, ISO 3309) of an ASCII text: price and size of each of the ten best bids, best first, then
of the ten best asks, best first, written as in the messages, and all joined by colons.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Final
from zlib import crc32

from feed.model.events import Side
from feed.model.instruments import Instrument

CHECKED_LEVELS: Final = 10
# Rows of a snapshot in one message: a row takes less than 150 bytes, and no client need take a mebibyte.
PART_ROWS: Final = 5000


class Rungs:
    """
    One side of a ladder.

    Levels are found by key: a price that is negated for asks, so that the best has the largest.
    """

    __slots__ = ("_keys", "_sign", "_texts", "top")

    def __init__(self, side: Side) -> None:
        self._sign = 1 if side is Side.BUY else -1
        self._keys: list[int] = []
        self._texts: dict[int, str] = {}
        self.top: str | None = ""  # the checked levels as text; None when it must be made anew

    def set(self, price: int, text: str | None) -> None:
        """Let ``text`` stand for the level at ``price``; None removes the level."""
        key = price * self._sign
        keys, texts = self._keys, self._texts
        if key not in texts:
            if text is None:
                return
            insort(keys, key)
        elif text is None:
            del keys[bisect_left(keys, key)]
        if len(keys) < CHECKED_LEVELS or key >= keys[-CHECKED_LEVELS]:
            self.top = None
        if text is None:
            texts.pop(key)
        else:
            texts[key] = text

    def texts(self) -> list[str]:
        """Every level, best first."""
        texts = self._texts
        return [texts[key] for key in reversed(self._keys)]

    def best(self) -> str:
        """The checked levels, best first, joined by colons."""
        if self.top is None:
            texts = self._texts
            self.top = ":".join([texts[key] for key in self._keys[: -CHECKED_LEVELS - 1 : -1]])
        return self.top


class Ladder:
    """Both sides."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._sides = (Rungs(Side.BUY), Rungs(Side.SELL))

    def fill(self, side: Side, levels: Sequence[tuple[int, int]]) -> None:
        """Set many levels: (price in ticks, lots)."""
        for price, size in levels:
            self.set(side, price, self._instrument.price_text(price), self._instrument.size_text(size))

    def set(self, side: Side, price: int, price_text: str, size_text: str | None) -> None:
        """One level has another size; None when it is gone."""
        self._sides[side].set(price, None if size_text is None else f"{price_text}:{size_text}")

    def clear(self) -> None:
        """Forget every level."""
        self._sides = (Rungs(Side.BUY), Rungs(Side.SELL))

    def texts(self, side: Side) -> list[str]:
        """Every level of a side, best first: price and size, joined by a colon."""
        return self._sides[side].texts()

    def checksum(self) -> int:
        """See the module; 0 for an empty book."""
        return crc32(":".join([text for side in self._sides if (text := side.best())]).encode("ascii"))
