"""Large orders of a script: far more than the best quote offers, at once or slice by slice."""

from __future__ import annotations

from feed.sim.instrument_sim import InstrumentSim
from feed.sim.reference_price import Metaorder


class SlicedOrder:
    """
    One large aggressive order, in equal slices.

    Args:
        sim: The instrument.
        side: Of the aggressor.
        lots: Total size.
        slices: Number of parts; 1 sweeps the book at once.
        pause: Nanoseconds between two slices.
        reach: Limit price, spreads past the best price; None for any price.

    Attributes:
        lots: Total size.
        filled: Lots traded so far.
        done: Whether all slices were sent.
    """

    __slots__ = (
        "_left",
        "_metaorder",
        "_pause",
        "_reach",
        "_side",
        "_slices",
        "done",
        "filled",
        "lots",
        "sim",
    )

    def __init__(
        self, sim: InstrumentSim, side: int, lots: int, *, slices: int, pause: int, reach: float | None
    ) -> None:
        self.sim: InstrumentSim = sim
        self._side = side
        self.lots = self._left = lots
        self._slices = slices
        self._pause = pause
        self._reach = reach
        self._metaorder = Metaorder(side)
        self.filled = 0
        self.done = False

    def act(self, now: int) -> int:
        """Trade one slice; 0 after the last."""
        sim, side = self.sim, self._side
        lots = self._left // self._slices
        self._left -= lots
        self._slices -= 1
        if lots:
            worst = sim.limit_price(side, self._reach) if self._reach else 1 if side else sim.highest
            self.filled += sim.take(now, side, lots, worst, metaorder=self._metaorder)
        self.done = not self._slices
        return 0 if self.done else self._pause
