"""Instruments whose value follows that of another: further venues of a pair, and perpetual futures."""

from __future__ import annotations

from math import sqrt
from typing import Final

import attrs

from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.instruments import proportions
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.news import NewsProcess
from feed.sim.random_streams import EXPONENTIAL, LAPLACE, MASK, WIDTH, threshold

# The share of the price impact of trades that is passed on to the followed instrument.
_PASSED_ON: Final = 0.5


@attrs.frozen(kw_only=True)
class BasisSpec:
    """
    How closely a value follows another: the basis is their relative difference.

    Attributes:
        interval_ms: Mean time between two adjustments, milliseconds.
        deviation_bps: Standard deviation of the basis, basis points.
        memory_seconds: Time over which the basis reverts to its mean, seconds.
    """

    interval_ms: float
    deviation_bps: float
    memory_seconds: float


class BasisTracker:
    """
    Keeps the value of one instrument near that of another, with a mean-reverting basis.

    The price impact of trades here is passed on in part, so that trading a perpetual future, or on a
    smaller venue, moves the followed instrument and all that follow it.

    Args:
        sim: The instrument that follows.
        first: The instrument that it follows.
        basis_spec: How closely.
        news_process: Has the activity of the whole market.
    """

    __slots__ = (
        "_basis",
        "_bits",
        "_first",
        "_gap",
        "_keep",
        "_news_process",
        "_scale",
        "_ticks",
        "_wake_threshold",
        "index",
        "sim",
    )

    def __init__(
        self, sim: InstrumentSim, first: InstrumentSim, basis_spec: BasisSpec, news_process: NewsProcess
    ) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._first = first
        one, other = proportions(it.spec.instrument.tick_size for it in (first, sim))
        self._ticks = one / other  # of this instrument in one of the other
        self._news_process = news_process
        self._gap = basis_spec.interval_ms * NS_PER_MILLISECOND
        news = sim.market.news
        forgets = min(1.0, self._gap / (basis_spec.memory_seconds * NS_PER_SECOND))
        self._keep = 1.0 - forgets
        # Size of a step of the basis that results in its standard deviation.
        self._scale = basis_spec.deviation_bps / 10_000 * sqrt(forgets * (2.0 - forgets))
        # Makers react as often as to the news of an instrument with the same activity.
        moves = news.moves * sim.spec.updates_per_second * self._gap / NS_PER_SECOND
        self._wake_threshold = threshold(news.heard * min(1.0, moves))
        self._basis = 0.0
        self._bits = sim.random_stream("tracker")

    def act(self, now: int) -> int:
        """Move the value with that of the followed instrument, and let some of the makers react."""
        sim = self.sim
        bits = self._bits(WIDTH * (2 + len(sim.makers)))
        sim.wait_scale = self._news_process.interval_scale * sim.interval_scale
        if not sim.detached:
            self._basis = self._basis * self._keep + LAPLACE[bits & MASK] * self._scale
            if sim.impact:
                self._first.move_value(sim.impact * _PASSED_ON)
                sim.impact = 0.0
            self.catch_up(now)
            sim.deliver_news(now, self._wake_threshold, bits >> 2 * WIDTH)
        return 1 + int(self._gap * sim.interval_scale * EXPONENTIAL[bits >> WIDTH & MASK])

    def catch_up(self, _: int) -> None:
        """Set the value from that of the followed instrument, the basis and the premium."""
        sim = self.sim
        if not sim.detached:
            sim.move_value(
                self._first.value * self._ticks * (1.0 + self._basis + sim.premium) / sim.value - 1.0
            )
