"""The figures by which recorded data and a simulation of it are compared, one instrument at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from feed.analytics import stylized_facts as statistics
from feed.analytics.calibration.order_flow import OrderFlowObserver
from feed.analytics.market_observer import MarketObserver
from feed.model.events import CLOCK, FILL, ORDER, Row

# Longest lags, in taker orders and in minutes.
_SIGN_LAGS: Final = (1, 2, 5, 10, 20)
_MINUTES: Final = (1, 5, 20)
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_BPS: Final = 10_000

# Of fewer taker orders nothing is said about their clustering and their signs.
_FEWEST_TAKERS: Final = 30


@attrs.frozen(kw_only=True)
class Figures:
    """
    What one instrument's events look like; nan where there were too few to say.

    Attributes:
        seconds: Length of what was looked at.
        opening: Middle of best bid and ask at the beginning, ticks.
        price_step: Largest number of ticks of which all prices in the book are multiples; 0 without a book.
        updates_per_second: Changes of the book a second.
        update_variation: Coefficient of variation of the time between them; 1 for a Poisson process.
        update_within_1ms: Share of them that follow the last within a millisecond.
        update_fano: Variance over mean of their counts in a second.
        updates_per_taker: Changes of the book per taker order.
        takers_per_second: Taker orders a second.
        taker_variation: As of updates.
        taker_within_1ms: As of updates.
        taker_fano: As of updates.
        sign_memory: Autocorrelation of the sides of taker orders at lags 1, 2, 5, 10 and 20.
        response: Mean move of the mid in the direction of a taker order after a second, ticks.
        at_best: Share of arriving orders that are at the best price or better.
        order_size: Mean size of an arriving order within 100 ticks of the mid, lots.
        order_median: Median size of an order that arrives at the best price or better, lots.
        taker_size: Mean size of a taker order, lots.
        taker_median: Median size of a taker order, lots.
        top_size: Lots at the best price, mean over time and sides.
        spread: Ticks from best bid to best ask, mean over time.
        spread_quantiles: The same that 5, 25, 50, 75 and 95 % of the time do not exceed.
        depth: Lots on one side within 1, 2.5, 5, 10, 20, 50, 100 and 200 basis points of the mid.
        standing: Orders on one side in each band of distance, see :mod:`.order_flow`.
        standing_lots: Lots on one side in each band.
        cancels: Cancels a second on one side in each band.
        arrivals: Arriving orders a second on one side in each band.
        volatility: Standard deviation of the mid's return over 1 s, basis points.
        volatility_10s: The same over 10 s.
        volatility_60s: The same over a minute.
        kurtosis_1s: Excess kurtosis of returns over 1 s.
        kurtosis_60s: The same over a minute.
        memory: Autocorrelation of returns over 1 s at lag 1.
        volatility_memory: Autocorrelation of absolute returns over a minute at lags of 1, 5 and 20.
    """

    seconds: float
    opening: float
    price_step: int
    updates_per_second: float
    update_variation: float
    update_within_1ms: float
    update_fano: float
    updates_per_taker: float
    takers_per_second: float
    taker_variation: float
    taker_within_1ms: float
    taker_fano: float
    sign_memory: tuple[float, ...]
    response: float
    at_best: float
    order_size: float
    order_median: float
    taker_size: float
    taker_median: float
    top_size: float
    spread: float
    spread_quantiles: tuple[float, ...]
    depth: tuple[float, ...]
    standing: tuple[float, ...]
    standing_lots: tuple[float, ...]
    cancels: tuple[float, ...]
    arrivals: tuple[float, ...]
    volatility: float
    volatility_10s: float
    volatility_60s: float
    kurtosis_1s: float
    kurtosis_60s: float
    memory: float
    volatility_memory: tuple[float, ...]


class Observation:
    """
    Looks at the rows of one instrument.

    A row whose time is before that of the last, as in real data, is taken at that one's time.

    Args:
        start: Market time from which to look, nanoseconds.
    """

    def __init__(self, start: int) -> None:
        self.market: Final = MarketObserver(start)
        self.flow: Final = OrderFlowObserver(start)
        self._now = start

    def see(self, row: Row) -> None:
        """Take in the next row of the instrument."""
        if row[0] in (CLOCK, ORDER, FILL):
            return
        if row[2] < self._now:
            row = (*row[:2], self._now, *row[3:])
        self._now = row[2]
        self.market.see(row)
        self.flow.see(row)

    def figures(self, end: int) -> Figures:
        """The figures of what was seen up to ``end``, nanoseconds. To be called once."""
        market, flow = self.market, self.flow
        market.finish(max(end, self._now))
        seconds = market.seconds or math.nan
        takers = market.takers
        gaps, many = takers.gaps(), len(takers.times) >= _FEWEST_TAKERS
        signs = takers.known_signs()
        by_second = statistics.counts_by_interval(takers.times, market.start, market.end, 10**9)
        _, answers = market.responses(1.0)
        near = flow.bands[:7]
        mids = market.quoted_mids()
        minute = market.returns(60.0)
        absolute = [abs(value) for value in minute]
        return Figures(
            seconds=seconds,
            opening=mids[0] / 2 if mids else math.nan,
            price_step=flow.price_step,
            updates_per_second=market.updates / seconds if market.updates else math.nan,
            update_variation=_variation(market),
            update_within_1ms=_ratio(market.close, market.updates - 1),
            update_fano=statistics.fano(market.updates_by_second) if market.updates else math.nan,
            updates_per_taker=_ratio(market.updates, len(takers.times)) if market.updates else math.nan,
            takers_per_second=len(takers.times) / seconds,
            taker_variation=statistics.variation(gaps) if many else math.nan,
            taker_within_1ms=_ratio(sum(gap <= 10**6 for gap in gaps), len(gaps)) if many else math.nan,
            taker_fano=statistics.fano(by_second) if many else math.nan,
            sign_memory=statistics.autocorrelations(signs, _SIGN_LAGS)
            if len(signs) >= _FEWEST_TAKERS
            else (math.nan,) * len(_SIGN_LAGS),
            response=statistics.mean(answers) if many else math.nan,
            at_best=_ratio(flow.at_best, flow.at_best + flow.behind),
            order_size=_ratio(sum(band.sizes.total for band in near), sum(band.sizes.count for band in near)),
            order_median=flow.best_sizes.quantile(0.5),
            taker_size=statistics.mean(takers.sizes),
            taker_median=_median(takers.sizes),
            top_size=market.mean_top_size(),
            spread=_weighted_mean(market.spreads),
            spread_quantiles=statistics.quantiles(market.spreads, _QUANTILES),
            depth=market.mean_depth(),
            standing=tuple(_ratio(band.standing, 2 * flow.counts) for band in flow.bands),
            standing_lots=tuple(_ratio(band.lots, 2 * flow.counts) for band in flow.bands),
            cancels=tuple(band.cancels / 2 / seconds for band in flow.bands),
            arrivals=tuple(band.arrivals / 2 / seconds for band in flow.bands),
            volatility=_BPS * statistics.deviation(market.returns(1.0)),
            volatility_10s=_BPS * statistics.deviation(market.returns(10.0)),
            volatility_60s=_BPS * statistics.deviation(minute),
            kurtosis_1s=statistics.excess_kurtosis(market.returns(1.0)),
            kurtosis_60s=statistics.excess_kurtosis(minute),
            memory=statistics.autocorrelation(market.returns(1.0), 1),
            volatility_memory=statistics.autocorrelations(absolute, _MINUTES),
        )


def average(several: Sequence[Figures]) -> Figures:
    """The mean of each figure over several runs; what is nan in one is left out of its mean."""
    means: dict[str, Any] = {}
    for field in attrs.fields(Figures):
        values = [getattr(figures, field.name) for figures in several]
        if field.name == "price_step":
            means[field.name] = math.gcd(*values)
        elif isinstance(values[0], tuple):
            means[field.name] = tuple(_known_mean(column) for column in zip(*values, strict=True))
        else:
            means[field.name] = _known_mean(values)
    return Figures(**means)


def _known_mean(values: Iterable[float]) -> float:
    return statistics.mean([value for value in values if not math.isnan(value)])


def _variation(market: MarketObserver) -> float:
    gaps = market.updates - 1
    if gaps < 1 or not market.gap_sum:
        return math.nan
    mean = market.gap_sum / gaps
    return math.sqrt(max(0.0, market.gap_squares / gaps - mean * mean)) / mean


def _weighted_mean(weights: Mapping[int, int]) -> float:
    return _ratio(sum(value * weight for value, weight in weights.items()), sum(weights.values()))


def _median(values: Sequence[int]) -> float:
    return sorted(values)[len(values) // 2] if values else math.nan


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan
