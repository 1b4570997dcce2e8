"""Instruments whose value follows that of another: further venues of a pair, and perpetual futures."""

from __future__ import annotations

from math import sqrt
from typing import Final

import attrs

from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.sim.draws import EXPONENTIAL, LAPLACE, MASK, WIDTH, chance
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.news import NewsProcess

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

    looks_ms: float
    apart: float
    memory_seconds: float


class Tracker:
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
        "_bits",
        "_drift",
        "_first",
        "_gap",
        "_heard",
        "_keep",
        "_news_process",
        "_scale",
        "index",
        "sim",
    )

    def __init__(
        self, sim: InstrumentSim, first: InstrumentSim, basis_spec: BasisSpec, news_process: NewsProcess
    ) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.join(self)
        self._first = first
        self._news_process = news_process
        self._gap = basis_spec.looks_ms * NS_PER_MILLISECOND
        news = sim.market.news
        forgets = min(1.0, self._gap / (basis_spec.memory_seconds * NS_PER_SECOND))
        self._keep = 1.0 - forgets
        # A step of this size makes a drift of the wanted deviation.
        self._scale = basis_spec.apart / 10_000 * sqrt(forgets * (2.0 - forgets))
        # Makers hear of it as often as of the news of an instrument that is as busy.
        moves = news.moves * sim.spec.updates_per_second * self._gap / NS_PER_SECOND
        self._heard = chance(news.heard * min(1.0, moves))
        self._drift = 0.0
        self._bits = sim.bits("tracker")

    def act(self, now: int) -> int:
        """Look at the other, move the value, and let some of the makers hear of it."""
        sim = self.sim
        bits = self._bits(WIDTH * (2 + len(sim.makers)))
        sim.pace = self._news_process.haste * sim.interval_scale
        if not sim.detached:
            self._drift = self._drift * self._keep + LAPLACE[bits & MASK] * self._scale
            if sim.impact:
                self._first.move(sim.impact * _PASSED_ON)
                sim.impact = 0.0
            self.catch_up(now)
            sim.wake(now, self._heard, bits >> 2 * WIDTH)
        return 1 + int(self._gap * sim.interval_scale * EXPONENTIAL[bits >> WIDTH & MASK])

    def catch_up(self, _: int) -> None:
        """Move the value to where it belongs."""
        sim = self.sim
        if not sim.detached:
            sim.move(self._first.value * (1.0 + self._drift + sim.premium) / sim.value - 1.0)
