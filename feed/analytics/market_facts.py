"""
The figures of one instrument by which markets are compared, real or simulated, as one table.

Each figure says what it is of (book updates, prints, taker orders, the mid, the book) and over which
horizon, because the same name means different numbers otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import attrs

from feed.analytics import stylized_facts as statistics
from feed.analytics.market_observer import DISTANCES, GRID, Arrivals, MarketObserver
from feed.model.durations import NS_PER_DAY, NS_PER_MILLISECOND, NS_PER_SECOND

SIGN_LAGS: Final = (1, 2, 5, 10, 20, 50)
"""Lags of the autocorrelation of signs, taker orders or prints."""

SECOND_LAGS: Final = (1, 10, 60)
"""Lags of the autocorrelation of absolute returns over a second, seconds."""

VOLATILITY_LAGS: Final = (1, 5, 20, 60)
"""Lags of the autocorrelation of absolute returns over a minute, minutes."""

RATIO_SECONDS: Final = (0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Horizons of the variance ratio, seconds, each beside that of ``GRID``."""

SPREAD_SHARES: Final = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Quantiles of the spread, shares of time."""

_LEAST_RETURNS: Final = 20  # below that a moment says nothing
_LEAST_DAYS: Final = 14  # below that the hours of the day say nothing


@attrs.frozen
class Fact:
    """
    One figure of one instrument.

    Attributes:
        name: What is measured.
        of: What it is measured on: book updates, prints, taker orders, mid, or book.
        horizon: Over which time, or at which lag; empty where there is none.
        value: The figure; nan where there is too little to say.
    """

    name: str
    of: str
    horizon: str
    value: float

    @property
    def key(self) -> str:
        """Name, basis and horizon, by which figures of two markets are put beside each other."""
        return f"{self.name}, {self.of}" + (f", {self.horizon}" if self.horizon else "")


def facts(observer: MarketObserver) -> list[Fact]:
    """All figures of what was looked at; :meth:`MarketObserver.finish` must have been called."""
    return [
        *_update_facts(observer),
        *_arrival_facts(observer, observer.takers, "taker orders"),
        *_arrival_facts(observer, observer.prints, "prints"),
        *_impact_facts(observer),
        *_return_facts(observer),
        *_book_facts(observer),
        *_day_facts(observer),
    ]


def minute_correlation(one: MarketObserver, other: MarketObserver) -> float:
    """Correlation of the returns over a minute of two instruments that were looked at over the same time."""
    first = max(len(it.mids) - len(it.quoted_mids()) for it in (one, other))
    minute = 60 * NS_PER_SECOND // GRID
    last = min(len(one.mids), len(other.mids))
    return statistics.correlation(
        statistics.log_returns(one.mids[first:last], minute),
        statistics.log_returns(other.mids[first:last], minute),
    )


def _update_facts(it: MarketObserver) -> Iterator[Fact]:
    of, gaps = "book updates", it.updates - 1
    centre = it.gap_sum / gaps if gaps > 0 else math.nan
    spread = math.sqrt(max(0.0, it.gap_squares / gaps - centre**2)) if gaps > 0 else math.nan
    updates = it.updates or math.nan  # a source of quotes and prints alone has no book to update
    yield Fact("per second", of, "", _ratio(updates, it.seconds))
    yield Fact("variation of waiting times", of, "", spread / centre if centre else math.nan)
    yield Fact("within 1 ms of the last, %", of, "", 100 * it.close / gaps if gaps > 0 else math.nan)
    whole = it.updates_by_second[: int(it.seconds)]
    yield Fact("variance over mean of counts", of, "1 s", statistics.fano(whole))
    yield Fact("for each print", of, "", _ratio(updates, len(it.prints.times)))
    yield Fact("for each taker order", of, "", _ratio(updates, len(it.takers.times)))
    yield Fact("change the best price, %", of, "", _ratio(100 * it.moves, updates))
    yield Fact("cancelled of ended orders, %", of, "", _ratio(100 * it.cancelled, it.cancelled + it.filled))


def _arrival_facts(it: MarketObserver, arrivals: Arrivals, of: str) -> Iterator[Fact]:
    gaps = arrivals.gaps()
    close = sum(gap <= NS_PER_MILLISECOND for gap in gaps)
    yield Fact("per second", of, "", _ratio(len(arrivals.times), it.seconds))
    yield Fact("variation of waiting times", of, "", statistics.variation(gaps))
    yield Fact("within 1 ms of the last, %", of, "", _ratio(100 * close, len(gaps)))
    counts = statistics.counts_by_interval(arrivals.times, it.start, it.end, NS_PER_SECOND)
    yield Fact("variance over mean of counts", of, "1 s", statistics.fano(counts))
    signs = arrivals.known_signs()
    for lag, value in zip(SIGN_LAGS, statistics.autocorrelations(signs, SIGN_LAGS), strict=True):
        yield Fact("autocorrelation of signs", of, f"lag {lag}", value)


def _impact_facts(it: MarketObserver) -> Iterator[Fact]:
    sizes, answers = it.responses(1.0)
    enough = len(sizes) >= 20 * _LEAST_RETURNS
    exponent, _ = statistics.power_law(statistics.means_by_size(sizes, answers) if enough else ())
    yield Fact("response of the mid against size, exponent", "taker orders", "1 s", exponent)
    yield Fact("response of the mid, ticks", "taker orders", "1 s", statistics.mean(answers))


def _return_facts(it: MarketObserver) -> Iterator[Fact]:
    of = "mid"
    mids = it.quoted_mids()
    seconds, minutes = it.returns(1.0), it.returns(60.0)
    walk = statistics.deviation(minutes) * math.sqrt(len(minutes)) if len(minutes) >= _LEAST_RETURNS else 0.0
    yield Fact("standard deviation of returns, bps", of, "1 s", 10_000 * statistics.deviation(seconds))
    for horizon, returns in (("1 s", seconds), ("1 min", minutes), ("5 min", it.returns(300.0))):
        enough = len(returns) >= _LEAST_RETURNS
        value = statistics.excess_kurtosis(returns) if enough else math.nan
        yield Fact("excess kurtosis of returns", of, horizon, value)
    yield Fact("autocorrelation of returns", of, "1 s, lag 1", statistics.autocorrelation(seconds, 1))
    remembered = statistics.autocorrelations([abs(value) for value in minutes], VOLATILITY_LAGS)
    sizes = [abs(value) for value in seconds]
    for lag, value in zip(SECOND_LAGS, statistics.autocorrelations(sizes, SECOND_LAGS), strict=True):
        yield Fact("autocorrelation of |returns|", of, f"1 s, lag {lag}", value)
    for lag, value in zip(VOLATILITY_LAGS, remembered, strict=True):
        enough = len(minutes) >= _LEAST_RETURNS
        yield Fact("autocorrelation of |returns|", of, f"1 min, lag {lag}", value if enough else math.nan)
    yield Fact("drift, standard deviations of a walk", of, "all", _ratio(math.fsum(minutes), walk))
    logs = [math.log(mid) for mid in mids]
    for horizon_seconds in RATIO_SECONDS:
        ratio = statistics.variance_ratio(logs, round(horizon_seconds * NS_PER_SECOND / GRID))
        yield Fact("variance ratio to 0.1 s", of, f"{horizon_seconds:g} s", ratio)


def _book_facts(it: MarketObserver) -> Iterator[Fact]:
    of = "book"
    for share, value in zip(SPREAD_SHARES, statistics.quantiles(it.spreads, SPREAD_SHARES), strict=True):
        yield Fact("spread, ticks", of, f"{100 * share:g} % of time", value)
    top = it.mean_top_size()
    yield Fact("size at the best price, lots", of, "", top)
    within = dict(zip(DISTANCES, it.mean_depth(), strict=True))
    for distance, lots in within.items():
        yield Fact("depth, sizes of the best price", of, f"{distance:g} bps", _ratio(lots, top))
    yield Fact("depth within 200 bps beside 50 bps", of, "", _ratio(within[200.0], within[50.0]))
    still = it.still / NS_PER_SECOND if it.quoted else math.nan
    yield Fact("longest time with one quote, s", of, "", still)
    yield Fact("a side is empty, % of time", of, "", _ratio(100 * it.one_sided, it.quoted))


def _day_facts(it: MarketObserver) -> Iterator[Fact]:
    # A volatile or a quiet spell of hours outweighs the hour of the day, until many days are averaged.
    enough = it.end - it.start >= _LEAST_DAYS * NS_PER_DAY
    hours = [hour for hour in it.takers_by_hour() if not math.isnan(hour)]
    value = _ratio(max(hours), min(hours)) if enough and hours else math.nan
    yield Fact("busiest hour of the day beside the quietest", "taker orders", "1 h", value)


def _ratio(amount: float, of: float) -> float:
    return amount / of if of else math.nan
