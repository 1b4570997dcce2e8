"""
How much work a client may make for the server, in units that are counted and never measured.

A *unit* is about what one core of the machine of the benchmarks does in a microsecond; the weights
below were measured once, with ``python -m tests.benchmarks.abuse``, and are constants since: the same
messages cost the same on every machine and in every run.

Three buckets stand between a client and the event loop. Its *connection* has one, its *address* (all
its connections together) has one, and every connection earns a small *reserve* of its own, on which
it is served although its address has used up everything: one noisy program of a machine, or of a
network behind one address, must not cost the others there their pongs.

What is delivered is not counted here: receiving is free, and a client that does not read is cut for that
(:mod:`feed.stream.send_buffer`).
"""

from __future__ import annotations

import math
from typing import Final

from feed.dialects.messages import MOST_PARTS, parts
from feed.settings import Limits

CONNECT: Final = 150
"""Units of a connection from accept to the end of its request head."""

HANDSHAKE: Final = 150
"""Of a WebSocket handshake on top, with the tasks that serve the connection."""

TLS_HANDSHAKE: Final = 1000
"""Of a TLS handshake on top."""

FRAME: Final = 20
"""Of one frame of a client, whatever is in it: to take it apart, and a pong for a ping."""

MESSAGE: Final = 20
"""Of one message on top: to decode it, and to answer."""

FRAME_BYTES: Final = 512
"""Bytes of frames that cost one unit: to unmask them."""

MESSAGE_BYTES: Final = 500
"""Bytes of a message that cost one unit: to read over them."""

PART: Final = 2
"""Of each part of a message that is looked at, such as a name that is looked up."""

REQUEST: Final = 600
"""Of one HTTP request, whatever is asked for."""

ANSWER_BYTES: Final = 64
"""Bytes of an HTTP answer that cost one unit: to gather and to encode it."""


RESERVE_SECONDS: Final = 10
"""For how long a connection saves up its reserve."""

_NOTHING: Final = 1e-3  # units: less than that is lost in the digits of a clock


def message_cost(text: str) -> float:
    """Units of one message of a client, before anything comes of it."""
    found = parts(text)
    return MESSAGE + len(text) / MESSAGE_BYTES + (PART * found if found <= MOST_PARTS else 0)


class TokenBucket:
    """
    Units that may be spent: ``rate`` are added every second, and at most ``burst`` are kept.

    What a piece of work costs is often known only when it is done, so it may overdraw the bucket; the
    next must wait until the debt is paid. In any time, what was begun when :meth:`delay` was 0 costs at
    most ``burst + rate * time``, and beyond that what the last piece cost more than was asked for.
    """

    __slots__ = ("_burst", "_level", "_rate", "_then")

    def __init__(self, rate: float, burst: float, *, now: float, level: float = math.inf) -> None:
        """
        Begin with what is in it.

        Args:
            rate: Units added in a second.
            burst: The most that it holds, units.
            now: Seconds on a clock that never goes back, as in every other call.
            level: What is in it at first, units; full unless told otherwise.
        """
        self._rate = rate
        self._burst = burst
        self._level = min(level, burst)
        self._then = now

    def level(self, now: float) -> float:
        """What may be spent, units; below 0 it is a debt."""
        self._level = min(self._burst, self._level + (now - self._then) * self._rate)
        self._then = now
        return self._level

    def take(self, units: float, now: float) -> None:
        """Spend ``units``, whether they are there or not."""
        self._level = self.level(now) - units

    def delay(self, now: float, units: float = 0.0) -> float:
        """Seconds until ``units`` are there, or as many as it holds; 0 when they are."""
        lacking = min(units, self._burst) - self.level(now)
        return lacking / self._rate if lacking > _NOTHING else 0.0

    def full(self, now: float) -> bool:
        """Whether nothing has been spent for long enough."""
        return self.level(now) >= self._burst


class ConnectionBudget:
    """
    What one connection may spend: messages and units, and for how long it has wanted more.

    A client that wants more is held back: nothing more is read from it, so that its own TCP window fills
    and it waits. One that is held back more often than not for as long as the limits allow is
    :attr:`excessive`, and closed.
    """

    __slots__ = ("_held", "_limits", "_messages", "_reserve", "_until", "_work")

    def __init__(self, limits: Limits, now: float) -> None:
        """Begin with the whole burst and an empty reserve: its address has paid for the connection."""
        reserve = limits.work_reserve
        self._limits = limits
        self._work = TokenBucket(limits.work_per_second, limits.work_burst, now=now)
        self._reserve = TokenBucket(reserve, reserve * RESERVE_SECONDS, now=now, level=0)
        self._held = 0.0  # seconds held back, less those not held back since
        self._until = now  # end of the last time
        self.expect(limits.messages_per_second, now)

    def expect(self, messages_per_second: int, now: float) -> None:
        """So many messages are fine; a protocol may have a bound of its own."""
        burst = max(messages_per_second, self._limits.message_burst)
        self._messages = TokenBucket(messages_per_second, burst, now=now)

    def take(self, units: float, now: float, *, messages: int = 0) -> None:
        """Count work that has been done for this connection, or is about to be."""
        self._work.take(units, now)
        if messages:
            self._messages.take(messages, now)

    def reserved(self, units: float, now: float) -> bool:
        """Whether the reserve pays for ``units``; if so it has."""
        if self._reserve.level(now) < units:
            return False
        self._reserve.take(units, now)
        return True

    def hold(self, now: float, *, messages: int = 0) -> float:
        """
        Seconds for which it must be held back now; 0 for not at all.

        Args:
            now: See :class:`TokenBucket`.
            messages: How many it wants to have heard.
        """
        delay = max(self._work.delay(now), self._messages.delay(now, messages))
        if delay and now + delay > self._until:
            # Two may wait for the same debt: what counts is when somebody did.
            begun = max(now, self._until)
            self._held = max(0.0, self._held - (begun - self._until)) + now + delay - begun
            self._until = now + delay
        return delay

    @property
    def excessive(self) -> bool:
        """Whether it was held back more often than not, for as long as the limits bear."""
        return self._held > self._limits.held_seconds
