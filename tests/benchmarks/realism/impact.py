"""
What large orders do to the price, in pairs: the same market with and without the order.

The difference of the two mids is what the order did; the rest is common to both and cancels, as far as
the order does not change what others draw.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from feed.analytics import stylized_facts as statistics
from feed.analytics.market_observer import MarketObserver
from feed.analytics.stylized_facts import Estimate
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Side
from feed.sim.market import Market
from tests.benchmarks.realism.runs import START, WARM_UP, Progress, market_of

MULTIPLES: Final = (1, 3, 10, 30, 100)
"""Sizes of the orders, in mean sizes of the best price."""

SECONDS: Final = (1, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 600, 900)
"""When the two markets are compared, seconds after the order begins."""

# When the markets are looked at: then, and at the slices of an order.
_LOOKS: Final = sorted({*SECONDS, *range(0, 300, 10)})

LATER: Final = 600  # seconds after its end


@attrs.frozen
class Style:
    """
    How a large order is worked.

    Attributes:
        name: As in the table.
        slices: Equal parts.
        pause: Seconds between two.
        end: Seconds after the beginning at which it is over, one of ``SECONDS``.
    """

    name: str
    slices: int
    pause: int
    end: int


STYLES: Final = (Style("over 5 minutes", 30, 10, 300), Style("at once", 1, 1, 1))


@attrs.frozen
class Path:
    """
    What one order did.

    Attributes:
        style: Name of the style.
        multiple: Size, in sizes of the best price.
        ticks: Difference of the mids in the order's direction at each of ``SECONDS``.
        filled: Share of it that was traded.
        cost: What its lots cost beyond the mid that there would have been without it, mean, ticks.
    """

    style: str
    multiple: int
    ticks: tuple[float, ...]
    filled: float
    cost: float


@attrs.frozen
class _Run:
    """
    One market.

    Attributes:
        mids: Doubled mid at each of ``_LOOKS``, ticks.
        trades: Of the order: second after its beginning, price in ticks, lots.
    """

    mids: list[int]
    trades: list[tuple[float, int, int]]


def best_size(symbol: str, tell: Progress) -> int:
    """Mean size at the best price of an instrument on its own over an hour, lots."""
    market = Market(market_of((symbol,)), seed=0, start=START)
    observer = MarketObserver(START + WARM_UP)
    for rows in (market.opening(), market.advance(START + WARM_UP + 3600 * NS_PER_SECOND)):
        for row in rows:
            observer.see(row)
    observer.finish(market.now)
    tell((market.now - START) // NS_PER_SECOND)
    return max(1, round(observer.mean_top_size()))


def pairs(
    symbol: str,
    seed: int,
    best: int,
    tell: Progress,
    *,
    styles: Sequence[Style] = STYLES,
    multiples: Sequence[int] = MULTIPLES,
) -> list[Path]:
    """All orders of one seed; buys of even seeds, sells of odd ones."""
    side = Side.SELL if seed % 2 else Side.BUY
    sign = -1 if side else 1

    def market() -> Market:
        return Market(market_of((symbol,)), seed=seed, start=START)

    without = _run(market(), side, 0, styles[0], tell)
    paths = []
    for style in styles:
        for multiple in multiples:
            lots = multiple * best
            found = _run(market(), side, lots, style, tell)
            ticks = tuple(sign * (found.mids[_at(it)] - without.mids[_at(it)]) / 2 for it in SECONDS)
            traded = sum(size for *_, size in found.trades)
            beyond = sum(sign * size * (2 * paid - without.mids[_at(at)]) for at, paid, size in found.trades)
            cost = beyond / 2 / traded if traded else math.nan
            paths.append(Path(style.name, multiple, ticks, traded / lots if lots else 0.0, cost))
    return paths


def _at(second: float) -> int:
    """Place of the last look that is not after a second."""
    return bisect_right(_LOOKS, second) - 1


def _run(market: Market, side: Side, lots: int, style: Style, tell: Progress) -> _Run:
    market.opening()
    begin = START + WARM_UP
    market.advance(begin)
    slices = min(style.slices, max(1, lots))
    pause = style.pause * style.slices * NS_PER_SECOND // slices
    if lots:
        market.large_order(0, side, lots, slices=slices, pause=pause)
    book, last, run = market.exchange.books[0], 0, _Run([], [])
    for second in _LOOKS:
        for row in market.advance(begin + second * NS_PER_SECOND):
            # Of the order's own trades nothing is known but side and time: that of its slices.
            turn, off = divmod(row[2] - begin, pause)
            if row[0] == TRADE and row[4] == side and lots and not off and turn < slices:
                run.trades.append((turn * pause / NS_PER_SECOND, row[5], row[6]))
        if book.bid and book.ask:
            last = book.bid + book.ask
        run.mids.append(last)
    tell((market.now - START) // NS_PER_SECOND)
    return run


@attrs.frozen
class Curve:
    """
    Impact against size, of one style.

    Attributes:
        style: Its name.
        at_end: Ticks at the end of the order, for each of ``MULTIPLES``.
        later: Ticks ten minutes after that.
        filled: Mean share that was traded.
        costs: Ticks a lot beyond the mid without the order.
        exponents: Of both, by size.
        stays: Share of the impact at the end that is still there later.
        mean_path: Ticks at each of ``SECONDS``, for each of ``MULTIPLES``.
    """

    style: str
    at_end: list[Estimate]
    later: list[Estimate]
    filled: list[float]
    costs: list[Estimate]
    exponents: tuple[Estimate, Estimate]
    stays: Estimate
    mean_path: list[list[float]]


def curve(style: Style, runs: Sequence[Sequence[Path]]) -> Curve:
    """The impact of one style over all seeds."""
    by_multiple = [
        [path for run in runs for path in run if (path.style, path.multiple) == (style.name, multiple)]
        for multiple in MULTIPLES
    ]
    end, late = SECONDS.index(style.end), _nearest(style.end + LATER)
    peaks = [[path.ticks[end] for path in paths] for paths in by_multiple]
    rests = [[path.ticks[late] for path in paths] for paths in by_multiple]
    return Curve(
        style.name,
        [statistics.estimate(values) for values in peaks],
        [statistics.estimate(values) for values in rests],
        [statistics.mean([path.filled for path in paths]) for paths in by_multiple],
        [statistics.estimate([path.cost for path in paths]) for paths in by_multiple],
        (jackknife(_exponent, peaks), jackknife(_exponent, rests)),
        jackknife(_stays, [*peaks, *rests]),
        [
            [statistics.mean([path.ticks[at] for path in paths]) for at in range(len(SECONDS))]
            for paths in by_multiple
        ],
    )


def _nearest(second: int) -> int:
    return min(range(len(SECONDS)), key=lambda at: abs(SECONDS[at] - second))


def _exponent(means: list[float]) -> float:
    return statistics.power_law(zip(map(float, MULTIPLES), means, strict=True))[0]


def _stays(means: list[float]) -> float:
    peaks, rests = means[: len(MULTIPLES)], means[len(MULTIPLES) :]
    # Each size counts the same: the largest order would drown the others.
    shares = [rest / peak for peak, rest in zip(peaks, rests, strict=True) if peak > 0]
    return statistics.mean(shares[len(shares) // 2 :])  # of small orders both are mostly noise


def jackknife(figure: Callable[[list[float]], float], columns: list[list[float]]) -> Estimate:
    """A figure of means over seeds, and its interval by leaving out one seed at a time."""
    whole = figure([statistics.mean(values) for values in columns])
    count = len(columns[0])
    if count < 2:
        return Estimate(whole, math.nan, whole, whole)
    parts = [
        figure([statistics.mean(values[:at] + values[at + 1 :]) for values in columns]) for at in range(count)
    ]
    known = [part for part in parts if not math.isnan(part)]
    if len(known) < 2:
        return Estimate(whole, math.nan, whole, whole)
    spread = statistics.estimate(known)
    # The parts have nearly all seeds in common: their deviation is (count - 1) times too small.
    return Estimate(whole, spread.half_width * (count - 1), spread.least, spread.greatest)
