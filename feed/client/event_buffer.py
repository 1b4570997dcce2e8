"""The bounded queue between a connection and the reader of the feed."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Sequence

import anyio

from feed.client.states import Overflowed, State
from feed.model.events import Event


class Overflow(enum.Enum):
    """
    What happens when a reader is too slow.

    ``WAIT`` reads no more from the server until there is room. Nothing is lost, and the server may
    close the connection, as it does with all slow consumers; then the feed reconnects. ``DROP``
    drops the oldest market events, never a state, and says how many with :class:`Overflowed` in
    their place. Books stay right either way: they are kept before the queue.
    """

    WAIT = "wait"
    DROP = "drop"


class EventBuffer:
    """
    Events in their order, at most ``bound`` of them, give or take those of one message.

    Args:
        bound: Events that may wait.
        overflow: What happens beyond.
    """

    def __init__(self, bound: int, overflow: Overflow) -> None:
        self._items: deque[Event | State] = deque()
        self._bound = bound
        self._overflow = overflow
        self._ended: Exception | None = None
        self._filled = anyio.Event()
        self._emptied = anyio.Event()

    async def put(self, items: Sequence[Event | State]) -> None:
        """Add ``items``; with ``WAIT`` only return when there is room for more."""
        if not items:
            return
        self._items.extend(items)
        if len(self._items) > self._bound and self._overflow is Overflow.DROP:
            self._drop()
        self._filled.set()
        while len(self._items) > self._bound and self._overflow is Overflow.WAIT:
            self._emptied = anyio.Event()
            await self._emptied.wait()

    def end(self, problem: Exception) -> None:
        """There will be no more; ``problem`` is raised once everything has been read."""
        self._ended = problem
        self._filled.set()

    async def get(self) -> Event | State:
        """The next one. It only waits when there is none."""
        await self._wait()
        item = self._items.popleft()
        if not self._emptied.is_set() and len(self._items) <= self._bound:
            self._emptied.set()
        return item

    async def get_all(self) -> list[Event | State]:
        """All that wait, at least one."""
        await self._wait()
        items = list(self._items)
        self._items.clear()
        self._emptied.set()
        return items

    async def _wait(self) -> None:
        while not self._items:
            if self._ended is not None:
                raise self._ended
            self._filled = anyio.Event()
            await self._filled.wait()

    def _drop(self) -> None:
        kept: list[Event | State] = []
        excess = len(self._items) - self._bound
        dropped = 0
        for at, item in enumerate(self._items):
            if dropped == excess:
                kept += list(self._items)[at:]
                break
            if isinstance(item, Event):
                dropped += 1
            else:
                kept.append(item)
        if not dropped:
            return
        if kept and isinstance(kept[0], Overflowed):
            dropped += kept.pop(0).events  # type: ignore[union-attr]
        self._items = deque([Overflowed(events=dropped), *kept])
