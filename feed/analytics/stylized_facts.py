"""
Statistics by which markets are compared ("stylized facts"), each of a plain series of numbers.

A statistic of too few values is ``nan``, never a guess. What makes the series of a market's events is
:mod:`feed.analytics.market_observer`.

Sources: R. Cont, "Empirical properties of asset returns: stylized facts and statistical issues",
Quantitative Finance 1 (2001), 223-236; A. W. Lo and A. C. MacKinlay, "Stock market prices do not follow
random walks", Review of Financial Studies 1 (1988), 41-66, for the variance ratio.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final

import attrs

# Quantiles of Student's t for two-sided intervals of 95 %, by degrees of freedom from 1.
_STUDENT: Final = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)
_NORMAL: Final = 1.96


@attrs.frozen
class Estimate:
    """
    A figure of several independent runs.

    Attributes:
        mean: Its mean over the runs.
        half_width: Half the width of the 95 % confidence interval of the mean; nan of a single run.
        least: The least of the runs.
        greatest: The greatest of the runs.
    """

    mean: float
    half_width: float
    least: float
    greatest: float


def estimate(values: Iterable[float]) -> Estimate:
    """Mean and 95 % confidence interval (Student's t) of one figure of several runs; nan are left out."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return Estimate(math.nan, math.nan, math.nan, math.nan)
    half = math.nan
    if (free := len(known) - 1) > 0:
        student = _STUDENT[free - 1] if free <= len(_STUDENT) else _NORMAL
        half = student * math.sqrt(_variance(known) * len(known) / free / len(known))
    return Estimate(mean(known), half, min(known), max(known))


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean; nan of nothing."""
    return math.fsum(values) / len(values) if values else math.nan


def variation(values: Sequence[float]) -> float:
    """Coefficient of variation: standard deviation over mean; 1 for waits of a Poisson process."""
    centre = mean(values)
    return math.sqrt(_variance(values)) / centre if len(values) > 1 and centre else math.nan


def fano(counts: Sequence[int]) -> float:
    """Variance over mean of counts in equal intervals of time; 1 for a Poisson process."""
    centre = mean(counts)
    return _variance(counts) / centre if len(counts) > 1 and centre else math.nan


def counts_by_interval(times: Iterable[int], start: int, end: int, width: int) -> list[int]:
    """How many ``times`` are in each whole interval of ``width`` from ``start`` to ``end``."""
    counts = [0] * ((end - start) // width)
    for time in times:
        if 0 <= (at := (time - start) // width) < len(counts):
            counts[at] += 1
    return counts


def autocorrelation(values: Sequence[float], lag: int) -> float:
    """Correlation of a series with itself ``lag`` places on; 0 of a constant one."""
    return autocorrelations(values, (lag,))[0]


def autocorrelations(values: Sequence[float], lags: Iterable[int]) -> tuple[float, ...]:
    """Autocorrelation at each of several lags; nan where the series is not twice as long as the lag."""
    centre = mean(values)
    centred = [value - centre for value in values]
    squares = math.fsum(x * x for x in centred)
    return tuple(
        math.nan
        if len(values) < 2 * lag
        else math.fsum(a * b for a, b in zip(centred, centred[lag:], strict=False)) / squares
        if squares
        else 0.0
        for lag in lags
    )


def excess_kurtosis(values: Sequence[float]) -> float:
    """Fourth moment over the square of the second, less 3: 0 of a normal distribution, 0 of a constant."""
    if len(values) < 4:
        return math.nan
    centre = mean(values)
    squares = [(value - centre) ** 2 for value in values]
    variance = mean(squares)
    return mean([x * x for x in squares]) / variance**2 - 3 if variance else 0.0


def log_returns(levels: Sequence[float], step: int = 1) -> list[float]:
    """Differences of the logarithms of every ``step``-th of positive ``levels``."""
    return [after - before for before, after in pairwise([math.log(level) for level in levels[::step]])]


def deviation(returns: Sequence[float]) -> float:
    """Root mean square: the standard deviation of returns, whose mean is taken to be zero."""
    return math.sqrt(mean([x * x for x in returns])) if returns else math.nan


def variance_ratio(logs: Sequence[float], longer: int, shorter: int = 1) -> float:
    """
    Variance of returns over ``longer`` steps beside that over ``shorter``, each by its length.

    1 for a random walk; above for a trend, below for a series that comes back. Longer returns overlap
    (they begin at ten places of each), and their mean is taken to be zero.

    Args:
        logs: Logarithms of prices, at equal distances in time.
        longer: Steps of the longer returns.
        shorter: Steps of the shorter returns.
    """
    if len(logs) < 4 * longer:
        return math.nan
    base = _mean_square(logs, shorter) / shorter
    return _mean_square(logs, longer) / longer / base if base else math.nan


def _mean_square(logs: Sequence[float], steps: int) -> float:
    stride = max(1, steps // 10)
    pairs = zip(logs[::stride], logs[steps::stride], strict=False)
    return mean([(after - before) ** 2 for before, after in pairs])


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Pearson's correlation of two series of equal length; nan of fewer than three, 0 of a constant."""
    if len(one) < 3:
        return math.nan
    centres = mean(one), mean(other)
    products = math.fsum((a - centres[0]) * (b - centres[1]) for a, b in zip(one, other, strict=True))
    scale = len(one) * math.sqrt(_variance(one) * _variance(other))
    return products / scale if scale else 0.0


def power_law(points: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """
    Exponent and factor of ``y = factor * x ** exponent``, by least squares of the logarithms.

    Points that are not positive are left out, since a logarithm has no place for them; nan when fewer
    than two places on the x axis are left.
    """
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    centre_x, centre_y = mean([x for x, _ in logs]), mean([y for _, y in logs])
    squares = math.fsum((x - centre_x) ** 2 for x, _ in logs)
    if not squares:
        return math.nan, math.nan
    exponent = math.fsum((x - centre_x) * (y - centre_y) for x, y in logs) / squares
    return exponent, math.exp(centre_y - exponent * centre_x)


def means_by_size(
    sizes: Sequence[float], answers: Sequence[float], groups: int = 10
) -> list[tuple[float, float]]:
    """
    Mean size and mean answer in each of ``groups`` of equal number, by size.

    Equal sizes are never divided between two groups, so there may be fewer.
    """
    pairs = sorted(zip(sizes, answers, strict=True))
    if not pairs:
        return []
    cuts, least = [0], max(1, len(pairs) // groups)
    for at in range(1, len(pairs)):
        if at - cuts[-1] >= least and pairs[at][0] != pairs[at - 1][0]:
            cuts.append(at)
    groups_of_pairs = [pairs[first:last] for first, last in pairwise([*cuts, len(pairs)])]
    return [(mean([x for x, _ in group]), mean([y for _, y in group])) for group in groups_of_pairs]


def quantiles(weights: Mapping[int, int], shares: Iterable[float]) -> tuple[float, ...]:
    """
    Quantiles of values with weights, such as of a spread by the time that it stood.

    Args:
        weights: Weight of each value.
        shares: Such as 0.5 for the median; the least value that has this share at or below it.
    """
    total = sum(weights.values())
    if not total:
        return tuple(math.nan for _ in shares)
    values = sorted(weights)
    upto = list(accumulate(weights[value] for value in values))
    return tuple(float(values[bisect_left(upto, share * total)]) for share in shares)


def _variance(values: Sequence[float]) -> float:
    centre = mean(values)
    return mean([(value - centre) ** 2 for value in values])
