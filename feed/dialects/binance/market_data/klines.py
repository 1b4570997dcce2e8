"""Candles, in the exchange's word klines, of any interval and in any time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import gcd
from typing import Annotated, Final

import attrs
import msgspec

from feed.analytics.bars import Bar, Bars, empty, merged
from feed.dialects.binance import errors
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.intervals import INTERVALS, Interval
from feed.dialects.binance.market_data.parameters import (
    limit_parameter,
    number_parameter,
    symbol_parameter,
    time_zone_parameter,
)
from feed.dialects.binance.queries import Query, weighs
from feed.dialects.binance.symbols import Symbol
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.dialects.parameters import Parameter
from feed.model.durations import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE
from feed.model.instruments import Listing

ROWS: Final = 500
"""In an answer, where nobody says how many."""
MOST_ROWS: Final = 1000
EAST: Final = 14 * NS_PER_HOUR
"""The furthest that clocks are ahead of UTC."""
WEST: Final = 12 * NS_PER_HOUR
"""The furthest that they are behind it."""
_ZONE: Final = re.compile(r"([+ -]?)(\d{1,2})(?::(\d{2}))?", re.ASCII)  # a plus sign is a blank in a query

Kline = Annotated[list[int | str], msgspec.Meta(min_length=12, max_length=12)]
"""
Open time; open, high, low and close price; volume; close time; volume of the quote asset; trades; volume that
takers bought, and that of the quote asset; a zero.
"""


def klines(view: MarketView, fields: Fields, unit: TimeUnit) -> list[Kline]:
    """From a time on, up to a time, or the newest; the last one may still be open."""
    symbol = fields.symbol(view.symbols)
    interval = INTERVALS.get(fields.needed("interval"))
    if interval is None:
        raise errors.BAD_INTERVAL.error()
    start, end = fields.period()
    shift = time_zone(fields)
    limit = fields.limit(ROWS, MOST_ROWS)
    series = _Series(view.projections.bars[symbol.index], interval, shift)
    begins = list(series.starts(start, end, limit, view.state.now))
    return [_kline(symbol, begun, ends, bar, unit) for begun, ends, bar in series.bars_of(begins)]


def time_zone(fields: Fields) -> int:
    """By how much the clocks of the ``timeZone`` that is asked for are ahead of UTC, nanoseconds."""
    text = fields.text("timeZone")
    if text is None:
        return 0
    found = _ZONE.fullmatch(text)
    if found is None or int(found[3] or 0) >= 60:
        raise errors.INVALID.error("timeZone")
    ahead = int(found[2]) * NS_PER_HOUR + int(found[3] or 0) * NS_PER_MINUTE
    if ahead > (WEST if found[1] == "-" else EAST):
        raise errors.INVALID.error("timeZone")
    return -ahead if found[1] == "-" else ahead


@attrs.frozen
class _Series:
    """The candles of one symbol and one interval."""

    bars: Bars
    interval: Interval
    shift: int

    def starts(self, start: int | None, end: int | None, limit: int, now: int) -> Iterator[int]:
        """
        Where those begin that are asked for, oldest first.

        Args:
            start: Where the first may begin at the earliest, nanoseconds; None for the newest.
            end: Where the last may begin at the latest; None for the present.
            limit: The most of them.
            now: Market time.
        """
        first = self._first()
        if first is None:
            return
        last = self.interval.start(now if end is None else min(now, end), self.shift)
        if start is None:
            begun = last
            for _ in range(limit - 1):
                before = self.interval.start(begun - 1, self.shift)
                if before < first:
                    break
                begun = before
        else:
            begun = max(first, self._from(start))
        for _ in range(limit):
            if not first <= begun <= last:
                return
            yield begun
            begun = self.interval.end(begun, self.shift)

    def bars_of(self, begins: list[int]) -> Iterator[tuple[int, int, Bar]]:
        """
        Beginning, end and trades of candles that follow each other; one without trades is its last price.

        Args:
            begins: Where they begin.
        """
        if not begins:
            return
        ends = [*begins[1:], self.interval.end(begins[-1], self.shift)]
        found = self.bars.series(self._step, begins[0], ends[-1])
        at, before = 0, self.bars.before(begins[0])
        price = 0 if before is None else before.close
        for begun, end in zip(begins, ends, strict=True):
            bar = None
            while at < len(found) and found[at].start < end:
                bar = found[at] if bar is None else merged(bar, found[at])
                at += 1
            price = price if bar is None else bar.close
            yield begun, end, empty(begun, price) if bar is None else bar

    @property
    def _step(self) -> int:
        """Candles begin on multiples of it, and end on them."""
        return gcd(self.interval.length or NS_PER_DAY, self.shift)

    def _from(self, ts: int) -> int:
        """Where the first candle begins that does so at ``ts`` or later."""
        begun = self.interval.start(ts, self.shift)
        return begun if begun == ts else self.interval.end(begun, self.shift)

    def _first(self) -> int | None:
        """Where the first candle begins that is known as a whole; None before the first trade."""
        found = self.bars.known_from(self._step)
        if found is None:
            return None
        since, whole = found
        return self.interval.start(since, self.shift) if whole else self._from(since)


def _kline(symbol: Symbol, begun: int, end: int, bar: Bar, unit: TimeUnit) -> Kline:
    price, size, value = symbol.price_text, symbol.size_text, symbol.value_text
    return [
        unit.of(begun),
        price(bar.open),
        price(bar.high),
        price(bar.low),
        price(bar.close),
        size(bar.volume),
        unit.last_of(end),
        value(bar.value),
        bar.trades,
        size(bar.bought),
        value(bar.bought_value),
        "0",
    ]


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    parameters = (
        symbol_parameter(listing, needed=True),
        Parameter(
            name="interval", meaning="Length of a candle.", most=None, choices=tuple(INTERVALS), example="1m"
        ),
        number_parameter("startTime", "The first begins then at the earliest."),
        number_parameter("endTime", "The last begins then at the latest."),
        time_zone_parameter(),
        limit_parameter("Candles", ROWS, MOST_ROWS),
    )
    return tuple(
        Query(
            path=f"/api/v3/{name}",
            method=name,
            summary=summary,
            answer=klines,
            parameters=parameters,
            returns=list[Kline],
            weight=weighs(2),
        )
        for name, summary in (("klines", "Candles of a symbol"), ("uiKlines", "The same, for charts"))
    )
