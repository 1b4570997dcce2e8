"""An edge's end of the requests by HTTP that are answered where the market is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Final, Never

import trio

from feed.cluster.block import Place
from feed.cluster.ports import Link, NotConnected
from feed.dialects.access import Problem
from feed.dialects.rest import Endpoint
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall

_MOST: Final = 1_000  # that wait for an answer at a time: each has a body, and its client


class EdgeCalls:
    """
    Hands requests on, as :class:`feed.server.http.forwarding.Forward`.

    Args:
        link: To where the market is.
        reached: Waits until this server has published the blocks up to a place.
        seconds: That an answer may take, and those blocks.
        also: Paths whose requests are handed on although they change nothing.
    """

    def __init__(
        self,
        link: Link,
        reached: Callable[[Place], Awaitable[object]],
        *,
        seconds: float,
        also: Collection[str] = (),
    ) -> None:
        self._link = link
        self._reached = reached
        self._seconds = seconds
        self._also = also
        self._waiting = 0

    def wants(self, endpoint: Endpoint[Never]) -> bool:
        """See :class:`feed.server.http.forwarding.Forward`."""
        return endpoint.at_sequencer or endpoint.path in self._also

    async def __call__(self, call: ForwardedCall) -> ForwardedAnswer:
        """
        The answer, once this server has published all that it depends on: whoever asks here next sees that.

        An answer that has come is given in any case, for it says what has been done; where this server is so
        late it says so itself.

        Raises:
            Problem: 503, it was not sent, or there was no answer in time.
        """
        if self._waiting >= _MOST:
            raise Problem(503, "unavailable", "Too many requests wait for the market; nothing was changed")
        answer: ForwardedAnswer | None = None
        self._waiting += 1
        try:
            with trio.move_on_after(self._seconds):
                answer, place = await self._link.call(call)
                await self._reached(place)
        except NotConnected:
            raise Problem(
                503, "unavailable", "The server that has the market is away; nothing was changed"
            ) from None
        finally:
            self._waiting -= 1
        if answer is None:
            raise Problem(
                503,
                "timeout",
                "The server that has the market has not answered in time; the request may still act",
            )
        return answer
