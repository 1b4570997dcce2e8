"""
The ticks that every server of this benchmark sends, and the command line that they share.

    server PORT CONNECTIONS RATE RAMP STEP STAMP [OPTION...]

The server listens on PORT of the loopback address, waits until CONNECTIONS clients are there, settles for
a moment, and then sends RATE ticks a second to each of them. Every STEP seconds the rate grows by RAMP.

Ticks are an open loop: each falls due at its own time, however late the server is with those before. STAMP
is ``due``, the time at which the tick fell due (a server that cannot keep up shows as latency), or
``created``, the time at which it was made (what the way to the client takes, without the event loop's timer).
"""

import sys
import time

PORT, CONNECTIONS = int(sys.argv[1]), int(sys.argv[2])
RATE, RAMP, STEP_SECONDS = float(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
STAMP_CREATED = sys.argv[6] == "created"
OPTIONS = sys.argv[7:]

HOST = "127.0.0.1"
BACKLOG = 4096
SETTLE_SECONDS = 0.2
TIMER_SECONDS = 0.001  # event loops count in milliseconds; asked for less, they spin

_TEXT = '{"type":"tick","symbol":"EURUSD","bid":%d.%05d,"ask":%d.%05d,"time":1709742000000,"t":%d}'
_now_ns = time.monotonic_ns


class Ticks:
    """
    Which ticks are due.

    The bid counts the ticks, from 1.00000 to 1.99999 and over, so that the load client sees what is missing.

    Args:
        most: Ticks that one call of :meth:`due` returns at most, so that a server which is late still
            gets to serve its sockets.
    """

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._count = 0
        self._next = _now_ns()
        self._gap = 1e9 / RATE
        self._step_ends = self._next + STEP_SECONDS * 1e9

    def due(self) -> list[str]:
        """The JSON texts that are due by now, oldest first."""
        now, at, texts = _now_ns(), self._next, []
        while at <= now and len(texts) < self._most:
            stamp = _now_ns() if STAMP_CREATED else at
            number = 100_000 + self._count % 100_000
            texts.append(_TEXT % (*divmod(number, 100_000), *divmod(number + 20, 100_000), stamp))
            self._count += 1
            at += self._gap
            if at > self._step_ends:
                self._gap /= RAMP
                self._step_ends += STEP_SECONDS * 1e9
        self._next = at
        return texts

    def seconds_left(self) -> float:
        """To sleep until the next tick falls due; 0 when one is."""
        left = (self._next - _now_ns()) / 1e9
        return max(left, TIMER_SECONDS) if left > 0 else 0.0
