"""
A timeout that counts only time in which this process runs.

A process that was stopped (SIGSTOP, a suspended machine) would find the timeouts of all its clients over when
it goes on, before it can read what they have sent meanwhile. So a timeout is counted in slices of a second,
and a slice that ends more than half a second late counts nothing.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import trio

T = TypeVar("T")

SLICE_SECONDS: Final = 1.0
LATE_SECONDS: Final = 0.5  # later than any loaded machine should be


class Countdown:
    """
    So many seconds of running.

    Attributes:
        left: Those that are left.
    """

    __slots__ = ("left",)

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    async def wait(self, what: Callable[[], Awaitable[T]]) -> T:
        """
        Wait for something.

        Args:
            what: What is waited for. It is cancelled and called again from time to time, and must
                lose nothing by that.

        Raises:
            trio.TooSlowError: Time is up.
        """
        while self.left > 0:
            step = self.left if math.isinf(self.left) else min(self.left, SLICE_SECONDS)
            began = trio.current_time()
            with trio.move_on_after(step) as waiting:
                result = await what()
            took = trio.current_time() - began
            if not waiting.cancelled_caught:
                self.left = max(0.0, self.left - min(took, step))
                return result
            if took - step <= LATE_SECONDS:
                self.left -= step  # to nothing in the end: a rest too small for the clock would never pass
        raise trio.TooSlowError
