"""
Inputs that act once they stand in a log which outlives the server; and on its disk before, where it has one.

Whoever computes the market from the log has every input before it acts. The disk comes first: what it
refuses was never in the log, and what it has and the log has not was never answered.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

import attrs

from feed.cluster.origins import Origins
from feed.durability.entries import LogEntry, requests_entry
from feed.model.requests import Request
from feed.server.durable.kinds import PACE
from feed.server.durable.recovery import pace_data
from feed.sim.input_commits import Commit, CommitState, InputCommits
from feed.sim.run_status import RunStatus

WITHOUT_END: Final = sys.maxsize
"""The horizon where none is written: nobody is told of an event that is not in the log."""


class TellEntries(Protocol):
    """Puts entries into the next block of a log."""

    def __call__(self, entries: Sequence[LogEntry], accepted: Callable[[], object]) -> object:
        """
        Begin to write.

        Args:
            entries: In their order.
            accepted: Called once the log has them for good.
        """


@attrs.define(eq=False)
class LoggedCommit:
    """
    Requests on their way into the log.

    Attributes:
        place: Market time at which they act, nanoseconds.
        requests: They.
        inner: What becomes of them on the disk; None where there is none.
        state: What has become of them.
    """

    place: int
    requests: Sequence[Request]
    inner: Commit | None
    state: CommitState = CommitState.WAITING


class LoggedCommits:
    """
    The inputs of a market whose log outlives it, as :class:`feed.sim.input_commits.InputCommits`.

    Args:
        wall: Nanoseconds since the Unix epoch.
    Attributes:
        changed: Called when inputs or the horizon are durable, or refused.
        origins: Which of the requests that wait came from edges.
    """

    def __init__(self, *, wall: Callable[[], int]) -> None:
        self.changed: Callable[[], object] = lambda: None
        self.origins: Final = Origins()
        self._tell: TellEntries | None = None
        self._wall = wall
        self._disk: InputCommits | None = None
        self._waiting: deque[LoggedCommit] = deque()  # for the disk

    def begin(self, tell: TellEntries) -> None:
        """Write into a log, before anything is committed."""
        self._tell = tell

    def after(self, disk: InputCommits | None) -> None:
        """Name what makes them durable before; whatever changes there must be told to :meth:`look`."""
        self._disk = disk

    @property
    def horizon(self) -> int:
        """Market time up to which events may be published, nanoseconds; never goes back."""
        return WITHOUT_END if self._disk is None else self._disk.horizon

    def extend(self, time: int) -> None:
        """Ask for a horizon that is at ``time`` or later."""
        if self._disk is not None:
            self._disk.extend(time)

    def commit(self, place: int, requests: Sequence[Request]) -> LoggedCommit:
        """Begin to write requests that act at ``place``, in this order."""
        inner = None if self._disk is None else self._disk.commit(place, requests)
        commit = LoggedCommit(place, requests, inner)
        self._waiting.append(commit)
        self._go_on()
        return commit

    def paced(self, status: RunStatus) -> None:
        """Write down how fast market time runs from now on."""
        if self._tell is not None:
            entry = LogEntry(at=status.market_time, wall=self._wall(), kind=PACE, data=pace_data(status))
            self._tell([entry], _nobody_waits)

    def look(self) -> None:
        """Look at what has become of inputs on the disk; called whenever that has changed."""
        self._go_on()
        self.changed()

    def _go_on(self) -> None:
        waiting = self._waiting
        while waiting and (state := _state_on_disk(waiting[0])) is not CommitState.WAITING:
            commit = waiting.popleft()
            if state is CommitState.REFUSED:
                commit.state = state
                for request in commit.requests:
                    self.origins.forget(request)
            else:
                assert self._tell is not None  # noqa: S101 - it has begun
                self._tell(self._entries(commit), partial(self._accepted, commit))

    def _entries(self, commit: LoggedCommit) -> list[LogEntry]:
        at, wall = commit.place, self._wall()
        entry = requests_entry(at=at, wall=wall, requests=commit.requests)
        origins = self.origins.entry(at=at, wall=wall, requests=commit.requests)
        return [entry] if origins is None else [origins, entry]

    def _accepted(self, commit: LoggedCommit) -> None:
        commit.state = CommitState.DURABLE
        self.changed()


def _nobody_waits() -> None:
    """Nothing acts only once an entry is in the log."""


def _state_on_disk(commit: LoggedCommit) -> CommitState:
    return CommitState.DURABLE if commit.inner is None else commit.inner.state
