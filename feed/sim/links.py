"""Instruments whose value follows that of another: further venues of a pair, and perpetual futures."""

from __future__ import annotations

from math import inf, sqrt
from typing import Final

import attrs

from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.instruments import proportions
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, LAPLACE, MASK, WIDTH

# The share of the price impact of trades that is passed on to the followed instrument, at most.
_PASSED_ON: Final = 0.5
# The part of a difference beyond what arbitrage allows that goes with one adjustment.
_GIVES_WAY: Final = 0.25


@attrs.frozen(kw_only=True)
class BasisSpec:
    """
    How closely a value follows another: the basis is their relative difference.

    Attributes:
        interval_ms: Mean time between two adjustments, milliseconds.
        deviation_bps: Standard deviation of the basis, basis points.
        memory_seconds: Time over which the basis reverts to its mean, seconds.
        most_bps: Basis beyond which arbitrage pays, basis points: makers do not offer that for long. Infinite
            where there is none.
    """

    interval_ms: float
    deviation_bps: float
    memory_seconds: float
    most_bps: float = inf


class BasisTracker:
    """
    Keeps the price of one instrument near that of another, with a mean-reverting basis.

    The price impact of trades here is passed on in part, the more the more is traded here, so that trading a
    perpetual future, or on a smaller venue, moves the followed instrument and all that follow it. The rest is
    basis.

    Args:
        sim: The instrument that follows.
        first: The instrument that it follows.
        basis_spec: How closely.
    """

    __slots__ = (
        "_basis",
        "_bits",
        "_first",
        "_gap",
        "_keep",
        "_most",
        "_passed_on",
        "_scale",
        "_ticks",
        "index",
        "sim",
    )

    def __init__(self, sim: InstrumentSim, first: InstrumentSim, basis_spec: BasisSpec) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._first = first
        one, other = proportions(it.spec.instrument.tick_size for it in (first, sim))
        self._ticks = one / other  # of this instrument in one of the other
        self._gap = basis_spec.interval_ms * NS_PER_MILLISECOND
        forgets = min(1.0, self._gap / (basis_spec.memory_seconds * NS_PER_SECOND))
        self._keep = 1.0 - forgets
        # Size of a step of the basis that results in its standard deviation.
        self._scale = basis_spec.deviation_bps / 10_000 * sqrt(forgets * (2.0 - forgets))
        self._most = basis_spec.most_bps / 10_000
        self._passed_on = min(_PASSED_ON, sim.spec.updates_per_second / first.spec.updates_per_second)
        # Trades here are worth learning from as those there are, however few they are.
        sim.orders = max(sim.orders, first.orders)
        self._basis = 0.0
        self._bits = sim.random_stream("tracker")

    def act(self, now: int) -> int:
        """Move the price with that of the followed instrument."""
        sim = self.sim
        draw = self._bits(2 * WIDTH)
        if not sim.detached:
            self._basis = self._basis * self._keep + LAPLACE[draw & MASK] * self._scale
            if sim.impact:
                passed_on = sim.impact * self._passed_on
                self._basis += sim.impact - passed_on
                sim.impact = 0.0
                if self._first.trading:
                    # It is news for all that hear of trades there, as those trades are.
                    self._first.learnt += passed_on
                    self._first.shift(now, passed_on * self._first.reference.permanent)
            self.catch_up(now)
            self._close()
        return 1 + int(self._gap * sim.interval_scale * EXPONENTIAL[draw >> WIDTH])

    def _close(self) -> None:
        """Let the basis give way, from now on, where prices are further apart than arbitrage allows."""
        anchor = self._first.reference.price * self._ticks
        apart = self.sim.reference.price / anchor - 1.0 - self.sim.premium
        if abs(apart) > self._most:
            edge = self._most if apart > 0 else -self._most
            self._basis -= (apart - edge) * _GIVES_WAY

    def catch_up(self, now: int) -> None:
        """Set the price from that of the followed instrument, the basis and the premium."""
        sim = self.sim
        if not sim.detached:
            sim.follow(now, self._first.reference.price * self._ticks * (1.0 + self._basis + sim.premium))
