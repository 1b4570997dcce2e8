"""
The specification of a market: instruments, and the participants that trade them.

A :class:`MarketSpec` and a seed determine a market. The classes are plain data, so that a scenario file
maps onto them field by field. Rates of participants are shares of an instrument's
``updates_per_second``, so that one number sets the activity of an instrument, and its ``volatility`` is
divided between order flow and news, so that one number sets that, too.
"""

from __future__ import annotations

import attrs
from attrs.validators import ge, gt, le, lt, max_len, min_len

from feed.model.agents import AgentSpec
from feed.model.contracts import Arbitrage, Link, Perpetual, Prediction, SignalRules
from feed.model.instruments import Instrument, Listing
from feed.model.sessions import Sessions


@attrs.frozen(kw_only=True)
class Factors:
    """
    What an instrument's returns have in common with those of others.

    The loadings are correlations: their squares are shares of its variance, and the rest is its own.

    Attributes:
        coin: Loading on the factor of all coins.
        dollar: Loading on the value of the US dollar; negative where a stronger dollar lowers the price.
        risk: Loading on the appetite for risk.
        leads: Share of the price impact of its own trades that reaches the others, through the factor on
            which it loads most; 0 for one that only follows.
    """

    coin: float = attrs.field(default=0.0, validator=[ge(-1), le(1)])
    dollar: float = attrs.field(default=0.0, validator=[ge(-1), le(1)])
    risk: float = attrs.field(default=0.0, validator=[ge(-1), le(1)])
    leads: float = attrs.field(default=0.0, validator=[ge(0), le(1)])

    def __attrs_post_init__(self) -> None:
        if self.coin**2 + self.dollar**2 + self.risk**2 > 1:
            raise ValueError("the squares of the loadings of an instrument add up to at most 1")


