"""Which edge a request came from: written down with it, so that who goes on with the market can answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from feed.durability.entries import LogEntry
from feed.model.requests import Request
from feed.server.durable.kinds import ORIGINS

Origin: TypeAlias = tuple[str, int]
"""Which edge, and the number that it gave to the request."""

_MOST_DECIDED: Final = 200_000  # twice the requests that a log keeps


class Origins:
    """
    Where the requests came from that wait in the market's queue; it bounds how many there are.

    They are told apart as objects: two requests may be equal.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Request, Origin]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def note(self, request: Request, edge: str, number: int) -> None:
        """
        Say where a request came from, before it is handed to the market.

        Args:
            request: It.
            edge: Which edge.
            number: That the edge gave to it.
        """
        self._known[id(request)] = (request, (edge, number))

    def forget(self, request: Request) -> None:
        """The market has not taken a request, or has refused it; nothing, where that is known."""
        self._known.pop(id(request), None)

    def entry(self, *, at: int, wall: int, requests: Sequence[Request]) -> LogEntry | None:
        """
        What stands in front of the entry of these requests, and forget them; None where all are our own.

        Args:
            at: Of that entry.
            wall: Of that entry.
            requests: In their order.
        """
        found = [self._known.pop(id(one), (one, None))[1] for one in requests]
        return LogEntry(at=at, wall=wall, kind=ORIGINS, data=found) if any(found) else None


class Decided:
    """
    Requests of edges that are decided: written down with their place, or refused.

    Whoever goes on with a market is given the newest of all requests again, and lets none act twice. The
    oldest are forgotten when there are more than any log of requests keeps.
    """

    def __init__(self, most: int = _MOST_DECIDED) -> None:
        self._most = most
        self._known: dict[Origin, None] = {}

    def __contains__(self, origin: object) -> bool:
        return origin in self._known

    def note(self, origins: Iterable[Origin]) -> None:
        """These are decided."""
        for origin in origins:
            self._known[origin] = None
            if len(self._known) > self._most:
                del self._known[next(iter(self._known))]


def origins_of(entry: LogEntry) -> list[Origin | None]:
    """Of each request of the next entry, where it came from, by an entry of the kind :data:`ORIGINS`."""
    return [None if one is None else (str(one[0]), int(one[1])) for one in entry.data]
