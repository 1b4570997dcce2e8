"""The interface of a run (market time, and the rows up to it), and checkpoints of it."""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

import attrs
from attrs.validators import ge, optional

from feed.checkpoint.object_graph import dump, load
from feed.errors import FeedError, MarketError
from feed.model.events import Row
from feed.model.instruments import Listing
from feed.model.requests import Request


class Simulation(Protocol):
    """A run that can be controlled: a market, a scenario or a recording. A checkpoint can keep any."""

    @property
    def listing(self) -> Listing:
        """The instruments, by the index in a row."""

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""

    @property
    def end(self) -> int | None:
        """Market time at which it ends, nanoseconds; None where it has no end, or none known in advance."""

    def from_start(self) -> Simulation:
        """A new run from the beginning, with the same rows at the same times."""

    def opening(self) -> list[Row]:
        """The first rows, at the start. To be called once, before :meth:`advance`."""

    def snapshot(self) -> list[Row]:
        """Rows that rebuild the current statuses and books from nothing."""

    def next_time(self) -> int | None:
        """Market time of the next event; None after the last."""

    def advance(self, until: int, limit: int) -> list[Row]:
        """The rows up to ``until``, inclusive, or up to the action with which they reach ``limit``."""


@runtime_checkable
class TakesRequests(Simulation, Protocol):
    """A run in which accounts trade."""

    @property
    def played(self) -> int:
        """Number of requests executed. Their results were published and cannot be undone."""

    def execute(self, request: Request) -> list[Row]:
        """Execute a request now, after the market's own actions of this time."""


@runtime_checkable
class Looping(Simulation, Protocol):
    """A run that starts again at its end."""

    @property
    def rounds(self) -> int:
        """Number of rounds started."""


@attrs.frozen(kw_only=True)
class StopCondition:
    """
    Where a run is ended, whichever comes first; None for no bound.

    Attributes:
        time: Market time, nanoseconds since the Unix epoch, inclusive.
        seq: Sequence number of the last event.
    """

    time: int | None = attrs.field(default=None, validator=optional(ge(0)))
    seq: int | None = attrs.field(default=None, validator=optional(ge(1)))


WHOLE: Final = StopCondition()
"""No bound: the run ends by itself."""


_RUN: Final = "run"


class Checkpoints:
    """
    Copies of a run as :mod:`feed.checkpoint` writes them, at intervals of market time, in bounded memory.

    The beginning needs no copy, since a run can be started again. No copies are made when fewer than
    :data:`LEAST` would fit: they would cost time and be of little use.

    Args:
        every: Interval, nanoseconds of market time; doubled whenever the copies are thinned out.
        most: Bound on all copies together, bytes.
        start: Market time of the beginning, nanoseconds.
    """

    MOST: Final = 16
    LEAST: Final = 8
    # Estimated size of a copy per instrument, until one was made: 54 KiB where there is one, less with more.
    INSTRUMENT_BYTES: Final = 56 * 1024

    def __init__(self, every: int, most: int, start: int) -> None:
        self._every = every
        self._most = most
        self._next = start + every
        self._kept: list[tuple[int, bytes]] = []
        self._size = 0  # of the last copy

    def offer(self, run: Simulation) -> None:
        """Copy the run if the interval since the last copy is over."""
        if run.now < self._next:
            return
        kept = self._kept
        size = self._size or len(run.listing) * self.INSTRUMENT_BYTES
        if size * self.LEAST > self._most:
            self._next = run.now + self._every
            return
        try:
            copy = dump({_RUN: run})
        except MarketError:  # an agent's state cannot be kept: seeking starts at the beginning
            self._next = run.now + self._every
            return
        self._size = len(copy)
        kept.append((run.now, copy))
        while len(kept) > self.MOST or sum(len(one) for _, one in kept) > self._most:
            del kept[0::2]
            self._every *= 2
        self._next = run.now + self._every

    def before(self, time: int) -> Simulation | None:
        """The run at its last checkpoint at or before ``time``; None if there is none."""
        copies = [copy for when, copy in self._kept if when <= time]
        if not copies:
            return None
        try:
            run: Simulation = load(copies[-1])[_RUN]
        except FeedError:  # an agent cannot go on from its state: seeking starts at the beginning
            return None
        return run
