"""The parameters of a market that are fitted, and the figure that each is fitted by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from feed.analytics.calibration.figures import Figures
from feed.analytics.market_observer import DISTANCES
from feed.model.market import MarketSpec

# Of DISTANCES: within 50 basis points. A book that does not grow by this factor to the next has ended.
_DEPTH: Final = DISTANCES.index(50.0)
_GROWS: Final = 1.001

# Of fewer taker orders, the autocorrelation of signs is known to 0.06 at best.
_TAKERS_FOR_SIGNS: Final = 300

# Seconds: from then on volatility is measured over 10 s; and the hour of the day is that of the whole day.
_LONG: Final = 600
_MANY_HOURS: Final = 6 * 3600

# Larger orders of takers are cut by what is there.
_TAKER_POWER: Final = 0.8

# Makers alone make a spread that is rarely more than this many times its median.
_INSIDE: Final = 4

# Ticks: of less in the mean, the spread is mostly one.
_ONE_TICK: Final = 1.5


@attrs.frozen(kw_only=True)
class Parameter:
    """
    A parameter of the market, and the figure that it is fitted by.

    Attributes:
        name: Of the field of the instrument, or ``group.field`` where the market has such a group, too.
        figure: The figure.
        apart_from: What else the figure is in proportion to.
        power: The figure changes with this power of the parameter.
        least: Bound on the parameter.
        most: Bound on the parameter.
    """

    name: str
    figure: Callable[[Figures], float]
    apart_from: Callable[[Figures], float] = lambda _: 1.0
    power: float = 1.0
    least: float
    most: float

    def value(self, market: MarketSpec) -> float:
        """Its value for the first instrument of a market."""
        owner, _, key = self._place(market)
        return float(getattr(owner, key))

    def changed(self, market: MarketSpec, value: float) -> MarketSpec:
        """A market with another value for its first instrument, within the bounds."""
        owner, group, key = self._place(market)
        value = min(max(value, self.least), self.most)
        whole = isinstance(getattr(owner, key), int)
        owner = attrs.evolve(owner, **{key: round(value) if whole else float(f"{value:.4g}")})
        first, *others = market.instruments
        item = attrs.evolve(first, **{group: owner}) if group else owner
        return attrs.evolve(market, instruments=(item, *others))

    def corrected(
        self, market: MarketSpec, recorded: Figures, simulated: Figures, *, damping: float, stride: float
    ) -> MarketSpec:
        """
        A market in which the simulated figure is nearer to the recorded one.

        Args:
            market: The market that was simulated.
            recorded: The figure to be met.
            simulated: The figure that it gave. One that is 0 corrects nothing.
            damping: Share of the way, as a power of the ratio of the figures.
            stride: The largest factor of one correction.
        """
        found, wanted = self.figure(simulated), self.figure(recorded)
        others = self.apart_from(recorded) / self.apart_from(simulated) if found > 0 else math.nan
        if not others > 0:
            return market
        ratio = (wanted / found / others) ** (damping / self.power)
        return self.changed(market, self.value(market) * min(max(ratio, 1 / stride), stride))

    def _place(self, market: MarketSpec) -> tuple[Any, str, str]:
        """Where it stands: the object, the name of its group, and that of the field."""
        group, _, key = self.name.rpartition(".")
        item = market.instruments[0]
        owner = item if not group else getattr(item, group) or getattr(market, group)
        return owner, group, key


def volatility(figures: Figures, horizon: int) -> float:
    """
    Standard deviation of a return over a second, basis points, from returns over a longer time.

    Args:
        figures: Of an instrument.
        horizon: 1 or 10 seconds.
    """
    return figures.volatility if horizon == 1 else figures.volatility_10s / math.sqrt(10)


def has_inside_quotes(recorded: Figures) -> bool:
    """Whether the spread is mostly a tick, or far below that of makers, since others quote inside of it."""
    *_, median, _, widest = recorded.spread_quantiles
    return recorded.spread < _ONE_TICK or widest > _INSIDE * median


def horizon_of(recorded: Figures) -> int:
    """
    The horizon of returns that tells the volatility best, seconds: 1 or 10.

    Over a second the mid moves to and fro with the quotes, which is no volatility of the price: ten seconds
    have less of that, but there must be sixty of them, and in what is simulated, too.
    """
    return 10 if recorded.seconds >= _LONG else 1


def depth_told(recorded: Figures) -> int:
    """
    Up to which of :data:`DISTANCES` the depth of the book is fitted.

    To 50 basis points; nearer where the recorded book ends before, as that of a source does which tells so
    many levels.
    """
    depth = recorded.depth
    last = _DEPTH
    while last and not depth[last + 1] > _GROWS * depth[last]:
        last -= 1
    return last


def _at_least(value: float, least: float) -> float:
    """A figure that may be 0; nan stays nan."""
    return value if math.isnan(value) else max(value, least)


def steady(market: MarketSpec, recorded: Figures) -> MarketSpec:
    """
    A market without regimes of volatility: in ten minutes with them, chance decides more than parameters do.

    The hour of the day counts where the recording has but some hours: its simulation begins when it does.
    """
    daily = market.regimes.daily and recorded.seconds < _MANY_HOURS
    return attrs.evolve(market, regimes=attrs.evolve(market.regimes, components=0, daily=daily))


def parameters(recorded: Figures) -> tuple[Parameter, ...]:
    """What is fitted to these figures, in the order in which it is corrected."""
    known = [*_quotes(recorded), *_ORDER_FLOW, _thickness(recorded)]
    if recorded.takers_per_second * recorded.seconds >= _TAKERS_FOR_SIGNS:
        known.append(_SIGNS)
    return tuple(one for one in known if one.figure(recorded) > 0)


def _quotes(recorded: Figures) -> Iterator[Parameter]:
    """What the quotes near the price are made of."""
    horizon = horizon_of(recorded)
    yield Parameter(
        name="updates_per_second",
        figure=lambda figures: figures.updates_per_second,
        least=0.01,
        most=100_000,
    )
    if has_inside_quotes(recorded):
        # Of a spread of a tick nobody can see how wide makers would quote.
        wide = recorded.spread >= _ONE_TICK
        yield Parameter(
            name="spread",
            figure=lambda figures: figures.spread_quantiles[-1] if wide else 1.0,
            least=1,
            most=1e9,
        )
        yield Parameter(
            name="inside_ms", figure=lambda figures: figures.spread, power=0.8, least=1, most=60_000
        )
    else:
        yield Parameter(name="spread", figure=lambda figures: figures.spread, least=1, most=1e9)
    yield Parameter(
        name="volatility", figure=lambda figures: volatility(figures, horizon), least=0, most=1000
    )
    yield Parameter(name="size", figure=lambda figures: figures.top_size, least=1, most=1e18)


_ORDER_FLOW: Final = (
    Parameter(
        name="takers.updates",
        figure=lambda figures: figures.updates_per_taker,
        power=0.8,
        least=2,
        most=100_000,
    ),
    Parameter(
        name="takers.size",
        figure=lambda figures: figures.taker_median,
        apart_from=lambda figures: figures.top_size,
        power=_TAKER_POWER,
        least=0.005,
        most=20,
    ),
    Parameter(
        name="takers.followers",
        figure=lambda figures: _at_least(figures.taker_within_1ms, 0.02),
        least=0.005,
        most=0.5,
    ),
    Parameter(
        name="takers.echoes", figure=lambda figures: figures.taker_fano, power=0.5, least=0.01, most=0.4
    ),
)

# The more echoes are on the side of what they echo, the longer signs are remembered.
_SIGNS: Final = Parameter(
    name="takers.echoes_agree",
    figure=lambda figures: _at_least(figures.sign_memory[0], 0.02),
    power=0.6,
    least=0.3,
    most=0.85,
)


def _thickness(recorded: Figures) -> Parameter:
    at = depth_told(recorded)
    return Parameter(
        name="deep.thickness",
        figure=lambda figures: figures.depth[at],
        apart_from=lambda figures: figures.top_size,
        power=0.6,  # the rest is quotes of makers
        least=0.001,
        most=1000,
    )
