"""The queue of scheduled actions of all participants, and the ticker of market time."""

from __future__ import annotations

from heapq import heapify, heappush
from typing import Final, Protocol

from feed.model.durations import NS_PER_SECOND
from feed.model.events import CLOCK, Row


class Actor(Protocol):
    """A participant or process that acts at times of its own."""

    @property
    def sim(self) -> object:
        """The instrument that it acts on; None for all."""

    def act(self, now: int) -> int:
        """Act once at ``now``. Returns nanoseconds until the next time; 0 for none."""


class EventQueue:
    """
    Actors and their scheduled times. An actor may have any number of them.

    Attributes:
        heap: (market time in nanoseconds, index of the actor), a heap with the least first.
        actors: The actors by index.
    """

    __slots__ = ("actors", "heap")

    def __init__(self) -> None:
        self.heap: Final[list[tuple[int, int]]] = []
        self.actors: Final[list[Actor]] = []

    def register(self, actor: Actor) -> int:
        """Add an actor, which does nothing until it is scheduled. Returns its index."""
        self.actors.append(actor)
        return len(self.actors) - 1

    def schedule(self, index: int, when: int) -> None:
        """Schedule an actor at market time ``when``, besides its other times."""
        heappush(self.heap, (when, index))

    def unschedule(self, sim: object, now: int) -> list[tuple[int, int]]:
        """Remove all that is scheduled for one instrument. Returns (nanoseconds left, index of the actor)."""
        actors = self.actors
        planned = [(when - now, index) for when, index in self.heap if actors[index].sim is sim]
        self.heap[:] = [entry for entry in self.heap if actors[entry[1]].sim is not sim]
        heapify(self.heap)
        return planned


class ClockTicker:
    """
    Publishes a ``CLOCK`` row at every whole second, by which messages at intervals of market time are sent.

    Attributes:
        sim: None: it belongs to no instrument.
    """

    sim: Final = None

    def __init__(self, queue: EventQueue, rows: list[Row], start: int) -> None:
        self._rows = rows
        queue.schedule(queue.register(self), start - start % NS_PER_SECOND + NS_PER_SECOND)

    def act(self, now: int) -> int:
        """Publish the beginning of a second."""
        self._rows.append((CLOCK, 0, now))
        return NS_PER_SECOND
