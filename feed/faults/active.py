"""A fault in force, whether a scenario let it begin or an operator."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import attrs

from feed.faults.contract import FaultRecord
from feed.faults.frame_faults import SeededFault
from feed.model.durations import NS_PER_SECOND
from feed.model.faults import Fault, LastingFault

# After a refusal that lasts to the end of the scenario, or until it is removed.
RETRY_SECONDS: Final = 60


@attrs.define(eq=False, kw_only=True)
class ActiveFault:
    """
    A fault in force.

    Attributes:
        fault: What it is.
        label: What it draws from, with the seed.
        record: What became of it so far.
        handshakes: Counts the handshakes for which it has drawn.
        seeded: What it does to frames; None where it does nothing to them.
        until: When it ends, seconds of the clock; None where the scenario says so, or whoever removes it.
        connection: Number of the one that it strikes; 0 for all that it aims at.
    """

    fault: Fault
    label: str
    record: FaultRecord
    handshakes: Iterator[int]
    seeded: SeededFault | None = None
    until: float | None = None
    connection: int = 0

    @property
    def at_run_time(self) -> bool:
        """Whether no scenario let it begin."""
        return self.record.number is None

    def seconds_left(self, clock: float, market_time: int) -> int:
        """
        Seconds until it is over, at least 1: of the market for one of the scenario.

        Args:
            clock: Seconds, of the clock that ``until`` is of.
            market_time: Nanoseconds since the Unix epoch.
        """
        if self.until is not None:
            return max(1, math.ceil(self.until - clock))
        duration = self.fault.duration if isinstance(self.fault, LastingFault) else 0
        if duration is None:
            return RETRY_SECONDS
        begun = self.record.market_time if self.record.since is None else self.record.since
        return max(1, math.ceil((begun + duration - market_time) / NS_PER_SECOND))
