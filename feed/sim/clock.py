"""The market's own clock: it tells the time into the stream of events."""

from __future__ import annotations

from typing import Final

from feed.model.durations import NS_PER_SECOND
from feed.model.events import CLOCK, Row
from feed.sim.event_queue import EventQueue


class ClockTicker:
    """
    Rings at every whole second, so that what is sent at intervals of market time goes out on time.

    Attributes:
        sim: None: it is heard everywhere.
    """

    sim: Final = None

    def __init__(self, queue: EventQueue, rows: list[Row], start: int) -> None:
        self._rows = rows
        queue.schedule(queue.register(self), start - start % NS_PER_SECOND + NS_PER_SECOND)

    def act(self, now: int) -> int:
        """Tell that a second has begun."""
        self._rows.append((CLOCK, 0, now))
        return NS_PER_SECOND
