"""
The intervals of candles, from a second to a month, in the exchange's names.

Source: "Kline/Candlestick Streams" and "Kline/Candlestick data". Days begin at midnight, UTC or of a time
zone, weeks on Monday, months on the first. Those of three days are counted from the Unix epoch.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import attrs

from feed.model.durations import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND

_EPOCH: Final = date(1970, 1, 1)
_MONDAY: Final = 4 * NS_PER_DAY  # the first one after the epoch


@attrs.frozen
class Interval:
    """
    A length of candles.

    Attributes:
        name: Such as ``1m``.
        length: Nanoseconds; 0 for a calendar month.
        origin: Where one of them begins, nanoseconds since the Unix epoch.
    """

    name: str
    length: int
    origin: int = 0

    def start(self, ts: int, shift: int = 0) -> int:
        """
        Where the candle begins that a time is in.

        Args:
            ts: Nanoseconds since the Unix epoch.
            shift: How far the clocks of the time zone are ahead of UTC, nanoseconds.
        """
        local = ts + shift
        if self.length:
            return local - (local - self.origin) % self.length - shift
        first = (_EPOCH + timedelta(days=local // NS_PER_DAY)).replace(day=1)
        return (first - _EPOCH).days * NS_PER_DAY - shift

    def end(self, start: int, shift: int = 0) -> int:
        """Where the candle after the one that begins at ``start`` begins."""
        if self.length:
            return start + self.length
        return self.start(start + 31 * NS_PER_DAY, shift)


INTERVALS: Final = {
    interval.name: interval
    for interval in (
        Interval("1s", NS_PER_SECOND),
        *(Interval(f"{minutes}m", minutes * NS_PER_MINUTE) for minutes in (1, 3, 5, 15, 30)),
        *(Interval(f"{hours}h", hours * NS_PER_HOUR) for hours in (1, 2, 4, 6, 8, 12)),
        Interval("1d", NS_PER_DAY),
        Interval("3d", 3 * NS_PER_DAY),
        Interval("1w", 7 * NS_PER_DAY, _MONDAY),
        Interval("1M", 0),
    )
}
"""By name, from the shortest to the longest."""
