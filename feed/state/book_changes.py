"""Which price levels of a book have changed in the window of market time under way."""

from __future__ import annotations

from typing import Final

import attrs

from feed.book.price_levels import PriceLevels
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import Side

WINDOWS: Final = (100 * NS_PER_MILLISECOND, 1000 * NS_PER_MILLISECOND)
"""Lengths of windows, nanoseconds: each divides the next. They begin on their multiples since the epoch."""


@attrs.frozen(kw_only=True)
class BookWindow:
    """
    What has changed of a book in one window so far.

    Attributes:
        before: Sequence number of the last change before the window; 0 when there was none.
        seq: Of the last change in it.
        bids: Price in ticks, and lots that rest there now, of each level that has changed; best first, and 0
            lots for one that is gone.
        asks: The same of the other side.
    """

    before: int
    seq: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class BookChanges:
    """
    The changed levels of one book.

    They are noted whoever listens, so that a message about a window does not depend on who has been there
    since when. What is kept is bounded by the levels that change within the longest window. Where the market
    is taken back in time, a window goes on until the next one begins.

    Attributes:
        seq: Sequence number of the last event that changed the book; 0 before the first.
        touched: Sequence number of the last change of each level, by twice its price plus its side. Older
            ones than those of the longest window may be among them.
        window_end: Market time at which the next of the shortest windows begins, nanoseconds: an event from
            then on first has :meth:`roll` called.
    """

    __slots__ = ("_before", "_begun", "seq", "touched", "window_end")

    def __init__(self) -> None:
        self.seq = 0
        self.touched: dict[int, int] = {}
        self.window_end = 0
        self._begun = (-1,) * len(WINDOWS)  # of each length: where the window of the last change began ...
        self._before = (0,) * len(WINDOWS)  # ... and the last change before it

    def roll(self, now: int) -> None:
        """The next change is at market time ``now``: begin the windows that it falls into."""
        begun = tuple(now - now % length for length in WINDOWS)
        self._before = tuple(
            self.seq if then < begins else before
            for then, begins, before in zip(self._begun, begun, self._before, strict=True)
        )
        self._begun = begun
        self.window_end = begun[0] + WINDOWS[0]
        if self._before[-1] == self.seq:
            self.touched.clear()

    def clear(self, seq: int, now: int, levels: tuple[PriceLevels[int], PriceLevels[int]]) -> None:
        """
        Every level is about to be removed.

        Args:
            seq: Sequence number of the event that does.
            now: Its market time, nanoseconds; it may lie before that of earlier events.
            levels: Bids and asks.
        """
        self.roll(now)
        self.seq = seq
        for side in Side:
            self.touched.update(dict.fromkeys((price << 1 | side for price in levels[side]), seq))

    def window(
        self, length: int, now: int, levels: tuple[PriceLevels[int], PriceLevels[int]]
    ) -> BookWindow | None:
        """
        What has changed in the window that market time is in.

        Args:
            length: One of :data:`WINDOWS`.
            now: Market time, that of the last event of all, nanoseconds.
            levels: Bids and asks as they are.

        Returns:
            None when there was no change.
        """
        at = WINDOWS.index(length)
        before = self._before[at]
        if self._begun[at] < now - now % length or self.seq == before:
            return None
        keys = [key for key, seq in self.touched.items() if seq > before]
        bids, asks = levels
        return BookWindow(
            before=before,
            seq=self.seq,
            bids=tuple((key >> 1, bids.size(key >> 1)) for key in sorted(keys, reverse=True) if not key & 1),
            asks=tuple((key >> 1, asks.size(key >> 1)) for key in sorted(keys) if key & 1),
        )

    def copy(self) -> BookChanges:
        """The same, apart from this one."""
        new = BookChanges()
        new.seq, new.window_end = self.seq, self.window_end
        new._begun, new._before = self._begun, self._before
        new.touched = self.touched.copy()
        return new
