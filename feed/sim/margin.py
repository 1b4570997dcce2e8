"""Positions with borrowed money, and where each of them must be closed."""

from __future__ import annotations

from typing import Final

import attrs

from feed.model.derivatives import RATE_ONE
from feed.sim.instrument_parameters import BUY

# Whatever a position may borrow, it keeps this many times the maintenance margin to begin with.
_ROOM: Final = 1.2
NOWHERE: Final = 1 << 62


@attrs.define(eq=False)
class MarginPosition:
    """
    Contracts of one trader.

    Attributes:
        side: ``BUY`` is long.
        lots: Integer lots.
        stop: Mark price at which the margin no longer suffices, integer ticks.
    """

    side: int
    lots: int
    stop: int

    def due(self, mark: int) -> bool:
        """Whether its margin is not enough at a mark price, integer ticks."""
        return mark <= self.stop if self.side == BUY else mark >= self.stop


def opened(side: int, lots: int, entry: int, *, leverage: float, maintenance: float) -> MarginPosition:
    """
    A position at its entry.

    Args:
        side: ``BUY`` is long.
        lots: Integer lots.
        entry: Integer ticks.
        leverage: Value over margin.
        maintenance: Margin that it must keep, as a share of its value.
    """
    bears = max(1 / leverage, _ROOM * maintenance) - maintenance
    stop = int(entry * (1 - bears)) if side == BUY else int(entry * (1 + bears)) + 1
    return MarginPosition(side, lots, stop)


class Positions:
    """
    The open positions of one perpetual future.

    Attributes:
        open: In the order in which they were opened; what is left of one counts as opened anew.
        lowest_short: The least mark price at which a short must be closed, integer ticks.
        highest_long: The greatest at which a long must, integer ticks; 0 for none.
    """

    def __init__(self) -> None:
        self.open: Final[list[MarginPosition]] = []
        self.lowest_short = NOWHERE
        self.highest_long = 0

    def add(self, position: MarginPosition) -> None:
        """A position was opened."""
        self.open.append(position)
        if position.side == BUY:
            self.highest_long = max(self.highest_long, position.stop)
        else:
            self.lowest_short = min(self.lowest_short, position.stop)

    def take(self, at: int) -> MarginPosition:
        """A position is closed: the one in that place."""
        position = self.open.pop(at)
        self._look()
        return position

    def due(self, mark: int) -> list[MarginPosition]:
        """Those whose margin is not enough at a mark price; they are no longer among the open ones."""
        if self.highest_long < mark < self.lowest_short:
            return []
        found = [it for it in self.open if it.due(mark)]
        self.open[:] = [it for it in self.open if not it.due(mark)]
        self._look()
        return found

    def pay(self, rate: int, mark: int) -> None:
        """
        Longs pay to shorts, out of their margin.

        Args:
            rate: Of the value, in units of 1e-8; negative when shorts pay.
            mark: Mark price at which the value is taken, integer ticks.
        """
        paid = mark * rate // RATE_ONE
        for it in self.open:
            # What a long paid, the price may no longer fall; what a short was paid, it may rise further.
            it.stop += paid
        self._look()

    def interest(self) -> int:
        """Contracts that are open, integer lots: what these traders do not hold both sides of, makers do."""
        longs = sum(it.lots for it in self.open if it.side == BUY)
        return max(longs, sum(it.lots for it in self.open) - longs)

    def _look(self) -> None:
        self.highest_long = max((it.stop for it in self.open if it.side == BUY), default=0)
        self.lowest_short = min((it.stop for it in self.open if it.side != BUY), default=NOWHERE)
