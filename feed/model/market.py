"""
The specification of a market: instruments, and the participants that trade them.

A :class:`MarketSpec` and a seed determine a market. The classes are plain data, so that a scenario file
maps onto them field by field. Rates of participants are shares of an instrument's
``updates_per_second``, so that one number sets the activity of an instrument.
"""

from __future__ import annotations

import attrs
from attrs.validators import ge, gt, le, lt, max_len, min_len

from feed.model.agents import AgentSpec
from feed.model.contracts import Arbitrage, Link, Perpetual, Prediction, SignalRules
from feed.model.instruments import Instrument, Listing
from feed.model.sessions import Sessions


@attrs.frozen(kw_only=True)
class InstrumentSpec:
    """
    One instrument and its parameters.

    Attributes:
        instrument: Name and units.
        price: Fundamental value at the opening, integer ticks.
        spread: Typical distance from best bid to best ask, ticks.
        volatility: Typical size of a return over one second, basis points (standard deviation).
        size: Typical size of an order, integer lots.
        updates_per_second: Book updates (orders added, reduced or traded) a second, approximate mean; it
            is higher where the value often moves by more than the spread.
        listed: Whether it trades from the start, rather than from a later listing.
        link: The instrument whose value it follows, for a further venue of a pair.
        perpetual: Parameters of a perpetual future.
        prediction: Parameters of a prediction market.
    """

    instrument: Instrument
    price: int = attrs.field(validator=ge(100))
    spread: float = attrs.field(validator=ge(1))
    volatility: float = attrs.field(validator=[ge(0), le(1000)])
    size: int = attrs.field(validator=ge(1))
    updates_per_second: float = attrs.field(default=45.0, validator=[gt(0), le(100_000)])
    listed: bool = True
    link: Link | None = None
    perpetual: Perpetual | None = None
    prediction: Prediction | None = None

    @property
    def followed(self) -> str | None:
        """Symbol of the instrument that its value derives from; None when it has one of its own."""
        source = self.link or self.perpetual or self.prediction
        return None if source is None else source.symbol


@attrs.frozen(kw_only=True)
class Delay:
    """
    One component of a mixture of exponential waiting times.

    Attributes:
        weight: Its weight, relative to the others of its mixture.
        mean_ms: Its mean, milliseconds.
    """

    weight: float = attrs.field(validator=gt(0))
    mean_ms: float = attrs.field(validator=[gt(0), le(60_000)])


@attrs.frozen(kw_only=True)
class News:
    """
    How fundamental values move: small moves at random times, with persistent volatility.

    The volatility is a Markov-switching multifractal (Calvet and Fisher 2004): the variance is a
    product of components that are each either high or low, each switching four times more slowly
    than the one before.

    Attributes:
        moves: Moves of a single instrument, per book update.
        heard: Probability that a market maker reacts to a move that does not force it to.
        components: Number of components of the variance.
        contrast: Distance of a component from 1: its values are 1 + contrast and 1 - contrast.
        common: Share of the variance that all instruments have in common.
        common_per_second: Common moves of all instruments, per second.
        mood: Variation of the activity of the whole market, as a share of its mean.
    """

    moves: float = attrs.field(default=0.2, validator=[gt(0), le(10)])
    heard: float = attrs.field(default=0.12, validator=[ge(0), le(1)])
    components: int = attrs.field(default=6, validator=[ge(1), le(12)])
    contrast: float = attrs.field(default=0.6, validator=[ge(0), lt(1)])
    common: float = attrs.field(default=0.15, validator=[ge(0), lt(1)])
    common_per_second: float = attrs.field(default=4.0, validator=[gt(0), le(100)])
    mood: float = attrs.field(default=0.05, validator=[ge(0), lt(1)])


