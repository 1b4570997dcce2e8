"""Actors by which something reaches an agent, or the exchange, a while later: a delay line, a timer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final, Generic, TypeVar

from feed.sim.event_queue import EventQueue

T = TypeVar("T")


class DelayLine(Generic[T]):
    """
    Hands items over, in order, a fixed time after they were put in.

    What it holds is bounded by that time and the rate of what is put in.

    Args:
        queue: Schedules it.
        delay: Nanoseconds, at least 1.
        hand_over: Called with market time and item.
    """

    sim: Final = None

    def __init__(self, queue: EventQueue, delay: int, hand_over: Callable[[int, T], object]) -> None:
        self._queue = queue
        self._delay = delay
        self._hand_over = hand_over
        self._items: deque[tuple[int, T]] = deque()
        self._index = queue.register(self)

    def __len__(self) -> int:
        """How many items are on the way."""
        return len(self._items)

    def put(self, now: int, item: T) -> None:
        """Put an item in at market time ``now``, which never goes back."""
        arrival = now + self._delay
        if not self._items:
            self._queue.schedule(self._index, arrival)
        self._items.append((arrival, item))

    def clear(self) -> None:
        """Drop all that is on the way, for good."""
        self._items.clear()

    def act(self, now: int) -> int:
        """Hand over what is due."""
        items = self._items
        while items and items[0][0] <= now:
            self._hand_over(now, items[0][1])
            if items:  # it may have been cleared
                items.popleft()
        return items[0][0] - now if items else 0


class AgentTimer:
    """
    One timer, which can be set again at any time.

    Args:
        queue: Schedules it.
        ring: Called with market time.
    """

    sim: Final = None

    def __init__(self, queue: EventQueue, ring: Callable[[int], object]) -> None:
        self._queue = queue
        self._ring = ring
        self._due: int | None = None
        self._planned: list[int] = []  # times at which it is scheduled, a heap
        self._index = queue.register(self)

    def set(self, due: int | None) -> None:
        """Ring once at a market time, instead of when it would have; None for never."""
        self._due = due
        if due is not None and not (self._planned and self._planned[0] <= due):
            heappush(self._planned, due)
            self._queue.schedule(self._index, due)

    def act(self, now: int) -> int:
        """Ring if it is time; an earlier or a later setting may have replaced the one that this was for."""
        while self._planned and self._planned[0] <= now:
            heappop(self._planned)
        if self._due is not None and self._due <= now:
            self._due = None
            self._ring(now)
        due = self._due
        if due is None or (self._planned and self._planned[0] <= due):
            return 0
        heappush(self._planned, due)
        return due - now
