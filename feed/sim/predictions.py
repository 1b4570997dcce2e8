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
from feed.sim.draws import EXPONENTIAL, MASK, WIDTH
from feed.sim.draws import chance as threshold
from feed.sim.news import Headlines
from feed.sim.pit import Pit

# Nobody is surer than this before the end.
_SUREST: Final = 0.98
# Within this much of the end the outcome counts as open still, seconds.
_LAST: Final = 1.0


def probability(deviations: float) -> float:
    """Chance that a normal variable is less than ``deviations`` standard deviations, to within 0.01."""
    # The error function as u / sqrt(1 + u * u); these two numbers put u right near 0 and near 2.
    u = deviations * (0.79 + 0.16 * deviations * deviations)
    return (1.0 + u / sqrt(1.0 + u * u)) / 2.0


class Rounds:
    """
    Settles one prediction market when its time has come, and opens the next round at once.

    Args:
        pit: Where it is traded.
        underlying: What it asks about.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        pit: None: a round ends even while its instrument is halted.
        closes: Market time at which the round is settled, nanoseconds.
        strike: What the underlying must be above, integer ticks of the underlying.
    """

    pit: Final = None

    def __init__(self, pit: Pit, underlying: Pit, *, start: int) -> None:
        self._prediction = pit
        self._underlying = underlying
        self._length = pit.spec.instrument.timeframe
        self.closes = start - start % self._length + self._length
        self.strike = round(underlying.value)
        self.index = pit.agenda.join(self)
        pit.agenda.call(self.index, self.closes)

    @property
    def price(self) -> int:
        """Where the underlying stands, integer ticks: the middle of its best prices, rounded down."""
        book = self._underlying.book
        return (book.bid + book.ask) // 2 if book.bid and book.ask else round(self._underlying.value)

    def act(self, now: int) -> int:
        """Settle the round, and open the next."""
        pit = self._prediction
        price = self.price
        if pit.listed:
            pit.book.now = now
            pit.tell(self._row(now, int(price > self.strike)))
            pit.clear()
        self.strike = price
        self.closes = now + self._length
        if pit.listed:
            pit.tell(self._row(now, UNKNOWN))
        pit.move(self.chance(now) / pit.value - 1.0)
        if pit.trading:
            for maker in pit.makers:
                maker.fill()
            pit.alert(now)
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


class Oddsmaker:
    """
    Moves the value of one prediction market with its underlying.

    Args:
        pit: Where.
        spec: How often.
        rounds: Knows the chance.
        headlines: The mood of the whole market.
    """

    __slots__ = ("_bits", "_gap", "_headlines", "_heard", "_rounds", "index", "pit")

    def __init__(self, pit: Pit, spec: Prediction, rounds: Rounds, headlines: Headlines) -> None:
        self.pit: Pit = pit
        self.index = pit.agenda.join(self)
        self._rounds = rounds
        self._headlines = headlines
        self._gap = spec.looks_ms * NS_PER_MILLISECOND
        self._heard = threshold(pit.market.news.heard)
        self._bits = pit.bits("odds")

    def act(self, now: int) -> int:
        """Look at the underlying, and let makers hear of it."""
        pit = self.pit
        bits = self._bits(WIDTH * (1 + len(pit.makers)))
        pit.pace = self._headlines.haste * pit.calm
        self.catch_up(now)
        pit.wake(now, self._heard, bits >> WIDTH)
        return 1 + int(self._gap * pit.calm * EXPONENTIAL[bits & MASK])

    def catch_up(self, now: int) -> None:
        """Move the value to where it belongs."""
        self.pit.move(self._rounds.chance(now) / self.pit.value - 1.0)
