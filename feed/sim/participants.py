"""Creates the participants of a market, instrument by instrument."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final, Protocol

from feed.analytics.pairs import pairs
from feed.errors import MarketError
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.market import MarketSpec
from feed.sim.arbitrage import Arbitrageur
from feed.sim.deep_book import DeepBook, InsideQuotes
from feed.sim.event_queue import Actor
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.links import BasisSpec, BasisTracker
from feed.sim.makers import DepthChanges, Maker, QuotingObligation
from feed.sim.news import OwnNews, Racers, loadings, main_factor
from feed.sim.order_flow import MetaorderStarts, OrderFlow, Relaxation
from feed.sim.perpetual import Leverage, PerpetualEngine
from feed.sim.predictions import PredictionRounds, ProbabilityTracker
from feed.sim.random_streams import EXPONENTIAL, MASK, WIDTH

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
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        engines: Engines of derivatives, by the index of their instrument, in that order.
        trackers: Trackers of prices that follow others, by the index of the instrument.
    """

    def __init__(self, spec: MarketSpec, sims: Sequence[InstrumentSim], *, start: int) -> None:
        self._spec = spec
        self._sims = sims
        self._start = start
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
        makers = [Maker(sim, rank) for rank in range(self._spec.makers.count)]
        sim.makers = makers
        drivers = self._price_drivers(sim)
        sim.flow_share = self._flow_share(sim)
        sim.rescale()
        deep, flow = DeepBook(sim), OrderFlow(sim)
        sim.deep = deep
        starts = MetaorderStarts(flow)
        others: list[Participant] = [
            *drivers,
            *(DepthChanges(maker) for maker in makers),
            deep,
            *([InsideQuotes(sim)] if sim.spec.inside_ms else []),
            QuotingObligation(sim),
            Relaxation(sim, flow),
        ]
        delay = sim.random_stream("opening")
        first = [(1 + int(delay(_OPENING_BITS) * sim.quietness), actor.index) for actor in others]
        first.append((1 + int(flow.gap * EXPONENTIAL[delay(WIDTH)]), starts.index))
        return first

    def _flow_share(self, sim: InstrumentSim) -> float:
        """The share of an instrument's variance that its own order flow makes, besides that of others."""
        share = 1.0 - self._spec.news.share
        if sim.follows:
            return share
        own = loadings(sim.spec.factors)
        heard = 0.0
        for other in self._sims:
            factors = other.spec.factors
            if other is not sim and not other.follows and factors.leads:
                heard += (factors.leads * own[main_factor(factors)]) ** 2
        return share / (1.0 + heard)

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

    def _price_drivers(self, sim: InstrumentSim) -> list[Participant]:
        """The participants that move the price of an instrument, and those that only its kind has."""
        spec = sim.spec
        if spec.prediction is not None:
            rounds = PredictionRounds(sim, self._named(spec.prediction.symbol), start=self._start)
            self.engines[sim.book.instrument] = rounds
            return [self._track(sim, ProbabilityTracker(sim, spec.prediction, rounds))]
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
            tracker = self._track(sim, BasisTracker(sim, first, basis_spec))
            return [tracker, *([Leverage(sim, perpetual, engine.positions)] if perpetual.traders else [])]
        if spec.link is not None:
            first = self._named(spec.link.symbol)
            arbitrage = self._spec.arbitrage
            # Makers quote well within what arbitrage pays for; the first venue's fee is as it is there.
            basis_spec = BasisSpec(
                interval_ms=spec.link.latency_ms,
                deviation_bps=spec.link.basis,
                memory_seconds=_LINK_MEMORY,
                most_bps=inf if arbitrage is None else (2 * spec.link.fee + arbitrage.margin) / 3,
            )
            return [self._track(sim, BasisTracker(sim, first, basis_spec))]
        return [OwnNews(sim, Racers(sim))]

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
