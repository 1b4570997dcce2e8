"""What ``feed calibrate`` prints: recorded data beside simulations of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

from feed.analytics.calibration.figures import Figures
from feed.analytics.calibration.fit import Outcome
from feed.analytics.calibration.order_flow import BANDS
from feed.analytics.calibration.parameters import horizon_of, volatility
from feed.analytics.market_observer import DISTANCES

Read = Callable[[Figures], float]

_WIDTH: Final = 46
_COLUMN: Final = 13


def _item(name: str, at: int) -> Read:
    return lambda figures: float(getattr(figures, name)[at])


def _one(name: str, scale: float = 1.0) -> Read:
    return lambda figures: scale * float(getattr(figures, name))


ROWS: Final[tuple[tuple[str, Read], ...]] = (
    ("updates a second", _one("updates_per_second")),
    ("updates: coefficient of variation of gaps", _one("update_variation")),
    ("updates within 1 ms of the last, %", _one("update_within_1ms", 100)),
    ("updates: variance over mean of counts in 1 s", _one("update_fano")),
    ("updates a taker order", _one("updates_per_taker")),
    ("taker orders a second", _one("takers_per_second")),
    ("takers: coefficient of variation of gaps", _one("taker_variation")),
    ("takers within 1 ms of the last, %", _one("taker_within_1ms", 100)),
    ("takers: variance over mean of counts in 1 s", _one("taker_fano")),
    ("sign autocorrelation, lag 1", _item("sign_memory", 0)),
    ("sign autocorrelation, lag 5", _item("sign_memory", 2)),
    ("sign autocorrelation, lag 20", _item("sign_memory", 4)),
    ("move of the mid 1 s after a taker, ticks", _one("response")),
    ("arrivals at the best price or better, %", _one("at_best", 100)),
    ("size of an arriving order, mean, lots", _one("order_size")),
    ("size of an order at the best, median, lots", _one("order_median")),
    ("size of a taker order, mean, lots", _one("taker_size")),
    ("size of a taker order, median, lots", _one("taker_median")),
    ("size at the best price, lots", _one("top_size")),
    ("spread, mean over time, ticks", _one("spread")),
    ("spread, 5 % of the time, ticks", _item("spread_quantiles", 0)),
    ("spread, 50 % of the time, ticks", _item("spread_quantiles", 2)),
    ("spread, 95 % of the time, ticks", _item("spread_quantiles", 4)),
    *(
        (f"depth within {distance:g} bps, lots", _item("depth", at))
        for at, distance in enumerate(DISTANCES)
        if distance in {5, 20, 50, 100, 200}
    ),
    ("volatility of the mid over 1 s, bps", _one("volatility")),
    ("volatility of the mid over 1 min, bps", _one("volatility_60s")),
    ("excess kurtosis of 1 s returns", _one("kurtosis_1s")),
    ("excess kurtosis of 1 min returns", _one("kurtosis_60s")),
    ("autocorrelation of 1 s returns, lag 1", _one("memory")),
    ("autocorrelation of |1 min returns|, lag 1 min", _item("volatility_memory", 0)),
    ("autocorrelation of |1 min returns|, lag 5 min", _item("volatility_memory", 1)),
)


# Orders farther from the mid than this share of the price are not listed.
_FARTHEST: Final = 0.1

_BY_DISTANCE: Final = (
    ("arrivals a second", "arrivals"),
    ("cancels a second", "cancels"),
    ("orders standing", "standing"),
    ("lots standing", "standing_lots"),
)


def _rows(recorded: Figures) -> Iterator[tuple[str, Read]]:
    yield from ROWS
    if (horizon := horizon_of(recorded)) > 1:
        yield f"volatility over {horizon} s, by the second, bps", lambda figures: volatility(figures, horizon)


def table(outcome: Outcome) -> Iterator[str]:
    """The tables of one instrument: recorded, before, calibrated; a dash where too little was seen."""
    heads = "".join(f"{head:>{_COLUMN}}" for head in ("recorded", "before", "calibrated"))
    yield f"{outcome.instrument.symbol:<{_WIDTH}}{heads}"
    for title, read in _rows(outcome.recorded):
        values = [read(figures) for figures in (outcome.recorded, outcome.before, outcome.after)]
        if not math.isnan(values[0]):
            yield f"{title:<{_WIDTH}}" + "".join(f"{number(value):>{_COLUMN}}" for value in values)
    yield from _by_distance(outcome)


def _by_distance(outcome: Outcome) -> Iterator[str]:
    """Orders of one side, mean of both, by distance from the mid; recorded beside calibrated."""
    both = outcome.recorded, outcome.after
    columns = [getattr(figures, name) for _, name in _BY_DISTANCE for figures in both]
    farthest = _FARTHEST * outcome.recorded.opening
    kept = [
        band for band in range(BANDS) if 2**band < farthest and any(column[band] > 0 for column in columns)
    ]
    if not any(column[band] > 0 for column in columns[::2] for band in kept):
        return
    yield ""
    yield f"{'one side of the book':<20}" + "".join(f"{title:>22}" for title, _ in _BY_DISTANCE)
    yield f"{'ticks from the mid':<20}" + f"{'recorded':>12}{'fitted':>10}" * len(_BY_DISTANCE)
    for band in kept:
        name = f"{2**band if band else 0} .. {2 ** (band + 1)}"
        pairs = zip(columns[::2], columns[1::2], strict=True)
        values = [f"{number(one[band]):>12}{number(other[band]):>10}" for one, other in pairs]
        yield f"{name:<20}" + "".join(values)


def number(value: float) -> str:
    """Three digits, with an exponent from ten millions on; a dash for nan."""
    if math.isnan(value):
        return "-"
    if 100 <= abs(value) < 1e7:
        return f"{value:.0f}"
    text = f"{value:.3g}"
    return f"{value:.3f}" if "e-" in text else text.replace("e+", "e")
