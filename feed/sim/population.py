"""Who takes part in a market: brought in once, instrument by instrument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from feed.analytics.pairs import pairs
from feed.errors import MarketError
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.instruments import Instrument
from feed.model.market import MarketSpec
from feed.sim.agenda import Actor
from feed.sim.arbitrage import Arbitrageur
from feed.sim.draws import EXPONENTIAL, MASK, WIDTH
from feed.sim.links import Tether, Tracker
from feed.sim.makers import Maker, Obligation
from feed.sim.news import Headlines, Ticker, swings
from feed.sim.perpetual import Engine, Leverage
from feed.sim.pit import Pit
from feed.sim.predictions import Oddsmaker, Rounds
from feed.sim.traders import Follower, LargeTrader, NoiseTrader

_LINK_MEMORY: Final = 30.0  # seconds that a venue stays apart from another, about
_PREMIUM_MEMORY: Final = 300.0
_PREMIUM_LOOKS_MS: Final = 150.0


class Resident(Actor, Protocol):
    """An actor that comes with an instrument, and is called by its index."""

    @property
    def index(self) -> int:
        """On the agenda."""


class Population:
    """
    Brings in the participants of a market.

    Args:
        spec: Who they are.
        pits: Where they trade, in index order.
        headlines: News that reaches every instrument.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        engines: Of the derivatives, by the index of their instrument, in that order.
        trackers: Who move the values that follow others, by the index of the instrument.
    """

    def __init__(self, spec: MarketSpec, pits: Sequence[Pit], headlines: Headlines, *, start: int) -> None:
        self._spec = spec
        self._pits = pits
        self._headlines = headlines
        self._start = start
        self._swings = swings(spec.news)
        self._by_symbol = {pit.spec.instrument.symbol: pit for pit in pits}
        self.engines: dict[int, Engine | Rounds] = {}
        self.trackers: dict[int, Tracker | Oddsmaker] = {}

    def bring_in(self, pit: Pit) -> list[tuple[int, int]]:
        """
        Bring in the participants of an instrument.

        Returns:
            When each first acts: (nanoseconds from the opening, index of the actor).
        Raises:
            MarketError: It follows an instrument that there is not, or one of another tick.
        """
        market = self._spec
        pit.makers = [Maker(pit, rank) for rank in range(market.makers.count)]
        others: list[Resident] = [
            *self._movers(pit),
            Obligation(pit),
            *(NoiseTrader(pit, rank) for rank in range(market.noise.count)),
            *(
                Follower(pit, market.momentum, f"momentum-{rank + 1}", against=False)
                for rank in range(market.momentum.count)
            ),
            *(
                Follower(pit, market.reversion, f"reversion-{rank + 1}", against=True)
                for rank in range(market.reversion.count)
            ),
            *([LargeTrader(pit)] if market.large.per_hour else []),
        ]
        delay = pit.bits("opening")
        return [(1 + delay(29), actor.index) for actor in others]

    def bring_in_arbitrageurs(self) -> None:
        """Bring in those who are at home on several venues, one for each pair."""
        spec = self._spec.arbitrage
        if spec is None:
            return
        listing = self._spec.listing()
        for pair in pairs(listing).values():
            venues = [self._pits[at] for at in pair.spot]
            if len(venues) > 1 and len({_units(venue.spec.instrument) for venue in venues}) == 1:
                arbitrageur = Arbitrageur(venues, spec)
                wait = 1 + int(
                    spec.looks_ms * NS_PER_MILLISECOND * EXPONENTIAL[venues[0].bits("opening")(WIDTH) & MASK]
                )
                venues[0].agenda.call(arbitrageur.index, self._start + wait)

    def _movers(self, pit: Pit) -> list[Resident]:
        """Whoever moves the value of an instrument, and who besides comes with it."""
        spec, headlines = pit.spec, self._headlines
        if spec.prediction is not None:
            rounds = Rounds(pit, self._named(spec.prediction.symbol), start=self._start)
            self.engines[pit.book.instrument] = rounds
            return [self._tracking(pit, Oddsmaker(pit, spec.prediction, rounds, headlines))]
        if spec.perpetual is not None:
            perpetual = spec.perpetual
            first = self._named(perpetual.symbol, like=pit)
            engine = Engine(pit, perpetual, self._venues(first), start=self._start)
            self.engines[pit.book.instrument] = engine
            tether = Tether(
                looks_ms=_PREMIUM_LOOKS_MS, apart=perpetual.premium, memory_seconds=_PREMIUM_MEMORY
            )
            tracker = self._tracking(pit, Tracker(pit, first, tether, headlines))
            return [tracker, *([Leverage(pit, perpetual, engine.positions)] if perpetual.traders else [])]
        if spec.link is not None:
            first = self._named(spec.link.symbol, like=pit)
            tether = Tether(looks_ms=spec.link.latency_ms, apart=spec.link.basis, memory_seconds=_LINK_MEMORY)
            return [self._tracking(pit, Tracker(pit, first, tether, headlines))]
        return [Ticker(pit, headlines, self._swings)]

    def _tracking(self, pit: Pit, tracker: Tracker | Oddsmaker) -> Tracker | Oddsmaker:
        self.trackers[pit.book.instrument] = tracker
        return tracker

    def _venues(self, first: Pit) -> list[Pit]:
        symbol = first.spec.instrument.symbol
        return [
            first,
            *(pit for pit in self._pits if pit.spec.link is not None and pit.spec.link.symbol == symbol),
        ]

    def _named(self, symbol: str, *, like: Pit | None = None) -> Pit:
        found = self._by_symbol.get(symbol)
        if found is None:
            raise MarketError(f"no instrument {symbol} in this market, which another one follows")
        if like is not None and _units(found.spec.instrument)[:2] != _units(like.spec.instrument)[:2]:
            raise MarketError(f"{like.spec.instrument.symbol} must have the tick size of {symbol}")
        return found


def _units(instrument: Instrument) -> tuple[int, int, int, int]:
    return instrument.price_decimals, instrument.tick, instrument.size_decimals, instrument.lot
