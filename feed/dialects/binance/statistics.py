"""What tickers say of a window of time: first and last price, extremes, volume, and how much has changed."""

from __future__ import annotations

from typing import Final

import attrs

from feed.analytics.bars import Bar, Bars
from feed.dialects.binance.symbols import Symbol
from feed.model.durations import NS_PER_DAY, NS_PER_MINUTE
from feed.model.instruments import decimal_text

DAY: Final = 24 * 60
"""Minutes of the window of a ticker that is not a rolling one."""
_PERCENT_DECIMALS: Final = 3
_ZERO: Final = "0.00000000"


@attrs.frozen(kw_only=True)
class Statistics:
    """
    The trades of a window, in the exchange's texts.

    The window begins with a whole minute, and so is up to a minute longer than it is called.

    Attributes:
        start: Where it begins, nanoseconds since the Unix epoch.
        end: The present.
        bar: Its trades; None when there was none.
        previous: Price of the last trade before it, integer ticks; None when there was none.
    """

    symbol: Symbol
    start: int
    end: int
    bar: Bar | None
    previous: int | None

    @classmethod
    def of(cls, symbol: Symbol, bars: Bars, now: int, minutes: int = DAY) -> Statistics:
        """
        Those of the last minutes.

        Args:
            symbol: Of which instrument.
            bars: Its trades.
            now: Market time, nanoseconds; not before that of the last trade.
            minutes: How many.
        """
        start = now - now % NS_PER_MINUTE - minutes * NS_PER_MINUTE
        before = bars.before(start)
        return cls(
            symbol=symbol,
            start=start,
            end=now,
            bar=bars.window(minutes, now),
            previous=None if before is None else before.close,
        )

    @property
    def day_before(self) -> int:
        """A day before the present: where the ticker of 24 hours says that it begins."""
        return self.end - NS_PER_DAY

    @property
    def open(self) -> str:
        """Price of the first trade; 0 without one, as of all that follow."""
        return _ZERO if self.bar is None else self.symbol.price_text(self.bar.open)

    @property
    def high(self) -> str:
        """The highest price."""
        return _ZERO if self.bar is None else self.symbol.price_text(self.bar.high)

    @property
    def low(self) -> str:
        """The lowest price."""
        return _ZERO if self.bar is None else self.symbol.price_text(self.bar.low)

    @property
    def close(self) -> str:
        """Price of the last trade; without one that of the last before the window."""
        price = self.previous if self.bar is None else self.bar.close
        return self.symbol.price_text(price or 0)

    @property
    def previous_close(self) -> str:
        """Price of the last trade before the window."""
        return self.symbol.price_text(self.previous or 0)

    @property
    def change(self) -> str:
        """From the first price to the last."""
        return _ZERO if self.bar is None else self.symbol.price_text(self.bar.close - self.bar.open)

    @property
    def percent(self) -> str:
        """The same in percent of the first price."""
        if self.bar is None or not self.bar.open:
            return decimal_text(0, _PERCENT_DECIMALS)
        first, change = self.bar.open, self.bar.close - self.bar.open
        return decimal_text((2 * 100_000 * change + first) // (2 * first), _PERCENT_DECIMALS)

    @property
    def average(self) -> str:
        """The average price, weighted by quantity."""
        if self.bar is None or not self.bar.volume:
            return _ZERO
        return self.symbol.average_text(self.bar.value, self.bar.volume)

    @property
    def volume(self) -> str:
        """What was traded, in the base asset."""
        return _ZERO if self.bar is None else self.symbol.size_text(self.bar.volume)

    @property
    def value(self) -> str:
        """The same in the quote asset."""
        return _ZERO if self.bar is None else self.symbol.value_text(self.bar.value)

    @property
    def last_size(self) -> str:
        """Quantity of the last trade."""
        return _ZERO if self.bar is None else self.symbol.size_text(self.bar.last_size)

    @property
    def first_id(self) -> int:
        """Id of the first trade; -1 without one."""
        return -1 if self.bar is None else self.bar.first

    @property
    def last_id(self) -> int:
        """Id of the last trade; -1 without one."""
        return -1 if self.bar is None else self.bar.last

    @property
    def trades(self) -> int:
        """How many."""
        return 0 if self.bar is None else self.bar.trades
