"""
Prediction markets: will an instrument close its round above where it opened it?

The value of "up" is the chance of it, from how far the price has come and how far it can still go. The
normal distribution is replaced by an algebraic curve that is off by less than 0.01: it needs a square
root only, and is the same on every machine.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from feed.model.contracts import Prediction
from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.events import ROUND, UNKNOWN, Row
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.news import NewsProcess
from feed.sim.random_streams import EXPONENTIAL, MASK, WIDTH, threshold

# Nobody is surer than this before the end.
_SUREST: Final = 0.98
# Within this much of the end the outcome counts as open still, seconds.
_LAST: Final = 1.0


def probability(deviations: float) -> float:
    """Chance that a normal variable is less than ``deviations`` standard deviations, to within 0.01."""
    # The error function as u / sqrt(1 + u * u); these two numbers put u right near 0 and near 2.
    u = deviations * (0.79 + 0.16 * deviations * deviations)
    return (1.0 + u / sqrt(1.0 + u * u)) / 2.0


class PredictionRounds:
    """
    Settles one prediction market when its time has come, and opens the next round at once.

    Args:
        sim: Where it is traded.
        underlying: What it asks about.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        sim: None: a round ends even while its instrument is halted.
        closes: Market time at which the round is settled, nanoseconds.
        strike: What the underlying must be above, integer ticks of the underlying.
    """

    sim: Final = None

    def __init__(self, sim: InstrumentSim, underlying: InstrumentSim, *, start: int) -> None:
        self._prediction = sim
        self._underlying = underlying
        self._length = sim.spec.instrument.timeframe
        self.closes = start - start % self._length + self._length
        self.strike = round(underlying.value)
        self.index = sim.queue.register(self)
        sim.queue.schedule(self.index, self.closes)

    @property
    def price(self) -> int:
        """Where the underlying stands, integer ticks: the middle of its best prices, rounded down."""
        book = self._underlying.book
        return (book.bid + book.ask) // 2 if book.bid and book.ask else round(self._underlying.value)

    def act(self, now: int) -> int:
        """Settle the round, and open the next."""
        sim = self._prediction
        price = self.price
        if sim.listed:
            sim.book.now = now
            sim.publish(self._row(now, int(price > self.strike)))
            sim.clear()
        self.strike = price
        self.closes = now + self._length
        if sim.listed:
            sim.publish(self._row(now, UNKNOWN))
        sim.move_value(self.chance(now) / sim.value - 1.0)
        if sim.trading:
            for maker in sim.makers:
                maker.quote_ladder()
            sim.notify_makers(now)
        return self._length

    def rows(self, now: int) -> list[Row]:
        """The round that is open."""
        return [self._row(now, UNKNOWN)]

    def chance(self, now: int) -> float:
        """What "up" is worth now, ticks."""
        left = sqrt(max(_LAST, (self.closes - now) / NS_PER_SECOND))
        volatility = max(1e-6, self._underlying.volatility)
        away = (self.price - self.strike) / (self.strike * volatility * left)
        up = max(1.0 - _SUREST, min(_SUREST, probability(away)))
        return up * (self._prediction.highest + 1)

    def _row(self, now: int, outcome: int) -> Row:
        opens = self.closes - self._length
        return (ROUND, self._prediction.book.instrument, now, opens, self.closes, self.strike, outcome)


class ProbabilityTracker:
    """
    Moves the value of one prediction market with its underlying.

    Args:
        sim: Where.
        spec: How often.
        rounds: Knows the chance.
        news_process: The mood of the whole market.
    """

    __slots__ = ("_bits", "_gap", "_news_process", "_rounds", "_wake_threshold", "index", "sim")

    def __init__(
        self, sim: InstrumentSim, spec: Prediction, rounds: PredictionRounds, news_process: NewsProcess
    ) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._rounds = rounds
        self._news_process = news_process
        self._gap = spec.looks_ms * NS_PER_MILLISECOND
        self._wake_threshold = threshold(sim.market.news.heard)
        self._bits = sim.random_stream("odds")

    def act(self, now: int) -> int:
        """Look at the underlying, and let makers hear of it."""
        sim = self.sim
        bits = self._bits(WIDTH * (1 + len(sim.makers)))
        sim.wait_scale = self._news_process.interval_scale * sim.interval_scale
        self.catch_up(now)
        sim.deliver_news(now, self._wake_threshold, bits >> WIDTH)
        return 1 + int(self._gap * sim.interval_scale * EXPONENTIAL[bits & MASK])

    def catch_up(self, now: int) -> None:
        """Move the value to where it belongs."""
        self.sim.move_value(self._rounds.chance(now) / self.sim.value - 1.0)
