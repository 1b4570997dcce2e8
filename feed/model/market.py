"""
What a market is made of: instruments, and who trades them.

A :class:`MarketSpec` and a seed say everything about a market. The classes are plain data, so that
a scenario file maps onto them field by field. Rates of participants are written as shares of an
instrument's ``updates_per_second``, so that one number makes an instrument busy or quiet.
"""

from __future__ import annotations

import attrs
from attrs.validators import ge, gt, le, lt, max_len, min_len

from feed.model.contracts import Arbitrage, Link, Perpetual, Prediction, SignalRules
from feed.model.instruments import Instrument, Listing


@attrs.frozen(kw_only=True)
class InstrumentSpec:
    """
    One instrument and its character.

    Attributes:
        instrument: Name and units.
        price: Fundamental value at the opening, integer ticks.
        spread: Typical distance from best bid to best ask, ticks.
        volatility: Typical size of a return over one second, basis points (standard deviation).
        size: Typical size of an order, integer lots.
        updates_per_second: Book updates (orders added, reduced or traded) a second, on average and
            about: where the value often moves by more than the spread, makers must move more often.
        listed: Whether it trades from the start; if not, it waits to be listed.
        link: Which instrument's value it follows, where it is a further venue of a pair.
        perpetual: What it is as a perpetual future.
        prediction: What it is as a prediction market.
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
    One component of a mixture of waiting times, each exponential.

    Attributes:
        weight: How often it applies, relative to the others of its mixture.
        mean_ms: Its mean, milliseconds.
    """

    weight: float = attrs.field(validator=gt(0))
    mean_ms: float = attrs.field(validator=[gt(0), le(60_000)])


@attrs.frozen(kw_only=True)
class News:
    """
    How fundamental values move: small moves at random times, of a size with a memory.

    The memory is a Markov-switching multifractal (Calvet and Fisher 2004): the variance is a
    product of components that are each either high or low, each switching four times more slowly
    than the one before.

    Attributes:
        moves: Moves of an instrument's own, per book update.
        heard: Chance that a market maker answers to a move that does not force it to.
        components: How many components the variance has.
        contrast: How far a component lies from 1: its values are 1 + contrast and 1 - contrast.
        common: Share of the variance that all instruments have in common.
        common_per_second: Moves a second that reach all instruments.
        mood: How much the activity of the whole market varies, as a share of its mean.
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
        persistence: Chance that a maker who has replaced a quote goes on to the next. The closer
            to 1, the longer the runs, and the more the flow excites itself.
        reaction: Time from a move or a fill to the maker's first answer.
        pause: Time between the steps of a run.
        pick_off: Chance that a maker takes a quote left standing on the wrong side of the value,
            rather than wait for it to go.
        obligation_ms: The first maker renews a best quote that stood still this long.
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
    Traders without a view: they rest orders for a while, and now and then take one.

    Attributes:
        count: Traders per instrument.
        orders: Orders that each keeps resting at most.
        share: Share of the book updates that are theirs.
        trades: Orders that take, per book update.
    """

    count: int = attrs.field(default=2, validator=[ge(0), le(64)])
    orders: int = attrs.field(default=8, validator=[ge(1), le(256)])
    share: float = attrs.field(default=0.18, validator=[gt(0), le(1)])
    trades: float = attrs.field(default=0.003, validator=[ge(0), le(1)])


@attrs.frozen(kw_only=True)
class MovingAverageTraders:
    """
    Traders with a view of the last price against its own average.

    Attributes:
        count: Traders per instrument.
        looks: How often they look at the price, per book update.
        memory: Looks over which the average is taken.
        trigger: Distance from the average at which they trade, spreads.
    """

    count: int = attrs.field(default=1, validator=[ge(0), le(64)])
    looks: float = attrs.field(default=0.004, validator=[gt(0), le(1)])
    memory: int = attrs.field(default=10, validator=ge(1))
    trigger: float = attrs.field(default=3.0, validator=ge(0))


@attrs.frozen(kw_only=True)
class LargeTraders:
    """
    Now and then someone has far more to trade than the best quote offers.

    Attributes:
        per_hour: Large orders per hour and instrument.
        size: Their size, in typical orders.
        slices: Parts in which a patient one trades; every second one sweeps at once.
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
        instruments: In their order; position is the index in every event.
        impact: How far an order of typical size that takes moves the fundamental value, in spreads:
            trades carry information.
        arbitrage: Who keeps the venues of a pair together; None for nobody.
        signals: When an observer points something out; None for no observer.
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

    def listing(self) -> Listing:
        """
        The instruments alone.

        Raises:
            ValueError: Two instruments share a symbol.
        """
        return Listing(item.instrument for item in self.instruments)
