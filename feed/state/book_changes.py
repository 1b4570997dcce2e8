"""Which price levels of a book have changed in the window of market time under way."""

from __future__ import annotations

from typing import Final

import attrs

from feed.model.durations import NS_PER_MILLISECOND

WINDOWS: Final = tuple(length * NS_PER_MILLISECOND for length in (50, 100, 1000))
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
        touched: Sequence number of the last change of each level by its price, bids and asks. Older ones than
            those of the longest window may be among them.
        window_end: Market time at which the next of the shortest windows begins, nanoseconds: an event from
            then on first has :meth:`roll` called.
    """

    __slots__ = ("_before", "_begun", "seq", "touched", "window_end")

    def __init__(self) -> None:
        self.seq = 0
        self.touched: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.window_end = 0
        # Of each length: where the window of the last change began, and the last change before it.
        self._begun = [-length for length in WINDOWS]
        self._before = [0] * len(WINDOWS)

    def roll(self, now: int) -> None:
        """The next change is at market time ``now``: begin the windows that it falls into."""
        # A plain loop: most quiet books begin a window with every second change.
        begun, before = self._begun, self._before
        for at, length in enumerate(WINDOWS):
            if begun[at] <= now < begun[at] + length:
                break  # still under way, and so are the longer ones
            begins = now - now % length
            if begun[at] < begins:
                before[at] = self.seq
            begun[at] = begins
        self.window_end = begun[0] + WINDOWS[0]
        if before[-1] == self.seq:
            for touched in self.touched:
                touched.clear()

    def clear(self, seq: int, now: int, levels: tuple[dict[int, int], dict[int, int]]) -> None:
        """
        Every level is about to be removed.

        Args:
            seq: Sequence number of the event that does.
            now: Its market time, nanoseconds; it may lie before that of earlier events.
            levels: Lots by price, of bids and asks.
        """
        self.roll(now)
        self.seq = seq
        for touched, prices in zip(self.touched, levels, strict=True):
            touched.update(dict.fromkeys(prices, seq))

    def before(self, length: int, now: int) -> int | None:
        """
        The last change before the window that market time is in.

        Args:
            length: One of :data:`WINDOWS`.
            now: Market time, that of the last event of all, nanoseconds.

        Returns:
            Its sequence number, 0 when there was none; None when nothing has changed in the window.
        """
        at = WINDOWS.index(length)
        before = self._before[at]
        return None if self._begun[at] < now - now % length or self.seq == before else before

    def window(
        self, length: int, now: int, levels: tuple[dict[int, int], dict[int, int]]
    ) -> BookWindow | None:
        """
        What has changed in the window that market time is in; None when nothing has.

        Args:
            length: As in :meth:`before`.
            now: As there.
            levels: Lots by price, of bids and asks as they are.
        """
        before = self.before(length, now)
        if before is None:
            return None
        bids, asks = (
            tuple((price, sizes.get(price, 0)) for price, seq in sorted(touched.items()) if seq > before)
            for touched, sizes in zip(self.touched, levels, strict=True)
        )
        return BookWindow(before=before, seq=self.seq, bids=bids[::-1], asks=asks)

    def copy(self) -> BookChanges:
        """The same, apart from this one."""
        new = BookChanges()
        new.seq, new.window_end = self.seq, self.window_end
        new._begun, new._before = self._begun.copy(), self._before.copy()
        new.touched = (self.touched[0].copy(), self.touched[1].copy())
        return new
