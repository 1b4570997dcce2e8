"""What a run is doing, and where it stands."""

from __future__ import annotations

import enum

import attrs


class RunState(enum.Enum):
    """What a run is doing."""

    WAITING = "waiting"  # has not started
    RUNNING = "running"
    PAUSED = "paused"
    SEEKING = "seeking"
    ENDED = "ended"


@attrs.frozen(kw_only=True)
class RunStatus:
    """
    The status of a run.

    Attributes:
        state: Its state.
        speed: Market seconds per second; 0 is as fast as possible.
        market_time: Current market time, nanoseconds since the Unix epoch.
        seq: Number of events published so far.
    """

    state: RunState
    speed: float
    market_time: int
    seq: int
