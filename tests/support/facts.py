"""
What a stream of events looks like, in the figures by which markets are compared.

A book update is one ``ADD``, ``REDUCE`` or ``TRADE``. Returns are those of the middle between best
bid and ask, sampled at whole seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import attrs

from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.events import ADD, QUOTE, REDUCE, TRADE, Row


@attrs.frozen(kw_only=True)
class Facts:
    """
    The figures of one instrument.

    Attributes:
        updates_per_second: Book updates a second.
        updates_per_trade: Book updates a trade.
        variation: Coefficient of variation of the time between book updates; 1 for a Poisson flow.
        within_1ms: Share of book updates that follow the last within a millisecond.
        price_changes: Best bid or ask moved, per book update.
        spread: Mean over time, ticks.
        still: Longest time without any change of the quote, seconds.
        kurtosis_1s: Excess kurtosis of returns over a second.
        kurtosis_60s: The same over a minute.
        memory: Autocorrelation of returns over a second, lag 1.
        volatility_memory: Autocorrelations of absolute returns over a second, lags 1, 10 and 60.
        volatility: Standard deviation of returns over a second, basis points.
    """

    updates_per_second: float
    updates_per_trade: float
    variation: float
    within_1ms: float
    price_changes: float
    spread: float
    still: float
    kurtosis_1s: float
    kurtosis_60s: float
    memory: float
    volatility_memory: tuple[float, float, float]
    volatility: float


class FactsCollector:
    """
    Looks at the rows of one instrument as they pass.

    Args:
        start: Market time from which to look, nanoseconds.
    """

    def __init__(self, start: int) -> None:
        self._start = start
        self._last = self._quoted = self._second = start
        self._updates = self._trades = self._close = self._moves = 0
        self._gaps = self._squares = self._spread = 0.0
        self._still = 0
        self._quote = (0, 0, 0, 0)
        self._middles: list[float] = []

    def see(self, row: Row) -> None:
        """Take in the next row."""
        kind, _, ts = row[:3]
        if kind == QUOTE:
            self._see_quote(ts, row)
        elif kind in {ADD, REDUCE, TRADE}:
            gap = ts - self._last
            self._last = ts
            self._updates += 1
            self._trades += kind == TRADE
            self._close += gap <= NS_PER_MILLISECOND
            self._gaps += gap
            self._squares += gap * gap

    def _priced(self) -> list[float]:
        return [middle for middle in self._middles if middle]

    def _see_quote(self, ts: int, row: Row) -> None:
        bid, _, ask, _ = self._quote
        while self._second + NS_PER_SECOND <= ts:
            self._second += NS_PER_SECOND
            self._middles.append((bid + ask) / 2)
        if bid and ask:
            self._spread += (ask - bid) * (ts - self._quoted)
            self._still = max(self._still, ts - self._quoted)
        self._moves += (row[3], row[5]) != (bid, ask)
        self._quoted = ts
        self._quote = (row[3], row[4], row[5], row[6])

    def returns(self) -> list[float]:
        """Returns over one second each."""
        return _returns(self._priced())

    def memory(self, lags: int) -> list[float]:
        """Autocorrelation of absolute returns over a second, lags 1 to ``lags``."""
        sizes = [abs(value) for value in self.returns()]
        return [autocorrelation(sizes, lag) for lag in range(1, lags + 1)]

    def facts(self) -> Facts:
        """The figures so far; there must have been some minutes to look at."""
        count = self._updates
        mean = self._gaps / count
        seconds = (self._quoted - self._start) / NS_PER_SECOND
        returns = self.returns()
        sizes = [abs(x) for x in returns]
        return Facts(
            updates_per_second=count / seconds,
            updates_per_trade=count / max(1, self._trades),
            variation=math.sqrt(self._squares / count - mean * mean) / mean,
            within_1ms=self._close / count,
            price_changes=self._moves / count,
            spread=self._spread / (self._quoted - self._start),
            still=self._still / NS_PER_SECOND,
            kurtosis_1s=_excess_kurtosis(returns),
            kurtosis_60s=_excess_kurtosis(_returns(self._priced()[::60])),
            memory=autocorrelation(returns, 1),
            volatility_memory=(
                autocorrelation(sizes, 1),
                autocorrelation(sizes, 10),
                autocorrelation(sizes, 60),
            ),
            volatility=10_000 * math.sqrt(math.fsum(x * x for x in returns) / len(returns)),
        )


def fano(counts: Sequence[int]) -> float:
    """Variance over mean of counts in equal bins; 1 for a Poisson flow."""
    mean = sum(counts) / len(counts)
    return sum((count - mean) ** 2 for count in counts) / len(counts) / mean


def autocorrelation(values: Sequence[float], lag: int) -> float:
    """Correlation of a series with itself ``lag`` places on; 0 for a constant one."""
    mean = math.fsum(values) / len(values)
    centred = [value - mean for value in values]
    variance = math.fsum(x * x for x in centred)
    return (
        math.fsum(a * b for a, b in zip(centred, centred[lag:], strict=False)) / variance if variance else 0.0
    )


def _returns(values: Iterable[float]) -> list[float]:
    return [after / before - 1 for before, after in pairwise(values)]


def _excess_kurtosis(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    squares = [(value - mean) ** 2 for value in values]
    variance = math.fsum(squares) / len(squares)
    return math.fsum(x * x for x in squares) / len(squares) / variance**2 - 3 if variance else 0.0
