"""Time as one processor spends it: what a server does while others keep it off its core takes no time."""

from __future__ import annotations

import sys
import time

import trio

from feed.model.events import QUOTE, Row
from feed.stream.groups import Write
from feed.stream.transport import Transport


class ProcessorClock(trio.abc.Clock):
    """
    Seconds that the event loop has worked, and slept because it wanted to.

    It stands still while the process is ready to run and is not let: on an idle machine, never.
    """

    def __init__(self) -> None:
        self._slept = 0.0

    def slept(self, seconds: float) -> None:
        """The loop has waited so long, and as long as it wanted at the most."""
        self._slept += seconds

    def start_clock(self) -> None:
        """Nothing to do."""

    def current_time(self) -> float:
        """Seconds."""
        return time.thread_time() + self._slept

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Seconds from now."""
        return deadline - self.current_time()


class Gauge(trio.abc.Instrument):
    """Measures how late ticks are written to the victim, and how long the loop's passes are."""

    def __init__(self, clock: ProcessorClock) -> None:
        self._clock = clock
        self._ahead = sys.maxsize  # of the clock before market time, nanoseconds
        self._untold: list[int] = []  # market times of what the victim is yet to be told
        self._found = False
        self._went = 0.0
        self._wanted = 0.0
        self._wall = 0.0
        self._late: list[float] = []
        self._passes: list[float] = []

    def taken(self) -> dict[str, list[float]]:
        """What was measured since the last time: ``late`` of ticks, and ``passes``; milliseconds."""
        late, self._late = self._late, []
        passes, self._passes = self._passes, []
        return {"late": late, "passes": passes}

    def before_io_wait(self, timeout: float) -> None:
        """A pass is over."""
        now = time.thread_time()
        self._passes.append((now - self._went) * 1e3)
        self._went, self._wanted, self._wall = now, timeout, time.monotonic()

    def after_io_wait(self, timeout: float) -> None:
        """The next one begins."""
        del timeout
        now = time.thread_time()
        waited = min(time.monotonic() - self._wall, self._wanted) - (now - self._went)
        self._clock.slept(max(0.0, waited))
        self._went = now

    def told(self, rows: list[Row]) -> None:
        """Events are about to be published."""
        if rows:
            now = int(self._clock.current_time() * 1e9)
            self._ahead = min(self._ahead, now - rows[-1][2])
            # Of those before that were not written nothing was to be told.
            self._untold = [row[2] for row in rows if row[0] == QUOTE]

    def listen(self, transport: Transport) -> Transport:
        """The first connection is the victim's."""
        if not self._found:
            self._found = True
            transport.send = self._heard(transport.send)  # type: ignore[method-assign]
        return transport

    def _heard(self, write: Write) -> Write:
        def send(data: bytes | memoryview) -> int:
            if self._untold:
                now = int(self._clock.current_time() * 1e9) - self._ahead
                self._late += [(now - due) / 1e6 for due in self._untold]
                self._untold = []
            return write(data)

        return send
