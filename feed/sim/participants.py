"""Creates the participants of a market, instrument by instrument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from feed.analytics.pairs import pairs
from feed.errors import MarketError
from feed.model.durations import NS_PER_HOUR, NS_PER_MILLISECOND
from feed.model.market import MarketSpec
from feed.sim.arbitrage import Arbitrageur
from feed.sim.event_queue import Actor
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.links import BasisSpec, BasisTracker
from feed.sim.makers import Maker, QuotingObligation
from feed.sim.news import NewsProcess, ValueProcess, volatility_regimes
from feed.sim.perpetual import Leverage, PerpetualEngine
from feed.sim.predictions import PredictionRounds, ProbabilityTracker
from feed.sim.random_streams import EXPONENTIAL, MASK, WIDTH
from feed.sim.traders import LargeTrader, MovingAverageTrader, NoiseTrader

_LINK_MEMORY: Final = 30.0  # seconds over which the basis between two venues reverts
_PREMIUM_MEMORY: Final = 300.0
_PREMIUM_INTERVAL_MS: Final = 150.0
_OPENING_BITS: Final = 29
"""The first actions are spread over ``2 ** 29`` nanoseconds, half a second, where no instrument is quiet."""


class Participant(Actor, Protocol):
    """An actor that belongs to an instrument, and is scheduled by its index."""

    @property
    def index(self) -> int:
        """Its index in the event queue."""


class Participants:
    """
    Creates the participants of a market.

    Args:
        spec: Number and parameters of each kind.
        sims: The instruments, in index order.
        news_process: News that moves every instrument.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        engines: Engines of derivatives, by the index of their instrument, in that order.
        trackers: Trackers of values that follow others, by the index of the instrument.
    """

    def __init__(
        self, spec: MarketSpec, sims: Sequence[InstrumentSim], news_process: NewsProcess, *, start: int
    ) -> None:
        self._spec = spec
        self._sims = sims
        self._news_process = news_process
        self._start = start
        self._regimes = volatility_regimes(spec.news)
        self._by_symbol = {sim.spec.instrument.symbol: sim for sim in sims}
        self.engines: dict[int, PerpetualEngine | PredictionRounds] = {}
        self.trackers: dict[int, BasisTracker | ProbabilityTracker] = {}

    def add(self, sim: InstrumentSim) -> list[tuple[int, int]]:
        """
        Create the participants of an instrument.

        Returns:
            Their first actions: (nanoseconds from the opening, index of the actor).
        Raises:
            MarketError: It follows an instrument that does not exist.
        """
        market = self._spec
        sim.makers = [Maker(sim, rank) for rank in range(market.makers.count)]
        others: list[Participant] = [
            *self._value_drivers(sim),
            QuotingObligation(sim),
            *(NoiseTrader(sim, rank) for rank in range(market.noise.count)),
            *(
                MovingAverageTrader(sim, market.momentum, f"momentum-{rank + 1}", against=False)
                for rank in range(market.momentum.count)
            ),
            *(
                MovingAverageTrader(sim, market.reversion, f"reversion-{rank + 1}", against=True)
                for rank in range(market.reversion.count)
            ),
            *([LargeTrader(sim)] if market.large.per_hour else []),
        ]
        delay = sim.random_stream("opening")
        return [
            (1 + int(delay(_OPENING_BITS) * self._opening_scale(sim, actor)), actor.index) for actor in others
        ]

    def _opening_scale(self, sim: InstrumentSim, actor: Participant) -> float:
        """How many times longer than :data:`_OPENING_BITS` says the first action may take."""
        if isinstance(actor, LargeTrader) and sim.quietness > 1.0:
            # A large order in every quiet book at once would be more than comes in minutes after that.
            return NS_PER_HOUR / self._spec.large.per_hour / (1 << _OPENING_BITS)
        return sim.quietness

    def add_arbitrageurs(self) -> None:
        """Create an arbitrageur for each pair on several venues."""
        spec = self._spec.arbitrage
        if spec is None:
            return
        listing = self._spec.listing()
        for pair in pairs(listing).values():
            venues = [self._sims[at] for at in pair.spot]
            if len(venues) > 1:
                arbitrageur = Arbitrageur(venues, spec)
                wait = 1 + int(
                    spec.looks_ms
                    * NS_PER_MILLISECOND
                    * EXPONENTIAL[venues[0].random_stream("opening")(WIDTH) & MASK]
                )
                venues[0].queue.schedule(arbitrageur.index, self._start + wait)

    def _value_drivers(self, sim: InstrumentSim) -> list[Participant]:
        """The participants that move the value of an instrument, and those that only its kind has."""
        spec, news_process = sim.spec, self._news_process
        if spec.prediction is not None:
            rounds = PredictionRounds(sim, self._named(spec.prediction.symbol), start=self._start)
            self.engines[sim.book.instrument] = rounds
            return [self._track(sim, ProbabilityTracker(sim, spec.prediction, rounds, news_process))]
        if spec.perpetual is not None:
            perpetual = spec.perpetual
            first = self._named(perpetual.symbol)
            engine = PerpetualEngine(sim, perpetual, self._venues(first), start=self._start)
            self.engines[sim.book.instrument] = engine
            basis_spec = BasisSpec(
                interval_ms=_PREMIUM_INTERVAL_MS,
                deviation_bps=perpetual.premium,
                memory_seconds=_PREMIUM_MEMORY,
            )
            tracker = self._track(sim, BasisTracker(sim, first, basis_spec, news_process))
            return [tracker, *([Leverage(sim, perpetual, engine.positions)] if perpetual.traders else [])]
        if spec.link is not None:
            first = self._named(spec.link.symbol)
            basis_spec = BasisSpec(
                interval_ms=spec.link.latency_ms, deviation_bps=spec.link.basis, memory_seconds=_LINK_MEMORY
            )
            return [self._track(sim, BasisTracker(sim, first, basis_spec, news_process))]
        return [ValueProcess(sim, news_process, self._regimes)]

    def _track(
        self, sim: InstrumentSim, tracker: BasisTracker | ProbabilityTracker
    ) -> BasisTracker | ProbabilityTracker:
        self.trackers[sim.book.instrument] = tracker
        return tracker

    def _venues(self, first: InstrumentSim) -> list[InstrumentSim]:
        symbol = first.spec.instrument.symbol
        return [
            first,
            *(sim for sim in self._sims if sim.spec.link is not None and sim.spec.link.symbol == symbol),
        ]

    def _named(self, symbol: str) -> InstrumentSim:
        found = self._by_symbol.get(symbol)
        if found is None:
            raise MarketError(f"no instrument {symbol} in this market, which another one follows")
        return found
