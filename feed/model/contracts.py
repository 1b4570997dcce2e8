"""Further venues of a pair, derivatives, arbitrage, and the thresholds of signals."""

from __future__ import annotations

import attrs
from attrs.validators import ge, gt, le


@attrs.frozen(kw_only=True)
class Link:
    """
    A further venue of a pair: its value follows that of the first venue.

    Attributes:
        symbol: The first venue's instrument.
        latency_ms: Mean time after which its traders see a change at the first venue, milliseconds.
        basis: Typical distance of its value from the first venue's, basis points.
        fee: Taker fee, basis points of the value, which an arbitrageur has to earn first.
    """

    symbol: str
    latency_ms: float = attrs.field(default=20.0, validator=[gt(0), le(10_000)])
    basis: float = attrs.field(default=0.3, validator=[ge(0), le(100)])
    fee: float = attrs.field(default=0.5, validator=[ge(0), le(100)])


@attrs.frozen(kw_only=True)
class Perpetual:
    """
    A perpetual future, its funding, and its leveraged traders.

    Attributes:
        symbol: The instrument it follows; its index price is over all venues of that pair.
        premium: Typical distance of its value from the index, basis points.
        interval_hours: From one funding payment to the next, on multiples since midnight UTC.
        interest: Funding rate at equal prices of future and index, units of 1e-8 per interval.
        most_funding: Bound on the rate, either way, units of 1e-8 per interval.
        traders: Leveraged positions that are open at a time, about.
        longs: Share of them that are long.
        size: Size of a position, in typical orders.
        leverage: The highest leverage of a trader at usual volatility; at three times that, a third of it.
        maintenance: Margin that a position must keep, as a share of its value.
        holding_minutes: Mean time that a position is held.
    """

    symbol: str
    premium: float = attrs.field(default=1.5, validator=[ge(0), le(1000)])
    interval_hours: int = attrs.field(default=8, validator=[ge(1), le(24)])
    interest: int = attrs.field(default=10_000, validator=[ge(0), le(1_000_000)])
    most_funding: int = attrs.field(default=2_000_000, validator=[gt(0), le(100_000_000)])
    traders: int = attrs.field(default=120, validator=[ge(0), le(10_000)])
    longs: float = attrs.field(default=0.5, validator=[ge(0), le(1)])
    size: float = attrs.field(default=4.0, validator=gt(0))
    leverage: float = attrs.field(default=125.0, validator=[gt(1), le(125)])
    maintenance: float = attrs.field(default=0.005, validator=[gt(0), le(0.5)])
    holding_minutes: float = attrs.field(default=30.0, validator=[gt(0), le(10_000)])

    @property
    def trades_per_second(self) -> float:
        """Orders of leveraged traders a second: every position is opened once and closed once."""
        return 2 * self.traders / (self.holding_minutes * 60)


@attrs.frozen(kw_only=True)
class Prediction:
    """
    A prediction market on whether an instrument's price is higher at the end of a round than at its start.

    Attributes:
        symbol: The instrument that it is about.
        looks_ms: Mean time between two adjustments to that instrument, milliseconds.
    """

    symbol: str
    looks_ms: float = attrs.field(default=2000.0, validator=[gt(0), le(60_000)])


@attrs.frozen(kw_only=True)
class Arbitrage:
    """
    Arbitrageurs, who buy on one venue and sell on another at a higher price.

    Attributes:
        looks_ms: Mean time between two comparisons of the venues of a pair, milliseconds; where all but one
            have fewer than 8 updates a second, so much more.
        size: Bound on the size of a trade, in typical orders.
        margin: Least profit after the fees of both venues, basis points.
    """

    looks_ms: float = attrs.field(default=250.0, validator=[gt(0), le(60_000)])
    size: float = attrs.field(default=3.0, validator=gt(0))
    margin: float = attrs.field(default=0.1, validator=[ge(0), le(100)])


@attrs.frozen(kw_only=True)
class SignalRules:
    """
    Thresholds of the signals. A signal is given at most once in ``rest_seconds`` for each instrument.

    Attributes:
        whale_usd: Least value of what one taker trades within a second, US dollars; ten times it is critical.
        cascade_count: Least number of positions that are liquidated in the window.
        cascade_usd: Least value of them; ten times it is critical.
        cascade_seconds: Length of that window.
        funding_z: Least distance of the predicted rate from its recent mean, standard deviations.
        funding_least: Least predicted rate that is called a spike, units of 1e-8, either way.
        imbalance: Least order book imbalance over 10 levels, of 1, that lasts for ``imbalance_seconds``.
        imbalance_seconds: Least duration of such an imbalance.
        spread_multiple: Least spread, times the median of the last ``window_seconds``.
        spread_bps: Least spread, basis points: where it is mostly one tick, a few are many times that.
        volume_multiple: Least volume of 10 seconds, times the mean of the last ``window_seconds``.
        volume_usd: Least value of it, US dollars: where little is traded, one order is many times the mean.
        divergence_bps: Least distance from the best bid of one venue down to the best ask of another.
        wall_multiple: Least size of a price level within 1 % of the mid price, times the median level.
        level_digits: Digits of a round price that count: 2 makes 64000, 65000 levels of 64250.25.
        window_seconds: Window of the medians and means.
        rest_seconds: Least time between two signals of one type and instrument.
    """

    whale_usd: int = attrs.field(default=1_000_000, validator=gt(0))
    cascade_count: int = attrs.field(default=5, validator=ge(2))
    cascade_usd: int = attrs.field(default=250_000, validator=gt(0))
    cascade_seconds: int = attrs.field(default=10, validator=[ge(1), le(3600)])
    funding_z: float = attrs.field(default=4.0, validator=gt(0))
    funding_least: int = attrs.field(default=50_000, validator=gt(0))
    imbalance: float = attrs.field(default=0.85, validator=[gt(0), le(1)])
    imbalance_seconds: int = attrs.field(default=5, validator=[ge(1), le(3600)])
    spread_multiple: float = attrs.field(default=5.0, validator=gt(1))
    spread_bps: float = attrs.field(default=10.0, validator=ge(0))
    volume_multiple: float = attrs.field(default=8.0, validator=gt(1))
    volume_usd: int = attrs.field(default=100_000, validator=ge(0))
    divergence_bps: float = attrs.field(default=5.0, validator=gt(0))
    wall_multiple: float = attrs.field(default=300.0, validator=gt(1))
    level_digits: int = attrs.field(default=2, validator=[ge(1), le(6)])
    window_seconds: int = attrs.field(default=300, validator=[ge(10), le(86_400)])
    rest_seconds: int = attrs.field(default=60, validator=[ge(1), le(86_400)])
