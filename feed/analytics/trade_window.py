"""The trades of one instrument in a window that moves with market time, in bounded memory."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Final

import attrs

PARTS: Final = 60
"""A window moves on by this part of its length: what an alert remembers is bounded by it."""


@attrs.define(eq=False)
class _Part:
    """The trades of a sixtieth of a window: when it began, its prices in ticks, its lots."""

    start: int
    first: int
    high: int
    low: int
    volume: int = 0


class TradeWindow:
    """The trades of the last so many nanoseconds, in at most :data:`PARTS` parts and one."""

    def __init__(self, length: int) -> None:
        """Begin with nothing; ``length`` is in nanoseconds of market time."""
        self._length = length
        self._step = max(1, length // PARTS)
        self._parts: deque[_Part] = deque()
        self._volume = 0
        self._extremes: tuple[int, int] | None = None  # of all parts but the last; None after a change

    def add(self, ts: int, price: int, size: int) -> None:
        """Take the next trade into account: market time in nanoseconds, ticks, lots."""
        start = ts - ts % self._step
        parts = self._parts
        if parts and start < parts[-1].start:  # the market was taken back
            parts.clear()
            self._volume, self._extremes = 0, None
        while parts and parts[0].start <= start - self._length:
            self._volume -= parts.popleft().volume
            self._extremes = None
        if not parts or parts[-1].start != start:
            parts.append(_Part(start, price, price, price))
            self._extremes = None
        last = parts[-1]
        last.high = max(last.high, price)
        last.low = min(last.low, price)
        last.volume += size
        self._volume += size

    @property
    def volume(self) -> int:
        """Lots traded in it."""
        return self._volume

    @property
    def first(self) -> int:
        """The price at which the window began."""
        return self._parts[0].first

    @property
    def extremes(self) -> tuple[int, int]:
        """The lowest and the highest price."""
        last = self._parts[-1]
        if self._extremes is None:
            before = list(islice(self._parts, len(self._parts) - 1))
            self._extremes = (
                min((part.low for part in before), default=last.low),
                max((part.high for part in before), default=last.high),
            )
        low, high = self._extremes
        return min(low, last.low), max(high, last.high)
