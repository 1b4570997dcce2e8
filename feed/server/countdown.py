"""
Time that passes while this process runs.

A process that is stopped (a signal, the lid of a laptop) hears nothing, and all the time that its clients
seem silent is over in one moment when it goes on: before it can read what they have said meanwhile. So
what a client is given time for is counted in short slices, and one that ends much too late counts nothing:
whoever was late was this process.
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
