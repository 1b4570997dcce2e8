"""A run: market time, and the rows that go with it. What can be paced, steered, copied and counted."""

from __future__ import annotations

import pickle
from typing import Final, Protocol, runtime_checkable

import attrs
from attrs.validators import ge, optional

from feed.model.events import Row
from feed.model.instruments import Listing
from feed.model.requests import Request


class Simulation(Protocol):
    """What can be steered: a market, a scripted market, a recording. It can be pickled at any moment."""

    @property
    def listing(self) -> Listing:
        """What a row's instrument is an index into."""

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""

    @property
    def end(self) -> int | None:
        """Market time at which all is over, nanoseconds; None where that is never, or not known before."""

    def from_start(self) -> Simulation:
        """The same run from its beginning: the same rows at the same times."""

    def opening(self) -> list[Row]:
        """The rows before all others. Taken once."""

    def snapshot(self) -> list[Row]:
        """Every status and every book as it stands, in rows that rebuild them from nothing."""

    def next_time(self) -> int | None:
        """Market time of the next thing that happens; None once all is over."""

    def advance(self, until: int, limit: int) -> list[Row]:
        """What happens up to and including ``until``, cut after the action that makes ``limit`` rows."""


@runtime_checkable
class TakesRequests(Simulation, Protocol):
    """A run in which accounts trade."""

    @property
    def played(self) -> int:
        """How many requests have acted. What they gave was told, and cannot be taken back."""

    def execute(self, request: Request) -> list[Row]:
        """Let a request act now, after all that the market still has to do at this time."""


@runtime_checkable
class Looping(Simulation, Protocol):
    """A run that begins again when it is over."""

    @property
    def rounds(self) -> int:
        """How many rounds have begun."""


@attrs.frozen(kw_only=True)
class Until:
    """
    Where a run ends, whichever comes first.

    Attributes:
        time: Market time, nanoseconds since the Unix epoch; what happens then is still part of it.
        seq: Sequence number of the last event.
    """

    time: int | None = attrs.field(default=None, validator=optional(ge(0)))
    seq: int | None = attrs.field(default=None, validator=optional(ge(1)))


WHOLE: Final = Until()
"""Ends where the run itself ends."""


class Checkpoints:
    """
    Copies of a run at some of its moments, as far apart as bounded memory asks for.

    The beginning needs no copy: a run can be run again. A run is not copied at all when fewer than
    :data:`LEAST` copies of it would fit: copying it would hold the market up, for little.

    Args:
        every: Nanoseconds of market time from one to the next; doubled whenever they are thinned out.
        most: Bytes that all copies may take together.
        start: Market time of the beginning, nanoseconds.
    """

    MOST: Final = 16
    LEAST: Final = 8
    # What a copy takes for each instrument of a market, roughly, before one was made.
    INSTRUMENT_BYTES: Final = 64 * 1024

    def __init__(self, every: int, most: int, start: int) -> None:
        self._every = every
        self._most = most
        self._next = start + every
        self._kept: list[tuple[int, bytes]] = []
        self._size = 0  # of the last copy

    def offer(self, run: Simulation) -> None:
        """Copy the run if the last copy is old enough."""
        if run.now < self._next:
            return
        kept = self._kept
        size = self._size or len(run.listing) * self.INSTRUMENT_BYTES
        if size * self.LEAST > self._most:
            self._next = run.now + self._every
            return
        copy = pickle.dumps(run)
        self._size = len(copy)
        kept.append((run.now, copy))
        while len(kept) > self.MOST or sum(len(one) for _, one in kept) > self._most:
            del kept[0::2]
            self._every *= 2
        self._next = run.now + self._every

    def before(self, time: int) -> Simulation | None:
        """The run as it was at the last copy from ``time`` or earlier; None when there is none."""
        copies = [copy for when, copy in self._kept if when <= time]
        if not copies:
            return None
        run: Simulation = pickle.loads(copies[-1])  # noqa: S301 - made in this process, by this class
        return run