@attrs.frozen(kw_only=True)
class Makers:
    """
    Market makers: each keeps a ladder of quotes on both sides and replaces them one by one.

    Attributes:
        count: Makers per instrument.
        quotes: Orders that each keeps on each side.
        persistence: Probability that a maker that has replaced a quote goes on to the next. The closer
            to 1, the longer the runs, and the more clustered the order flow.
        reaction: Time from a move or a fill to the maker's first action.
        pause: Time between the steps of a run.
        pick_off: Probability that a maker trades against an order on the wrong side of the value, rather
            than wait for its cancellation.
        obligation_ms: Quoting obligation: the first maker renews a best quote after this time without change,
            milliseconds; in an instrument of fewer than 8 updates a second, after so much more.
    """

    count: int = attrs.field(default=4, validator=[ge(1), le(64)])
    quotes: int = attrs.field(default=6, validator=[ge(2), le(256)])
    persistence: float = attrs.field(default=0.3, validator=[ge(0), le(0.95)])
    reaction: tuple[Delay, ...] = attrs.field(
        default=(Delay(weight=10, mean_ms=0.4), Delay(weight=90, mean_ms=6)), validator=min_len(1)
    )
    pause: tuple[Delay, ...] = attrs.field(
        default=(
            Delay(weight=16, mean_ms=0.4),
            Delay(weight=60, mean_ms=12),
            Delay(weight=20, mean_ms=400),
        ),
        validator=min_len(1),
    )
    pick_off: float = attrs.field(default=0.6, validator=[ge(0), le(1)])
    obligation_ms: int = attrs.field(default=450, validator=ge(1))


@attrs.frozen(kw_only=True)
class NoiseTraders:
    """
    Traders without a view: they place orders for a while, and sometimes trade.

    Attributes:
        count: Traders per instrument.
        orders: Bound on the resting orders of each.
        share: Share of the book updates that are theirs.
        trades: Aggressive orders, per book update.
    """

    count: int = attrs.field(default=2, validator=[ge(0), le(64)])
    orders: int = attrs.field(default=8, validator=[ge(1), le(256)])
    share: float = attrs.field(default=0.18, validator=[gt(0), le(1)])
    trades: float = attrs.field(default=0.003, validator=[ge(0), le(1)])


@attrs.frozen(kw_only=True)
class MovingAverageTraders:
    """
    Traders who compare the price with its moving average.

    Attributes:
        count: Traders per instrument.
        looks: Comparisons, per book update.
        memory: Length of the average, in comparisons.
        trigger: Distance from the average at which they trade, spreads.
    """

    count: int = attrs.field(default=1, validator=[ge(0), le(64)])
    looks: float = attrs.field(default=0.004, validator=[gt(0), le(1)])
    memory: int = attrs.field(default=10, validator=ge(1))
    trigger: float = attrs.field(default=3.0, validator=ge(0))


@attrs.frozen(kw_only=True)
class LargeTraders:
    """
    Traders with orders far larger than the best quote.

    Attributes:
        per_hour: Large orders per hour and instrument.
        size: Their size, in typical orders.
        slices: Number of slices of an order; half of the orders trade at once instead.
        pause_ms: Mean time between two slices.
    """

    per_hour: float = attrs.field(default=12.0, validator=ge(0))
    size: float = attrs.field(default=10.0, validator=gt(0))
    slices: int = attrs.field(default=8, validator=[ge(1), le(10_000)])
    pause_ms: float = attrs.field(default=1500.0, validator=gt(0))


@attrs.frozen(kw_only=True)
class MarketSpec:
    """
    A whole market.

    Attributes:
        instruments: In order; the position is the index in every event.
        impact: Permanent price impact: move of the fundamental value by an aggressive order of typical size,
            in spreads.
        arbitrage: Arbitrageurs between the venues of a pair; None for none.
        signals: Thresholds of the signal detectors; None for no signals.
        sessions: Hours of trading by asset class; None for a market that is always open.
        agents: Participants that are code of the user's own.
    """

    instruments: tuple[InstrumentSpec, ...] = attrs.field(validator=[min_len(1), max_len(10_000)])
    news: News = News()
    makers: Makers = Makers()
    noise: NoiseTraders = NoiseTraders()
    momentum: MovingAverageTraders = MovingAverageTraders()
    reversion: MovingAverageTraders = MovingAverageTraders()
    large: LargeTraders = LargeTraders()
    impact: float = attrs.field(default=0.05, validator=[ge(0), le(10)])
    arbitrage: Arbitrage | None = None
    signals: SignalRules | None = None
    sessions: Sessions | None = None
    agents: tuple[AgentSpec, ...] = ()

    def listing(self) -> Listing:
        """
        The instruments alone.

        Raises:
            ValueError: Two instruments share a symbol.
        """
        return Listing(item.instrument for item in self.instruments)
