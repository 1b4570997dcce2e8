"""What was traded of an instrument in the last 24 hours, and how often."""

from __future__ import annotations

from collections import deque
from typing import Final

from feed.model.durations import NS_PER_MINUTE

MINUTES: Final = 24 * 60


class DailyVolume:
    """
    The trades of the running minute of market time and of the 1,439 minutes before it.

    Trades are counted by the minute, so that memory is bounded however many there are. A minute
    leaves as a whole: the window is 24 hours long at the end of a minute, and up to one minute
    shorter before.
    """

    __slots__ = ("_minutes", "_trades", "_volume")

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, int, int]] = deque()  # (minute, lots, trades), oldest first
        self._volume = 0
        self._trades = 0

    def add(self, ts: int, size: int) -> None:
        """
        Take the next trade into account.

        Args:
            ts: Its market time, nanoseconds; not before that of an earlier trade.
            size: Integer lots.
        """
        minute, lots, trades = ts // NS_PER_MINUTE, 0, 0
        if self._minutes and self._minutes[-1][0] == minute:
            _, lots, trades = self._minutes.pop()
        else:
            self._forget(minute - MINUTES)
        self._minutes.append((minute, lots + size, trades + 1))
        self._volume += size
        self._trades += 1

    def totals(self, now: int) -> tuple[int, int]:
        """
        Integer lots traded, and the number of trades.

        Args:
            now: Market time, nanoseconds; not before that of the last trade. What is too old by
                then is forgotten.
        """
        self._forget(now // NS_PER_MINUTE - MINUTES)
        return self._volume, self._trades

    def _forget(self, last: int) -> None:
        """Forget everything up to the minute ``last``."""
        minutes = self._minutes
        while minutes and minutes[0][0] <= last:
            _, lots, trades = minutes.popleft()
            self._volume -= lots
            self._trades -= trades
