"""Instruments whose value follows that of another: further venues of a pair, and perpetual futures."""

from __future__ import annotations

from math import sqrt
from typing import Final

import attrs

from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.news import NewsProcess
from feed.sim.random_streams import EXPONENTIAL, LAPLACE, MASK, WIDTH, threshold

# Of what trades here say about the value, this share reaches the instrument that is followed.
_PASSED_ON: Final = 0.5


@attrs.frozen(kw_only=True)
class BasisSpec:
    """
    How closely a value follows another.

    Attributes:
        looks_ms: Mean time between two looks at the other.
        apart: Typical distance from it, basis points (standard deviation).
        memory_seconds: How long such a distance lasts, about.
    """

    interval_ms: float
    deviation_bps: float
    memory_seconds: float


class BasisTracker:
    """
    Keeps the value of one pit near that of another, at a distance that drifts to and fro.

    What trades say about the value here is passed on in part: nobody trades a perpetual future, or on
    a smaller venue, without the others hearing of it.

    Args:
        sim: Which follows.
        first: What it follows.
        basis_spec: How closely.
        news_process: The mood of the whole market.
    """

    __slots__ = (
        "_basis",
        "_bits",
        "_first",
        "_gap",
        "_keep",
        "_news_process",
        "_scale",
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
        self._news_process = news_process
        self._gap = basis_spec.interval_ms * NS_PER_MILLISECOND
        news = sim.market.news
        forgets = min(1.0, self._gap / (basis_spec.memory_seconds * NS_PER_SECOND))
        self._keep = 1.0 - forgets
        # A step of this size makes a drift of the wanted deviation.
        self._scale = basis_spec.deviation_bps / 10_000 * sqrt(forgets * (2.0 - forgets))
        # Makers hear of it as often as of the news of an instrument that is as busy.
        moves = news.moves * sim.spec.updates_per_second * self._gap / NS_PER_SECOND
        self._wake_threshold = threshold(news.heard * min(1.0, moves))
        self._basis = 0.0
        self._bits = sim.random_stream("tracker")

    def act(self, now: int) -> int:
        """Look at the other, move the value, and let some of the makers hear of it."""
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
        """Move the value to where it belongs."""
        sim = self.sim
        if not sim.detached:
            sim.move_value(self._first.value * (1.0 + self._basis + sim.premium) / sim.value - 1.0)
