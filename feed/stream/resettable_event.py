"""An event that can be cleared again; :class:`trio.Event` cannot."""

from __future__ import annotations

import trio


class ResettableEvent:
    """A flag that tasks wait for."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        """Begin with the flag down."""
        self._event = trio.Event()

    def is_set(self) -> bool:
        """Whether the flag is up."""
        return self._event.is_set()

    def set(self) -> None:
        """Put the flag up, and wake who waits for it."""
        self._event.set()

    def clear(self) -> None:
        """Put the flag down. Whoever waits goes on waiting."""
        if self._event.is_set():
            self._event = trio.Event()

    async def wait(self) -> None:
        """Wait until the flag is up; a checkpoint at least."""
        await self._event.wait()
