"""
Request limits as exchanges publish them: weights counted in windows, refusals, and bans for who goes on.

A protocol with such limits has a :class:`Meter`, which counts its requests in place of the server's quota.
Pure: time is handed in, seconds since the Unix epoch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

import attrs

from feed.dialects.access import Problem
from feed.model.elsewhere import HIGHEST, NOWHERE, TOGETHER, Elsewhere, Own


@attrs.frozen(kw_only=True)
class Charge:
    """
    What one request has counted.

    Attributes:
        counts: Of each limit of the meter, in their order, how much is used now.
        headers: Of the answer, whatever it is.
        problem: Why the request is refused; None when it is not.
    """

    counts: tuple[int, ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict)
    problem: Problem | None = None


FREE: Final = Charge()
"""Where nothing is counted."""


class Meter(Protocol):
    """Counts the requests of one protocol."""

    def charge(self, who: str, weight: int, now: float, *, ban_seconds: int = 0) -> Charge:
        """
        Count a request.

        Args:
            who: Name of a key, or an address.
            weight: What it counts.
            now: Seconds since the Unix epoch.
            ban_seconds: Until requests of who is banned for another reason are taken again; this one is
                refused then, and not counted.
        """
        ...

    def charge_orders(self, account: int, number: int, now: float) -> Charge:
        """
        Count orders, which have limits besides.

        Args:
            account: Whose orders.
            number: How many; 0 only looks at the counts.
            now: Seconds since the Unix epoch.
        """
        ...


@attrs.frozen(kw_only=True)
class Limit:
    """
    A bound on requests in a window of time; windows begin at multiples of their length.

    Attributes:
        seconds: Length of a window.
        most: Weight, or requests, in a window.
        raw: Whether every request counts 1, whatever its weight.
    """

    seconds: int
    most: int
    raw: bool = False


@attrs.frozen(kw_only=True)
class Bans:
    """
    Who goes on after refusals is let in no more for a while, and longer each time.

    Attributes:
        refusals: Refused requests in one window at which a ban begins.
        first_seconds: Length of the first ban, which lasts at least to the end of the window; each further
            one is twice as long.
        most_seconds: Length of the longest; after as long without another one, all is forgotten.
    """

    refusals: int
    first_seconds: int
    most_seconds: int


@attrs.frozen(kw_only=True)
class Usage:
    """
    What somebody has used up.

    Attributes:
        counts: Of each limit, in their order.
        exceeded: The limit that a request was too many for; None when it was not.
        banned: Whether a ban is in force.
        until: When requests are taken again, seconds since the Unix epoch.
    """

    counts: tuple[int, ...]
    exceeded: Limit | None = None
    banned: bool = False
    until: float

    @property
    def refused(self) -> bool:
        """Whether the request is not to be answered."""
        return self.banned or self.exceeded is not None


@attrs.define
class _Offender:
    """Refusals in a window, bans so far, and until when the last one lasts."""

    window: float = 0
    refused: int = 0
    bans: int = 0
    until: float = 0


class RequestCounter:
    """
    Counts the weights of requests by who sends them.

    Args:
        limits: The bounds; each is counted in windows of its own.
        bans: What becomes of who goes on.
        most: Names that are counted apart; further ones are counted together until there is room.
        name: By which other servers know the counter; empty where they do not.
        elsewhere: These servers: their counts are added, and whom they have banned is banned.
    """

    def __init__(
        self,
        limits: Sequence[Limit],
        bans: Bans,
        most: int,
        *,
        name: str = "",
        elsewhere: Elsewhere = NOWHERE,
    ) -> None:
        self._limits: Final = tuple(limits)
        self._bans: Final = bans
        self._most: Final = most
        self._elsewhere: Final = elsewhere if name else NOWHERE
        self._names: Final = tuple(f"{name} {at}" for at in range(len(limits)))
        self._banned: Final = f"{name} banned"
        self._windows: list[int] = [-1] * len(limits)
        self._counts: list[dict[str, int]] = [{} for _ in limits]
        self._offenders: dict[str, _Offender] = {}
        self._elsewhere.share(self._banned, self._own_bans)
        for at, one in enumerate(self._names):
            self._elsewhere.share(one, partial(self._own, at))

    def charge(self, who: str, weight: int, now: float) -> Usage:
        """Count a request of ``who``; see :meth:`Meter.charge`."""
        offender = self._offenders.get(who)
        until = 0.0 if offender is None else offender.until
        until = max(until, self._elsewhere.count(self._banned, who, HIGHEST))
        if now < until:
            return Usage(counts=self.counts(who, now), banned=True, until=until)
        for limit, window in zip(self._limits, self._current(now), strict=True):
            name = self._counted(who, window)
            window[name] = window.get(name, 0) + (1 if limit.raw else weight)
        counts = self.counts(who, now)
        exceeded = next(
            (limit for limit, count in zip(self._limits, counts, strict=True) if count > limit.most), None
        )
        if exceeded is None:
            return Usage(counts=counts, until=now)
        end = (now // exceeded.seconds + 1) * exceeded.seconds
        until = self._offended(who, end, now)
        return Usage(counts=counts, exceeded=exceeded, banned=until > 0, until=until or end)

    def counts(self, who: str, now: float) -> tuple[int, ...]:
        """What ``who`` has used of each limit."""
        found = []
        for name, window, counts in zip(self._names, self._windows, self._current(now), strict=True):
            counted = self._counted(who, counts)
            found.append(counts.get(counted, 0) + self._elsewhere.count(name, counted, window))
        return tuple(found)

    def _current(self, now: float) -> list[dict[str, int]]:
        """The counts of the windows of this moment; those of earlier ones are forgotten."""
        for at, limit in enumerate(self._limits):
            window = int(now // limit.seconds)
            if window != self._windows[at]:
                self._windows[at] = window
                self._counts[at] = {}
        return self._counts

    def _counted(self, who: str, counts: Mapping[str, int]) -> str:
        return who if who in counts or len(counts) < self._most else TOGETHER

    def _own(self, at: int) -> Iterator[Own]:
        return ((who, self._windows[at], count) for who, count in self._counts[at].items())

    def _own_bans(self) -> Iterator[Own]:
        return ((who, HIGHEST, math.ceil(one.until)) for who, one in self._offenders.items() if one.until)

    def _offended(self, who: str, window: float, now: float) -> float:
        """Note a refusal; until when ``who`` is banned for it, 0 for no ban."""
        if who not in self._offenders:
            self._forget(now)
            if len(self._offenders) >= self._most:
                return 0
            self._offenders[who] = _Offender()
        offender = self._offenders[who]
        if offender.window != window:
            offender.window, offender.refused = window, 0
        offender.refused += 1
        if offender.refused < self._bans.refusals:
            return 0
        if now - offender.until > self._bans.most_seconds:
            offender.bans = 0
        length = min(self._bans.first_seconds << min(offender.bans, 32), self._bans.most_seconds)
        offender.bans += 1
        offender.refused = 0
        # Whoever has waited for its end must not be refused at once for the window that it began in.
        offender.until = max(now + length, window)
        return offender.until

    def _forget(self, now: float) -> None:
        """Make room: what is long over does not count any more."""
        if len(self._offenders) < self._most:
            return
        self._offenders = {
            who: it
            for who, it in self._offenders.items()
            if now < it.window or now - it.until <= self._bans.most_seconds
        }


class DecayingCounter:
    """
    Counts by who asks, and goes down again all the time: nobody is refused who asks slowly enough.

    Args:
        limit: The highest count; a request that would exceed it is refused, and not counted.
        per_second: By how much each count goes down in a second.
        most: Names that are counted apart; the one is forgotten that has asked for nothing longest.
    """

    def __init__(self, limit: int, per_second: float, most: int) -> None:
        self._limit: Final = limit
        self._per_second: Final = per_second
        self._most: Final = most
        self._counts: Final[dict[str, tuple[float, float]]] = {}  # and when it was so, the newest last

    def charge(self, who: str, weight: int, now: float) -> bool:
        """Count a request, ``now`` in seconds; False where it is refused."""
        count, then = self._counts.pop(who, (0.0, now))
        count = max(count - self._per_second * max(now - then, 0.0), 0.0)
        allowed = count + weight <= self._limit
        self._counts[who] = (count + weight if allowed else count), now
        if len(self._counts) > self._most:
            del self._counts[next(iter(self._counts))]
        return allowed
