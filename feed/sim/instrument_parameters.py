"""The parameters of one simulated instrument: those of its specification, and what depends on them."""

from __future__ import annotations

from math import sqrt
from typing import Final

from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side
from feed.model.market import InstrumentSpec, MarketSpec
from feed.sim.reference_price import ReferencePrice

# Plain integers rather than ``Side``: they index tuples and go into rows in the hot path.
BUY: Final = int(Side.BUY)
SELL: Final = int(Side.SELL)

USUAL_RATE: Final = 48.0
"""Book updates a second of the instrument for which makers' pauses and lifetimes of deep orders are given."""

# The highest price of an instrument without a bound.
_ANY_PRICE: Final = 1 << 62

# With a bound, the spread is at most this share of it.
_WIDEST: Final = 0.125

# An instrument with fewer book updates a second is quiet.
_BUSY: Final = 8.0

# Several makers form the best prices together, so each quotes this much wider than the typical spread.
_WIDE: Final = 1.1

# What makers have learnt decays at this interval, nanoseconds, in an instrument that is not quiet.
_RELAX: Final = NS_PER_SECOND // 2

# Standard deviation over a second that one mean taker's order a second makes, in its impacts.
_FLOW_DEVIATION: Final = 0.9

# Makers move their quotes once these are so far from where they should be: in half spreads and in impacts of
# a mean taker's order, whichever is less, and a tick. What they tolerate is play between price and middle,
# and where the price moves little in a second, play makes returns over seconds trend.
_TOLERANCE: Final = 1.0
_TOLERANCE_IMPACTS: Final = 0.4

# Mean distance between a maker's deeper quotes, in impacts of a mean taker's order.
_DEPTH: Final = 0.6


