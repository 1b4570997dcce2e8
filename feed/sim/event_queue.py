"""Who acts when: the one queue of everything that will happen."""

from __future__ import annotations

from heapq import heapify, heappush
from typing import Final, Protocol


class Actor(Protocol):
    """Anything that acts at times of its own: a trader, or the news."""

    @property
    def sim(self) -> object:
        """Where it acts; None for everywhere."""

    def act(self, now: int) -> int:
        """Do one thing at ``now``. Returns nanoseconds until the next; 0 when it plans none itself."""


class EventQueue:
    """
    Actors and their times. An actor may stand on it more than once, or not at all.

    Attributes:
        heap: (market time in nanoseconds, index of the actor), least first.
        actors: By index.
    """

    __slots__ = ("actors", "heap")

    def __init__(self) -> None:
        self.heap: Final[list[tuple[int, int]]] = []
        self.actors: Final[list[Actor]] = []

    def register(self, actor: Actor) -> int:
        """Take in an actor, which does nothing until it is called. Returns its index."""
        self.actors.append(actor)
        return len(self.actors) - 1

    def schedule(self, index: int, when: int) -> None:
        """Let an actor act once at ``when``, besides whatever it has planned."""
        heappush(self.heap, (when, index))

    def unschedule(self, sim: object, now: int) -> list[tuple[int, int]]:
        """Take off what is planned in one pit. Returns (nanoseconds left, index of the actor)."""
        actors = self.actors
        planned = [(when - now, index) for when, index in self.heap if actors[index].sim is sim]
        self.heap[:] = [entry for entry in self.heap if actors[entry[1]].sim is not sim]
        heapify(self.heap)
        return planned