@attrs.frozen(kw_only=True)
class InstrumentSpec:
    """
    One instrument and its parameters.

    Attributes:
        instrument: Name and units.
        price: Fundamental value at the opening, integer ticks.
        spread: Typical distance between the quotes of the tightest maker, ticks. Where nobody quotes inside
            of it, it is that from best bid to best ask.
        volatility: Typical size of a return over one second, basis points (standard deviation).
        size: Typical size of a maker's quote, integer lots.
        updates_per_second: Book updates (orders added, reduced or traded) a second, approximate mean.
        inside_ms: Mean time until somebody quotes a tick inside a spread that is wider, milliseconds; 0 where
            nobody does.
        listed: Whether it trades from the start, rather than from a later listing.
        factors: What its returns have in common with those of others.
        takers: Its order flow that takes liquidity; None for that of the whole market.
        deep: Its orders far from the price; None for those of the whole market.
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
    inside_ms: float = attrs.field(default=0.0, validator=[ge(0), le(60_000)])
    listed: bool = True
    factors: Factors = Factors()
    takers: Takers | None = None
    deep: DeepBook | None = None
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
class Regimes:
    """
    Volatility on several time scales, in common for the instruments of an asset class.

    The standard deviation is a product of components that are each either high or low (a Markov-switching
    multifractal, Calvet and Fisher 2004), times that of the hour of the day.

    Attributes:
        components: Number of components.
        fastest_seconds: Mean time between two draws of the first component; of the next two four times more
            each, of the others three times.
        contrast: Of the first three components: high is 1 + contrast, low about 1 - contrast.
        slow_contrast: Of the others.
        daily: Whether the hour of the day (UTC) counts.
    """

    components: int = attrs.field(default=8, validator=[ge(0), le(12)])
    fastest_seconds: float = attrs.field(default=6.0, validator=[gt(0), le(86_400)])
    contrast: float = attrs.field(default=0.12, validator=[ge(0), lt(1)])
    slow_contrast: float = attrs.field(default=0.35, validator=[ge(0), lt(1)])
    daily: bool = True


@attrs.frozen(kw_only=True)
class News:
    """
    Public news: moves of the fundamental value that everybody sees at once.

    Attributes:
        share: Share of an instrument's variance that is news; the rest comes from its order flow.
        per_second: Moves of an instrument's own value a second, where it has 60 updates a second; in
            proportion where it has more or fewer.
        factors_per_second: Moves of each factor, per second.
        jumps_per_day: Large moves of a single instrument a day.
        jump: Their mean size, in standard deviations of a return over one second; heavy-tailed.
        race: Probability that traders race the makers' cancels after a move of more than a spread.
    """

    share: float = attrs.field(default=0.4, validator=[ge(0), le(1)])
    per_second: float = attrs.field(default=1.0, validator=[gt(0), le(100)])
    factors_per_second: float = attrs.field(default=1.0, validator=[gt(0), le(100)])
    jumps_per_day: float = attrs.field(default=24.0, validator=[ge(0), le(86_400)])
    jump: float = attrs.field(default=3.0, validator=[ge(0), le(1000)])
    race: float = attrs.field(default=0.2, validator=[ge(0), le(1)])


@attrs.frozen(kw_only=True)
class Takers:
    """
    Orders that take liquidity: metaorders, and who follows them.

    A metaorder is one account's run of orders on one side. The number of its orders is Pareto distributed
    with index 3/2, which gives the signs of trades their long memory (Lillo, Mike and Farmer 2005). Any
    order may set off others, within a millisecond or within seconds: a Hawkes process in its cluster form
    (Hawkes and Oakes 1974).

    Attributes:
        updates: Book updates per taker's order; sets the rate of metaorders.
        size: Mean size of an order, in sizes of a maker's quote.
        most: Bound on the orders of one metaorder.
        pace: Mean times between two orders of a metaorder, one for each, drawn from this mixture.
        followers: Probability that an order sets off one within a millisecond.
        followers_agree: Share of those that trade on its side.
        echoes: Probability that an order sets off one within seconds.
        echoes_agree: Share of those that trade on its side.
        value_band: Distance of the price from the fundamental value at which value traders make one side
            three times as likely as the other, in standard deviations of a day's return.
        value_most: Bound on their influence: 0.34 makes one side at most 0.84 likely.
    """

    updates: float = attrs.field(default=80.0, validator=[gt(0), le(100_000)])
    size: float = attrs.field(default=0.275, validator=[gt(0), le(1000)])
    most: int = attrs.field(default=1500, validator=[ge(1), le(1_000_000)])
    pace: tuple[Delay, ...] = attrs.field(
        default=(
            Delay(weight=30, mean_ms=400),
            Delay(weight=40, mean_ms=5000),
            Delay(weight=30, mean_ms=25_000),
        ),
        validator=min_len(1),
    )
    followers: float = attrs.field(default=0.35, validator=[ge(0), le(0.5)])
    followers_agree: float = attrs.field(default=0.95, validator=[ge(0), le(1)])
    echoes: float = attrs.field(default=0.31, validator=[ge(0), le(0.4)])
    echoes_agree: float = attrs.field(default=0.61, validator=[ge(0), le(1)])
    value_band: float = attrs.field(default=2.0, validator=[gt(0), le(1000)])
    value_most: float = attrs.field(default=0.34, validator=[ge(0), le(0.5)])


@attrs.frozen(kw_only=True)
class Fade:
    """
    One part of the transient price impact.

    Attributes:
        weight: Its weight, relative to the other parts.
        seconds: Time in which it decays to 1/e.
    """

    weight: float = attrs.field(validator=gt(0))
    seconds: float = attrs.field(validator=[gt(0), le(86_400)])


@attrs.frozen(kw_only=True)
class Impact:
    """
    What makers learn from trades.

    A metaorder moves the price in proportion to the square root of its volume, however it is divided into
    orders. Part of that is permanent, which is what its information is worth on average (Farmer, Gerig,
    Lillo and Waelbroeck 2013), and the rest fades.

    Attributes:
        permanent: Share that is permanent.
        fades: The parts of the rest.
        swept: Share that makers concede of the distance by which an order goes through the book past their
            own prices, beyond what is usual; it fades as the rest does.
        memory_hours: Time in which the volume that clients have traded on one side is forgotten, to 1/e.
        skew: Move of the makers' prices by one quote's size of inventory, in impacts of a mean taker's order.
        hedging_seconds: Time in which makers get rid of their inventory, to 1/e.
        wariness: Widening of the makers' half spread by what they have just learnt, as a share of it.
        calm_seconds: Time in which that narrows, to 1/e.
    """

    permanent: float = attrs.field(default=0.58, validator=[ge(0), le(1)])
    fades: tuple[Fade, ...] = attrs.field(
        default=(
            Fade(weight=2, seconds=0.7),
            Fade(weight=1, seconds=4),
            Fade(weight=2, seconds=32),
            Fade(weight=2, seconds=256),
        ),
        validator=min_len(1),
    )
    swept: float = attrs.field(default=0.5, validator=[ge(0), le(1)])
    memory_hours: float = attrs.field(default=4.0, validator=[gt(0), le(10_000)])
    skew: float = attrs.field(default=0.1, validator=[ge(0), le(10)])
    hedging_seconds: float = attrs.field(default=8.0, validator=[gt(0), le(86_400)])
    wariness: float = attrs.field(default=0.0625, validator=[ge(0), le(10)])
    calm_seconds: float = attrs.field(default=4.0, validator=[gt(0), le(3600)])


@attrs.frozen(kw_only=True)
class Makers:
    """
    Market makers: each keeps quotes on both sides near the price, and replaces them one by one.

    Attributes:
        count: Makers per instrument; each quotes wider than the one before.
        quotes: Orders that each keeps on each side.
        reaction: Time from a move or a fill to the first maker's action, and between two of its steps; of
            each next maker half as much more.
        pause: Time between two changes of a maker's deeper quotes, where an instrument has 48 updates a
            second; the slowest part is longer or shorter where it has fewer or more.
        obligation_ms: Quoting obligation: the first maker renews a best quote after this time without change,
            milliseconds; in an instrument of fewer than 8 updates a second, after so much more.
    """

    count: int = attrs.field(default=3, validator=[ge(1), le(64)])
    quotes: int = attrs.field(default=7, validator=[ge(2), le(256)])
    reaction: tuple[Delay, ...] = attrs.field(
        default=(
            Delay(weight=32, mean_ms=0.1),
            Delay(weight=50, mean_ms=1.5),
            Delay(weight=18, mean_ms=6),
        ),
        validator=min_len(1),
    )
    pause: tuple[Delay, ...] = attrs.field(
        default=(
            Delay(weight=22, mean_ms=3),
            Delay(weight=45, mean_ms=24),
            Delay(weight=33, mean_ms=180),
        ),
        validator=min_len(1),
    )
    obligation_ms: int = attrs.field(default=450, validator=ge(1))


@attrs.frozen(kw_only=True)
class DeepBook:
    """
    Patient orders far from the price: the deep book, and the latent liquidity that refills it.

    They stand in bands of distance, each twice as far, as long-lived and larger than the one before. What
    was eaten comes back in about the lifetime of its band.

    Attributes:
        orders: Orders in each band on each side, where an instrument has 20 updates a second or more; down
            to a third of that in quiet ones.
        life_seconds: Mean lifetime of an order of the nearest band.
        reach: The farthest band ends at about this distance, as a fraction of the price.
        thickness: Lots in the book up to a distance, as a multiple of the volume of a metaorder whose impact
            it is.
    """

    orders: int = attrs.field(default=12, validator=[ge(1), le(256)])
    life_seconds: float = attrs.field(default=25.0, validator=[gt(0), le(86_400)])
    reach: float = attrs.field(default=0.25, validator=[gt(0), lt(1)])
    thickness: float = attrs.field(default=0.3, validator=[gt(0), le(1000)])


@attrs.frozen(kw_only=True)
class ForcedTraders:
    """
    Traders who must trade in the direction of a price that runs: stop orders, margin calls.

    They trade where a value is made: not on further venues of a pair, nor in futures, where others are
    liquidated.

    Attributes:
        trigger: Distance of the price from its mean over ``window_seconds`` at which they trade, in standard
            deviations of a return over one second or, where that is more, in impacts of a mean taker's order;
            0 for none.
        window_seconds: Of that mean.
        orders: Orders of one wave.
        seconds: Duration of a wave.
        rest_seconds: Least time between two waves, in the mean.
    """

    trigger: float = attrs.field(default=25.0, validator=[ge(0), le(100_000)])
    window_seconds: float = attrs.field(default=128.0, validator=[gt(0), le(86_400)])
    orders: int = attrs.field(default=16, validator=[ge(1), le(10_000)])
    seconds: float = attrs.field(default=16.0, validator=[gt(0), le(3600)])
    rest_seconds: float = attrs.field(default=600.0, validator=[gt(0), le(86_400)])


@attrs.frozen(kw_only=True)
class MarketSpec:
    """
    A whole market.

    Attributes:
        instruments: In order; the position is the index in every event.
        regimes: Volatility over time.
        news: Public news.
        takers: Order flow that takes liquidity.
        impact: How trades move prices.
        makers: Quotes near the price.
        deep: Orders far from it.
        forced: Traders who must trade when a price runs.
        arbitrage: Arbitrageurs between the venues of a pair; None for none.
        signals: Thresholds of the signal detectors; None for no signals.
        sessions: Hours of trading by asset class; None for a market that is always open.
        agents: Participants that are code of the user's own.
    """

    instruments: tuple[InstrumentSpec, ...] = attrs.field(validator=[min_len(1), max_len(10_000)])
    regimes: Regimes = Regimes()
    news: News = News()
    takers: Takers = Takers()
    impact: Impact = Impact()
    makers: Makers = Makers()
    deep: DeepBook = DeepBook()
    forced: ForcedTraders = ForcedTraders()
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

    def of(self, item: InstrumentSpec) -> MarketSpec:
        """The parameters of one instrument: those of the market, but for what it has of its own."""
        return attrs.evolve(self, takers=item.takers or self.takers, deep=item.deep or self.deep)
