"""
Prediction markets: whether the price of an instrument is higher at the end of a round than at its start.

The value of "up" is the probability of that, from the price's move so far and its volatility over the time
left. The normal distribution is approximated, to within 0.01, by a function that needs only a square root,
and so gives the same result on every machine.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from feed.model.contracts import Prediction
from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.events import ROUND, UNKNOWN, Row
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, MASK, WIDTH

# The highest probability before the end.
_HIGHEST_PROBABILITY: Final = 0.98
# The least time left that is used for the probability, seconds.
_LEAST_SECONDS: Final = 1.0
# So many times more trades than there are would have to explain the volatility.
_INFORMED: Final = 50.0


def probability(deviations: float) -> float:
    """Probability that a normal variable is below ``deviations`` standard deviations, to within 0.01."""
    # The error function as u / sqrt(1 + u * u), with u fitted near 0 and near 2.
    u = deviations * (0.79 + 0.16 * deviations * deviations)
    return (1.0 + u / sqrt(1.0 + u * u)) / 2.0


class PredictionRounds:
    """
    Settles one prediction market at the end of each round, and opens the next round at once.

    Args:
        sim: The prediction market.
        underlying: The instrument that it is about.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        sim: None: a round ends even while its instrument is halted.
        closes: Market time at which the round is settled, nanoseconds.
        strike: The price that the underlying must be above, integer ticks of the underlying.
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
        """Mid price of the underlying, integer ticks, rounded down; its value where a side is empty."""
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
        sim.follow(now, self.chance(now))
        if sim.trading:
            sim.quote(now)
        return self._length

    def rows(self, now: int) -> list[Row]:
        """The row of the open round."""
        return [self._row(now, UNKNOWN)]

    def chance(self, now: int) -> float:
        """The value of "up" now, ticks."""
        left = sqrt(max(_LEAST_SECONDS, (self.closes - now) / NS_PER_SECOND))
        volatility = max(1e-6, self._underlying.volatility)
        away = (self.price - self.strike) / (self.strike * volatility * left)
        up = max(1.0 - _HIGHEST_PROBABILITY, min(_HIGHEST_PROBABILITY, probability(away)))
        return up * (self._prediction.highest + 1)

    def _row(self, now: int, outcome: int) -> Row:
        opens = self.closes - self._length
        return (ROUND, self._prediction.book.instrument, now, opens, self.closes, self.strike, outcome)


class ProbabilityTracker:
    """
    Sets the value of one prediction market to the probability of "up", as its underlying moves.

    Args:
        sim: The prediction market.
        spec: How often.
        rounds: Computes the probability.
    """

    __slots__ = ("_bits", "_gap", "_rounds", "index", "sim")

    def __init__(self, sim: InstrumentSim, spec: Prediction, rounds: PredictionRounds) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._rounds = rounds
        self._gap = spec.looks_ms * NS_PER_MILLISECOND
        self._bits = sim.random_stream("odds")
        # The probability is known: little is learnt from who trades.
        sim.orders *= _INFORMED

    def act(self, now: int) -> int:
        """Set the price from the underlying."""
        self.catch_up(now)
        return 1 + int(self._gap * self.sim.interval_scale * EXPONENTIAL[self._bits(WIDTH) & MASK])

    def catch_up(self, now: int) -> None:
        """Set the price to the probability."""
        self.sim.follow(now, self._rounds.chance(now))
