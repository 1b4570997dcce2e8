"""One run of the default market, watched: figures of each instrument, and series to draw."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import attrs

from feed.analytics import stylized_facts as statistics
from feed.analytics.market_facts import RATIO_SECONDS, Fact, facts, minute_correlation
from feed.analytics.market_observer import DISTANCES, GRID, MarketObserver
from feed.model.durations import NS_PER_MINUTE, NS_PER_SECOND
from feed.model.market import MarketSpec
from feed.sim.defaults import default_market
from feed.sim.market import Market

START: Final = 1_704_067_200 * NS_PER_SECOND  # 2024-01-01, a Monday, 00:00 UTC
WARM_UP: Final = 10 * NS_PER_MINUTE  # books fill before anything is counted
STEP: Final = 10 * NS_PER_SECOND
CORRELATED: Final = ("ETH-USD", "EURUSD")

Progress = Callable[[int], None]
Series = dict[str, tuple[list[float], list[float]]]


def market_of(symbols: tuple[str, ...]) -> MarketSpec:
    """The default market with these instruments alone, and nothing that watches them."""
    spec = default_market()
    by_symbol = {it.instrument.symbol: it for it in spec.instruments}
    if unknown := [symbol for symbol in symbols if symbol not in by_symbol]:
        raise SystemExit(f"{unknown[0]} is no instrument of the default market; BTC-USD is one")
    return attrs.evolve(
        spec, instruments=tuple(by_symbol[symbol] for symbol in symbols), arbitrage=None, signals=None
    )


def market_around(symbols: tuple[str, ...], *, whole: bool) -> MarketSpec:
    """The default market, or of it all that has a base currency in common with these: venues and futures."""
    spec = default_market()
    if whole:
        return attrs.evolve(spec, signals=None)
    bases = {it.instrument.base for it in market_of(symbols).instruments}
    around = tuple(it for it in spec.instruments if it.instrument.base in bases)
    return attrs.evolve(spec, instruments=around, signals=None)


@attrs.frozen
class Watched:
    """
    What one instrument showed in one run.

    Attributes:
        facts: Its figures.
        series: What is drawn of it, by name: x and y; empty unless asked for.
    """

    facts: list[Fact]
    series: Series


def watch(
    symbols: tuple[str, ...], seed: int, seconds: int, tell: Progress, *, draw: bool, whole: bool = False
) -> dict[str, Watched]:
    """
    Run the market and look at it.

    Args:
        symbols: The instruments to look at.
        seed: Of its randomness.
        seconds: Market time, after the time to warm up.
        tell: Takes how many market seconds have gone by since it was last called.
        draw: Whether to make series for pictures.
        whole: Whether to run the whole default market, rather than what is around these instruments.
    """
    market = Market(market_around(symbols, whole=whole), seed=seed, start=START)
    begin = START + WARM_UP
    observers = [MarketObserver(begin) for _ in symbols]
    by_index = dict(zip(map(market.listing.symbols.index, symbols), observers, strict=True))
    for row in market.opening():
        if row[1] in by_index:
            by_index[row[1]].see(row)
    end = begin + seconds * NS_PER_SECOND
    while market.now < end:
        for row in market.advance(min(end, market.now + STEP)):
            if row[1] in by_index:
                by_index[row[1]].see(row)
        tell(STEP // NS_PER_SECOND)
    for observer in observers:
        observer.finish(end)
    named = dict(zip(symbols, observers, strict=True))
    return {
        symbol: Watched(
            [*facts(observer), *_correlations(named, symbol)], series_of(observer) if draw else {}
        )
        for symbol, observer in named.items()
    }


def _correlations(named: dict[str, MarketObserver], symbol: str) -> list[Fact]:
    return [
        Fact(f"correlation with {other}", "mid", "1 min", minute_correlation(named[symbol], named[other]))
        for other in CORRELATED
        if other in named and other != symbol
    ]


def series_of(it: MarketObserver) -> Series:
    """What is drawn of one instrument, short enough to be handed from process to process."""
    mids = it.quoted_mids()
    every = max(1, len(mids) // 4000)
    seconds, minutes = it.returns(1.0), it.returns(60.0)
    sizes = [abs(value) for value in minutes]
    signs = it.takers.known_signs()
    logs = [math.log(mid) for mid in mids]
    spreads = sorted(it.spreads)
    total = sum(it.spreads.values()) or 1
    upto = [sum(it.spreads[x] for x in spreads[: at + 1]) / total for at in range(len(spreads))][:2000]
    top = it.mean_top_size()
    answers = it.responses(1.0)
    first = it.updates_by_second[:600]
    lags = [lag for lag in (1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100, 200) if lag * 4 <= len(signs)]
    minute_lags = [lag for lag in (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 90, 120) if lag * 4 <= len(sizes)]
    horizons = [0.1, *RATIO_SECONDS]
    return {
        "mid": ([at * every * GRID / 3.6e12 for at in range(len(mids[::every]))], _halved(mids[::every])),
        "updates": (_numbers(len(first)), [float(count) for count in first]),
        "taker gaps": _survival([gap / NS_PER_SECOND for gap in it.takers.gaps()]),
        "signs": ([float(lag) for lag in lags], list(statistics.autocorrelations(signs, lags))),
        "returns 1 s": _survival(_scaled(seconds)),
        "returns 1 min": _survival(_scaled(minutes)),
        "memory": (
            [float(lag) for lag in minute_lags],
            list(statistics.autocorrelations(sizes, minute_lags)),
        ),
        "ratio": (
            horizons,
            [statistics.variance_ratio(logs, round(it * NS_PER_SECOND / GRID)) for it in horizons],
        ),
        "spread": ([float(it) for it in spreads[:2000]], upto),
        "depth": (list(DISTANCES), [lots / top if top else math.nan for lots in it.mean_depth()]),
        "hours": (_numbers(24), it.takers_by_hour()),
        "responses": _columns(statistics.means_by_size(*answers)),
    }


def _numbers(count: int) -> list[float]:
    return [float(at) for at in range(count)]


def _halved(doubled: Any) -> list[float]:
    return [mid / 2 for mid in doubled]


def _columns(points: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _scaled(returns: list[float]) -> list[float]:
    deviation = statistics.deviation(returns) or 1.0
    return [abs(value) / deviation for value in returns]


def _survival(values: list[float]) -> tuple[list[float], list[float]]:
    """The share of values that are at least x, at about two hundred places, dense in the tail."""
    ordered = sorted(values)
    count = len(ordered)
    places = sorted({min(count - 1, int(count * (1 - 0.94**step))) for step in range(200)}) if count else []
    return [ordered[at] for at in places], [1 - at / count for at in places]