class InstrumentParameters:
    """
    The parameters that the participants of one instrument share.

    Args:
        market: The whole market's specification.
        spec: The instrument's.

    Attributes:
        market: The whole market's specification.
        spec: The instrument's.
        reference: The price around which makers quote, and what it is made of.
        spread: Current typical spread of the makers, ticks.
        size: Current typical size of a maker's quote, lots.
        taken: Current mean size of a taker's order, lots.
        rests: Current typical size of a resting order by side, lots.
        volatility: Current standard deviation of the price over one second, as a fraction of it, in the mean
            over all regimes.
        deviation: The same now, ticks.
        impact_scale: Impact of one mean taker's order now, ticks.
        depth: Mean distance between a maker's deeper quotes, ticks.
        tolerance: Distance from where it should be at which a quote is moved, ticks.
        interval_scale: Factor on waiting times as set by :meth:`set_activity`: 0.01 is a burst.
        wait_scale: Factor on waiting times of takers now: less in lively regimes.
        quote_scale: The same of those who change resting orders, which depends less on it.
        quietness: How many times fewer updates it has than one that is not quiet, at least 1: a factor on
            intervals of participants that act at fixed times rather than with the updates.
        relax_every: Interval at which the reference price relaxes, nanoseconds.
        highest: The highest price that can be quoted, ticks.
        flow_share: Share of the variance that is made by its own order flow.
        orders: Takers' orders a second, in mean ones, for which their impact is scaled.
    """

    __slots__ = (
        "_imbalance",
        "_regime",
        "_volatility_factor",
        "depth",
        "deviation",
        "flow_share",
        "highest",
        "impact_scale",
        "interval_scale",
        "market",
        "orders",
        "quietness",
        "quote_scale",
        "reference",
        "relax_every",
        "rests",
        "size",
        "spec",
        "spread",
        "taken",
        "tolerance",
        "volatility",
        "wait_scale",
    )

    def __init__(self, market: MarketSpec, spec: InstrumentSpec) -> None:
        self.market: Final = market.of(spec)
        self.spec: Final = spec
        self.highest = spec.instrument.highest or _ANY_PRICE
        self.quietness = max(1.0, _BUSY / spec.updates_per_second)
        self.relax_every = int(_RELAX * self.quietness)
        half = _WIDE * self._spread(1.0) / 2
        self.reference: Final = ReferencePrice(
            float(spec.price), half, market.impact, interval=self.relax_every
        )
        self.interval_scale = self.wait_scale = self.quote_scale = 1.0
        self.flow_share = 1.0 - market.news.share
        self.orders = spec.updates_per_second / self.market.takers.updates
        if spec.perpetual is not None:  # its leveraged traders' are larger
            self.orders += spec.perpetual.trades_per_second * spec.perpetual.size / self.market.takers.size
        self._regime = 1.0, 1.0
        self._volatility_factor = 1.0
        self._imbalance = BUY, 1.0
        self.size = self.taken = 0.0
        self.rests = (0.0, 0.0)
        self.spread = 0.0
        self.volatility = self.deviation = self.impact_scale = self.depth = self.tolerance = 0.0
        self._resize(1.0)
        self.set_spread(1.0)
        self.set_volatility(1.0)

    def set_regime(self, level: float, activity: float) -> None:
        """
        Take over the volatility of its asset class.

        Args:
            level: Of the regime, relative to the long-run mean.
            activity: Of the hour of the day, relative to the mean.
        """
        self._regime = level, activity
        self.rescale()

    def set_volatility(self, factor: float) -> None:
        """Set the volatility to ``factor`` times that of the specification."""
        self._volatility_factor = factor
        self.rescale()

    def set_activity(self, factor: float) -> None:
        """Set the activity to ``factor`` times that of the specification, at equal volatility."""
        self.interval_scale = 1 / factor
        self.rescale()

    def set_spread(self, factor: float) -> None:
        """Set the spread to ``factor`` times that of the specification."""
        self.spread = self._spread(factor)
        room = 2.0 + 2.0 * self.spread
        self.reference.lowest, self.reference.highest = room, self.highest - room
        self.rescale()

    def set_liquidity(self, factor: float) -> None:
        """Set the sizes to ``factor`` times those of the specification, on both sides."""
        self._resize(factor)
        self.rescale()

    def imbalance(self, side: int, factor: float) -> None:
        """Set the size of resting orders on one side to ``factor`` times that on the other."""
        self._imbalance = side, factor
        self.rests = (self.size, self.size * factor) if side else (self.size * factor, self.size)

    def rescale(self) -> None:
        """Compute what depends on the price, the specification, and the factors on both."""
        spec, reference = self.spec, self.reference
        level, activity = self._regime
        self.volatility = self._volatility_factor * spec.volatility / 10_000
        usual = self.volatility * reference.permanent
        self.deviation = usual * level * sqrt(activity)
        root = sqrt(level)
        # Lively regimes have more trades, and each of them more impact: the variance is the product.
        self.wait_scale = self.interval_scale / (root * activity)
        self.quote_scale = self.interval_scale / (sqrt(root) * activity)
        scale = usual * sqrt(self.flow_share * self.interval_scale / self.orders) / _FLOW_DEVIATION
        self.impact_scale = scale * sqrt(level * root)
        self.depth = max(1.0, _DEPTH * scale, reference.calm_half)
        reference.calm_half = _WIDE * self.spread / 2 * root
        reference.skew = self.market.impact.skew * self.impact_scale
        self.tolerance = max(
            1.0, min(_TOLERANCE * reference.calm_half, _TOLERANCE_IMPACTS * self.impact_scale)
        )
        reference.centre()

    def _spread(self, factor: float) -> float:
        return min(self.spec.spread * factor, self.highest * _WIDEST)

    def _resize(self, factor: float) -> None:
        self.size = self.spec.size * factor
        self.taken = max(1.0, self.size * self.market.takers.size)
        self.imbalance(*self._imbalance)

    @property
    def follows(self) -> bool:
        """Whether its price follows, or derives from, that of another instrument."""
        return self.spec.followed is not None
